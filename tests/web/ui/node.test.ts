// SPDX-License-Identifier: Apache-2.0
// Do the packages run on the Node that Debian 12 has? Whoever tests there has no
// other, and a newer one is what a developer is likely to have.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const DEBIAN = 18;

/** They ask for more than they need: the browser tests run them on 18. */
const MODEST = ["node_modules/@firefox-devtools/profiler-cli"];

interface Locked {
	engines?: { node?: string };
}

/** "^14.18.0 || >=16" begins with 14; without a number it is any. */
function oldestOf(range: string): number {
	return Math.min(...range.split("||").map((part) => Number(/\d+/.exec(part)?.[0] ?? 0)));
}

test("the oldest of a range", () => {
	assert.equal(oldestOf(">=20"), 20);
	assert.equal(oldestOf("^14.18.0 || >=16.0.0"), 14);
	assert.equal(oldestOf("*"), 0);
});

test("packages run on Debian's Node", () => {
	const lock: { packages: Record<string, Locked> } =
		JSON.parse(readFileSync("package-lock.json", "utf8"));
	const newer = Object.entries(lock.packages)
		.filter(([, { engines }]) => oldestOf(engines?.node ?? "*") > DEBIAN)
		.map(([name]) => name);

	assert.deepEqual(newer, MODEST);
});
