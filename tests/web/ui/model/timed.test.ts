// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { INITIAL_STATE, type FlameState } from "../../../../web/ui/flame/api";
import { deriveTree } from "../../../../web/ui/model/derive";
import { KIND_GAP } from "../../../../web/ui/model/profile";
import { runNow } from "../../../../web/ui/model/slices";
import { decodeChart } from "../../../../web/ui/model/timed";

// all(0) > a(1) > b(2), c(3); a is native.
function chartOf(samples: [number, number][], toUs: number) {
	return decodeChart({
		functions: { names: ["all", "a", "b", "c"], kinds: [3, 1, 0, 0],
			     files: [0, 0, 0, 0], modules: [0, 0, 0, 0],
			     lines: [0, 0, 0, 0], unresolved: [0, 0, 0, 0] },
		nodes: { count: 4, parents: [0, 0, 1, 0], functions: [0, 1, 2, 3] },
		samples: { count: samples.length,
			   times: samples.map(([us], i) =>
				us - (i ? samples[i - 1][0] : 0)),
			   nodes: samples.map(([, node]) => node) },
		from_us: 1e15, to_us: 1e15 + toUs, period: 1e7,
	});
}

// "name from-to", in ms, of each box that is one.
function boxesOf(profile: ReturnType<typeof chartOf>,
		 change: Partial<FlameState> = {}): string[] {
	const tree = runNow(deriveTree(profile, { ...INITIAL_STATE, ...change }));
	const boxes: string[] = [];

	for (let i = 0; i < tree.count; i++)
		if (tree.functions.kinds[tree.fn[i]] !== KIND_GAP)
			boxes.push(`${tree.functions.names[tree.fn[i]]} ` +
				`${tree.start[i] / 1000}-` +
				`${(tree.start[i] + tree.width[i]) / 1000}`);
	return boxes;
}

test("calls seen one after the other are one box, at their time", () => {
	assert.deepEqual(boxesOf(chartOf(
		[[0, 2], [10e3, 2], [20e3, 1], [30e3, 3]], 40e3)),
		["all 0-40", "a 0-40", "b 0-20", "c 30-40"]);
});

test("where nothing was seen there is nothing", () => {
	assert.deepEqual(boxesOf(chartOf([[5e3, 2], [100e3, 2]], 200e3)),
		["all 0-200", "a 5-21", "a 100-116", "b 5-21", "b 100-116"]);
	assert.deepEqual(boxesOf(chartOf([], 50e3)), ["all 0-50"]);
});

test("what is left out moves up, and stays at its time", () => {
	assert.deepEqual(boxesOf(chartOf(
		[[0, 1], [10e3, 3], [20e3, 1], [30e3, 2]], 40e3),
		{ hidden: ["native"] }),
		["all 0-40", "c 10-20", "b 30-40"]);
});
