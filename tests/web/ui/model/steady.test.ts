// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { INITIAL_STATE } from "../../../../web/ui/flame/api";
import { deriveTree } from "../../../../web/ui/model/derive";
import { runNow } from "../../../../web/ui/model/slices";
import { keepSteady } from "../../../../web/ui/model/steady";
import type { Tree } from "../../../../web/ui/model/tree";
import { profileOf, randomStacks, stacksOf } from "./profiles";

const treeOf = (...stacks: string[]) =>
	runNow(deriveTree(profileOf(stacks), INITIAL_STATE));
const steady = (tree: Tree, old: Tree) =>
	runNow(keepSteady(tree, old, "both"));
const row = (tree: Tree, depth: number) =>
	Array.from(tree.fn.slice(tree.levels[depth], tree.levels[depth + 1]),
		   (fn) => tree.functions.names[fn]).join(" ");

test("siblings that are almost as heavy do not change places", () => {
	const old = treeOf("a;x 52", "a;y 48", "b 40");

	assert.equal(row(treeOf("a;x 48", "a;y 52", "b 40"), 2), "y x");
	assert.equal(row(steady(treeOf("a;x 48", "a;y 52", "b 40"), old), 2), "x y");
	assert.equal(row(steady(treeOf("a;x 30", "a;y 52", "b 40"), old), 2), "y x");
	assert.equal(row(steady(treeOf("a;x 4", "a;y 5", "b 40"), old), 1), "b a");
});

test("what is new is to the right, unless it is heavier", () => {
	const old = treeOf("a 10", "b 9");

	assert.equal(row(steady(treeOf("a 10", "b 9", "c 10"), old), 1), "a b c");
	assert.equal(row(steady(treeOf("a 10", "b 9", "c 50"), old), 1), "c a b");
	assert.equal(row(steady(treeOf("c 10", "d 9"), old), 1), "c d");
});

test("nothing but the order changes", () => {
	for (let seed = 1; seed < 15; seed++) {
		const old = treeOf(...randomStacks(60, seed * 997));
		const tree = treeOf(...randomStacks(60, seed * 1009));
		const now = steady(tree, old);

		assert.deepEqual(stacksOf(now), stacksOf(tree));
		assert.equal(now.count, tree.count);
		for (let i = 1; i < now.count; i++)
			assert.ok(now.parent[i] < i &&
				  now.parent[i] >= now.parent[i - 1]);
		assert.equal(steady(now, now), now);
	}
});
