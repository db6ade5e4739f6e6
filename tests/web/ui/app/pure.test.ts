// SPDX-License-Identifier: Apache-2.0
// The parts of the dashboard that are functions of their arguments.
import assert from "node:assert/strict";
import { test } from "node:test";
import { shortened } from "../../../../web/ui/app/parts/short";
import { parametersOf, pointsOf, shapesOf } from "../../../../web/ui/app/query/shape";
import { isOpen, parsePoint, parseSpan, pointText, spanWords } from "../../../../web/ui/app/state/range";
import { parseSaved, titleOf } from "../../../../web/ui/app/state/saved";
import { giveColors, seriesName } from "../../../../web/ui/app/timeline/colors";
import { contextOf, covers } from "../../../../web/ui/app/timeline/context";
import { pileUp } from "../../../../web/ui/app/timeline/stack";
import { fitted, laneMost } from "../../../../web/ui/app/timeline/lanes";
import { numberTicks, timeTicks } from "../../../../web/ui/app/timeline/ticks";

import { viewKeys } from "../../../../web/ui/app/view_keys";
import { lossesOf } from "../../../../web/ui/app/views/losses";
import { gaugesOf, lengthWords } from "../../../../web/ui/app/views/gauges";

const MINUTE = 60e6;
const NOW = 1_700_000_000e6;

test("spans are sums of units", () => {
	assert.equal(parseSpan("-15m"), 900);
	assert.equal(parseSpan("-1h30m"), 5400);
	assert.equal(parseSpan("-2w"), 1209600);
	for (const wrong of ["", "15m", "-", "-m", "-1x", "-1h 30m", "--1h"])
		assert.equal(parseSpan(wrong), null, wrong);
});

test("points are of the wall clock", () => {
	assert.equal(parsePoint("now", NOW), NOW);
	assert.equal(parsePoint("-1m", NOW), NOW - MINUTE);
	assert.equal(parsePoint("@12.5", NOW), 12_500_000);
	assert.equal(parsePoint("yesterday", NOW), null);
	assert.equal(pointText(12_500_000), "@12.5");
	assert.equal(pointText(100e6), "@100");
	assert.equal(parsePoint(pointText(NOW + 123000), 0), NOW + 123000);
	assert.ok(isOpen(undefined) && isOpen("now") && !isOpen("@1"));
});

test("spans in words", () => {
	assert.equal(spanWords(900), "15 minutes");
	assert.equal(spanWords(3600), "1 hour");
	assert.equal(spanWords(5400), "90 minutes");
	assert.equal(spanWords(86400), "1 day");
	assert.equal(spanWords(0), "0 seconds");
});

test("the timeline shows enough around a range", () => {
	const whole = { fromUs: NOW - 60 * MINUTE, toUs: NOW };
	const part = { fromUs: NOW - 20 * MINUTE, toUs: NOW - 10 * MINUTE };
	const sliver = { fromUs: NOW - 20 * MINUTE, toUs: NOW - 20 * MINUTE + 1e6 };

	assert.deepEqual(contextOf(part, whole, false, false), whole);
	assert.deepEqual(contextOf(part, whole, true, true), part);
	assert.deepEqual(contextOf(part, whole, true, false), whole);
	const near = contextOf(sliver, whole, false, false);

	assert.ok(near.fromUs < sliver.fromUs && near.toUs > sliver.toUs);
	assert.ok(near.toUs - near.fromUs < MINUTE);
	assert.ok(covers(whole, whole) && !covers(part, whole));
});

test("ticks are round, few, and within", () => {
	const { stepUs, at } = timeTicks(NOW, NOW + 15 * MINUTE, 8, 0);

	assert.equal(stepUs, 2 * MINUTE);
	assert.ok(at.length >= 6 && at.every((us) => us % stepUs === 0 && us >= NOW && us <= NOW + 15 * MINUTE));
	// Days begin at midnight of the zone.
	assert.ok(timeTicks(NOW, NOW + 10 * 1440 * MINUTE, 10, 3600e6).at
		.every((us) => (us + 3600e6) % (1440 * MINUTE) === 0));
	assert.deepEqual(numberTicks(2, 4), [0, 0.5, 1, 1.5, 2]);
	assert.deepEqual(numberTicks(0, 4), [0]);
	assert.ok(numberTicks(1e9, 3).length <= 4);
});

test("piles end at what all had", () => {
	const pile = pileUp({
		from_us: 0, bucket_us: 1e6, count: 2, unit: "ns", event: "cpu-clock",
		rows: [{ name: "a", samples: 2, weight: 0, weights: "AQI=" },
		       { name: "b", samples: 1, weight: 0, weights: "AQA=" }],
		all: { samples: 0, weight: 0, weights: "AgM=" },
	});

	assert.deepEqual(pile.names, ["a", "b"]);
	assert.deepEqual(pile.tops[1].map((value) => Math.round(value * 1e9)), [2, 2]);
	assert.deepEqual(pile.starts, [0, 1e6]);
});

test("lanes are of one scale, and their names fit", () => {
	const width = (text: string) => text.length;

	assert.equal(laneMost({ values: [[1, 3], [2, 0]] }), 3);
	assert.equal(laneMost({ values: [] }), 0);
	assert.equal(fitted("python3", 7, width), "python3");
	assert.equal(fitted("python3", 5, width), "pyth…");
	assert.equal(fitted("python3", 0, width), "…");
});

test("losses are told apart, each with its time", () => {
	const status = {
		live: true, samples: 999, lost: 1, lost_records: 0,
		since_start: { samples: 30000, lost: 1, lost_records: 44575 },
		last_day: { samples: 99000, lost: 0, lost_records: 44575 },
	} as unknown as Parameters<typeof lossesOf>[0];
	const told = lossesOf(status).map(([name, words]) => `${name}: ${words}`);

	assert.equal(told.length, 6);
	assert.match(told[0], /^Samples lost, last minute: 1, 0\.1/);
	assert.equal(told[2], "Samples lost, last 24 hours: none");
	assert.equal(told[3], "Other records lost, last minute: none");
	assert.match(told[4], /^Other records lost, since it started: 44.575$/);
	assert.deepEqual(lossesOf({ samples: 9, lost: 0 } as never).map(([name]) => name),
		["Samples lost"]);
});

test("gauges say how full a store is, and how far back it goes", () => {
	const level = { rows: 1234, bytes: 2048 };
	const store = {
		limit_bytes: 1 << 30,
		levels: [
			{ ...level, name: "sample", from_us: NOW - 3 * 3600e6, keep_seconds: 86400 },
			{ ...level, name: "rollup_10s", from_us: NOW - 3600e6, keep_seconds: 600 },
			{ ...level, name: "rollup_10min", from_us: null, keep_seconds: 0 },
		],
	};
	const [whole, samples, sums, long] = gaugesOf(store, 1 << 28, NOW);

	assert.equal(whole!.words, "256 MiB of 1.0 GiB");
	assert.equal(whole!.share, 0.25);
	assert.equal(samples!.words, "3 hours of 1 day");
	assert.equal(samples!.share, 0.125);
	assert.equal(sums!.share, 1);
	assert.equal(long!.words, "0 seconds, no limit");
	assert.equal(long!.share, null);
	assert.deepEqual([86400, 90000, 5400, 60, 59].map(lengthWords),
			 ["1 day", "25 hours", "90 minutes", "1 minute", "59 seconds"]);
});

const result = (columns: string[], rows: unknown[][]) => ({
	columns: columns.map((name) => ({ name })), rows, row_count: rows.length, truncated: false, elapsed_ms: 1,
});

test("results are drawn as what their columns say", () => {
	assert.deepEqual(shapesOf(result(["stack", "value"], [["a;b", 1]])), ["table", "flame"]);
	assert.deepEqual(shapesOf(result(["time_us", "n"], [[1e15, 1], [2e15, 2]])), ["table", "chart"]);
	assert.deepEqual(shapesOf(result(["n", "m"], [[2, 1], [1, 2]])), ["table"]);
	assert.deepEqual(shapesOf(result(["name", "n"], [["b", 1], ["a", 2]])), ["table"]);
	assert.deepEqual(shapesOf(result(["id", "parent_id", "name", "self"], [])), ["table"]);
	assert.equal(pointsOf(result(["wall_ns", "n"], [[1.7e18, 1]])).x[0], 1.7e15);
	assert.equal(pointsOf(result(["depth", "n"], [[5, 1]])).time, false);
});

test("parameters are outside of texts and comments", () => {
	assert.deepEqual(parametersOf("SELECT :a, @b, $c, :a FROM x WHERE y = ':d' -- :e\n/* :f */"), ["a", "b", "c"]);
	assert.deepEqual(parametersOf("SELECT '10:30', \"x:y\", a::b"), []);
});

test("problems are told in a few words that say what is wrong", () => {
	assert.equal(shortened("8.2 % of the Python samples are not proven; `brindle query` tells why"),
		"8.2 % not proven");
	assert.equal(shortened("22.2 % of the Python samples are unproven: their stacks\nmay"),
		"22.2 % not proven");
	assert.equal(shortened("1.50 % of the samples were lost: the host is too busy"), "1.50 % lost");
	assert.equal(shortened("sampling at 6 Hz instead of 99: it used 1.10 %"), "Only 6 Hz");
	assert.equal(shortened("something else; and why"), "something else");
	assert.ok(shortened("x".repeat(100)).length <= 44);
});

test("saved queries are read from any text", () => {
	const kept = [{ title: "a", sql: "SELECT 1" }];

	assert.deepEqual(parseSaved(JSON.stringify(kept)), kept);
	for (const wrong of [null, "", "{", "7", "{}", "[null, 1, {}, {\"title\": 1, \"sql\": \"\"}]"])
		assert.deepEqual(parseSaved(wrong), [], String(wrong));
	assert.equal(titleOf("-- Hottest\nSELECT 1"), "Hottest");
	assert.equal(titleOf("  SELECT 1\nFROM x"), "SELECT 1");
});

test("each view has keys of its own, also those beyond the digits", () => {
	const names = ["overview", "flame", "top", "tree", "g1", "g2", "diff", "chart", "heat",
		       "health", "sql"];
	const keys = viewKeys(names);

	assert.deepEqual(keys[0], ["1", "go"]);
	assert.deepEqual(keys[3], ["4", "gr"]);
	assert.deepEqual(keys[9], ["ge"]);
	assert.deepEqual(keys[10], ["gs"]);
	assert.equal(new Set(keys.flat()).size, keys.flat().length);
	assert.ok(!keys.flat().includes("gg"));
});

test("a process keeps its colour, and a new one gets a free one", () => {
	const names = ["a", "b", "c", "d", "e", "f", "g", "h"];

	giveColors(["x", "y", null]);
	giveColors([...names, null]);
	assert.equal(new Set(names.map(seriesName)).size, 8);
	assert.equal(seriesName("x"), "--series-1");
	assert.equal(seriesName("a"), "--series-1");
	assert.equal(seriesName(null), "--series-rest");
	giveColors(["h", "i"]);
	assert.notEqual(seriesName("i"), seriesName("h"));
});
