// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBytes, formatChange, formatCount, formatDate, formatShare,
	 formatTime, formatWeight, plural } from
	"../../../../web/ui/model/format";

test("counts", () => {
	assert.equal(formatCount(0), "0");
	assert.equal(formatCount(1234567), "1,234,567");
	assert.equal(plural(1, "sample"), "1 sample");
	assert.equal(plural(2000, "sample"), "2,000 samples");
});

test("shares: what is little is not nothing, what is much not all", () => {
	for (const [part, text] of [
		[0, "0 %"], [1e-6, "< 0.01 %"], [0.0123, "1.23 %"], [0.5, "50.0 %"],
		[0.999, "99.9 %"], [0.99989, "99.98 %"], [0.99999, "100 %"],
		[1, "100 %"],
	] as const)
		assert.equal(formatShare(part, 1), text);
	assert.equal(formatShare(1, 0), "0 %");
});

test("changes have a sign", () => {
	assert.equal(formatChange(0.0123), "+1.23 %");
	assert.equal(formatChange(-0.25), "−25.0 %");
	assert.equal(formatChange(0.00001), "±0 %");
});

test("times", () => {
	for (const [ns, text] of [
		[0, "0 s"], [1500, "1.5 µs"], [2e6, "2 ms"], [1.234e9, "1.23 s"],
		[125e9, "2 min 5 s"], [179.9e9, "2 min 59 s"],
		[7260e9, "2 h 1 min"],
	] as const)
		assert.equal(formatTime(ns), text);
	assert.equal(formatWeight(12345, "events"), "12,345 events");
	assert.equal(formatWeight(3, ""), "3");
});

test("dates say their zone", () => {
	const us = 1700000000e6;

	assert.equal(formatDate(us, true), "2023-11-14 22:13:20 Z");
	assert.equal(formatDate(us, true, false), "2023-11-14 22:13:20");
	assert.match(formatDate(us), /^2023-11-1[45] \d\d:\d\d:20 (Z|[+−]\d\d:\d\d)$/);
	assert.equal(formatDate(0), "");
});

test("bytes", () => {
	assert.equal(formatBytes(512), "512 B");
	assert.equal(formatBytes(1536), "1.5 KiB");
	assert.equal(formatBytes(200 * 1024 * 1024), "200 MiB");
});
