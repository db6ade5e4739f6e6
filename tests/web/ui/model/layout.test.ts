// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { INITIAL_STATE } from "../../../../web/ui/flame/api";
import { deriveTree } from "../../../../web/ui/model/derive";
import { nodeAt, visitRow, type Window } from "../../../../web/ui/model/layout";
import { runNow } from "../../../../web/ui/model/slices";
import type { Tree } from "../../../../web/ui/model/tree";
import { makeRandom, nodeNamed, profileOf, randomStacks } from "./profiles";

const treeOf = (stacks: string[]) =>
	runNow(deriveTree(profileOf(stacks), INITIAL_STATE));

function rowOf(tree: Tree, depth: number, window: Window) {
	const seen: number[] = [];
	let boxes = 0;
	let runs = 0;

	visitRow(tree, depth, window, (node, left, right) => {
		assert.ok(left >= 0 && right <= window.pixels && right > left);
		seen.push(node);
		boxes++;
	}, (from, to, left) => {
		assert.ok(to > from && left > -1 && left < window.pixels);
		for (let i = from; i < to; i++)
			seen.push(i);
		runs++;
	});
	return { seen, boxes, runs };
}

// What a row is to show: everything that reaches into the window.
function expected(tree: Tree, depth: number, { from, to }: Window): number[] {
	const nodes: number[] = [];

	for (let i = tree.levels[depth]; i < tree.levels[depth + 1]; i++)
		if (tree.start[i] + tree.width[i] > from && tree.start[i] < to)
			nodes.push(i);
	return nodes;
}

test("every node in the window is drawn once, alone or in a run", () => {
	const random = makeRandom(12345);

	for (let round = 0; round < 60; round++) {
		const tree = treeOf(randomStacks(120, 1 + random(1e6)));
		const all = tree.width[0];
		const from = random(100) / 100 * all;
		const window = { from, to: from + (1 + random(99)) / 100 * all,
				 pixels: 3 + random(300) };

		for (let depth = 0; depth + 1 < tree.levels.length; depth++) {
			const { seen } = rowOf(tree, depth, window);
			const wanted = expected(tree, depth, window);

			// A run may go on to what lies just outside.
			assert.deepEqual(seen.slice(0, wanted.length), wanted);
		}
	}
});

test("a row costs what is seen of it", () => {
	const stacks = Array.from({ length: 5000 }, (_, i) => `f${i} 1`);
	const tree = treeOf(stacks);
	const { boxes, runs } = rowOf(tree, 1, { from: 0, to: 5000, pixels: 100 });

	assert.equal(boxes, 0);
	assert.ok(runs <= 101, `${runs} runs`);
});

test("which node is where", () => {
	const tree = treeOf(["a;b 30", "a;c 20", "d 60"]);

	assert.equal(nodeAt(tree, 1, 10), nodeNamed(tree, "d"));
	assert.equal(nodeAt(tree, 2, 70), nodeNamed(tree, "a", "b"));
	assert.equal(nodeAt(tree, 2, 10), -1);
	assert.equal(nodeAt(tree, 3, 10), -1);
	assert.equal(nodeAt(tree, -1, 10), -1);
});
