// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { INITIAL_STATE } from "../../../../web/ui/flame/api";
import { deriveTree } from "../../../../web/ui/model/derive";
import { findKey, followKeys, isBelow, linesOf, nodeKey, pathKeys, stackOf } from
	"../../../../web/ui/model/path";
import { runNow } from "../../../../web/ui/model/slices";
import { sumFunctions } from "../../../../web/ui/model/sums";
import { nodeNamed, profileOf, randomStacks } from "./profiles";

const treeOf = (stacks: string[]) =>
	runNow(deriveTree(profileOf(stacks), INITIAL_STATE));

test("a key means the same node in another profile", () => {
	const one = treeOf(["a;b;c 3", "a;c 2"]);
	const other = treeOf(["x;y 9", "a;c 5", "a;b;d 1", "a;b;c 1"]);
	const key = nodeKey(one, nodeNamed(one, "a", "b", "c"));

	assert.match(key, /^[0-9a-f]{16}$/);
	assert.equal(findKey(other, key), nodeNamed(other, "a", "b", "c"));
	assert.equal(findKey(other, nodeKey(one, 0)), 0);
	assert.equal(findKey(one, nodeKey(other, nodeNamed(other, "x"))), -1);
	assert.equal(findKey(one, "nonsense"), -1);
});

test("no two nodes of a tree have one key", () => {
	const tree = treeOf(randomStacks(400, 4711));
	const keys = new Set(Array.from({ length: tree.count },
					(_, i) => nodeKey(tree, i)));

	assert.equal(keys.size, tree.count);
});

test("of a path that has gone in part, the rest is followed", () => {
	const one = treeOf(["a;b;c;d 3"]);
	const keys = pathKeys(one, nodeNamed(one, "a", "b", "c", "d"));
	const other = treeOf(["a;b;x 1", "a;c 2"]);

	assert.equal(followKeys(one, keys), 4);
	assert.equal(followKeys(other, keys), nodeNamed(other, "a", "b"));
	assert.equal(followKeys(treeOf(["z 1"]), keys), 0);
});

test("ways to the root", () => {
	const tree = treeOf(["a;b;c 3", "a;d 1"]);
	const c = nodeNamed(tree, "a", "b", "c");

	assert.deepEqual(stackOf(tree, c).length, 3);
	assert.ok(isBelow(tree, c, nodeNamed(tree, "a", "b")));
	assert.ok(!isBelow(tree, c, nodeNamed(tree, "a", "d")));
});

test("lines are those of a node, also when nodes were merged", () => {
	const profile = profileOf(["c:x;py:f 3", "py:f 2"]);
	const plain = runNow(deriveTree(profile, INITIAL_STATE));
	const inner = nodeNamed(plain, "x", "f");
	const outer = nodeNamed(plain, "f");
	const rows = [[outer, 7, 2], [inner, 7, 1], [inner, 9, 2]]
		.sort((a, b) => a[0] - b[0]);

	profile.lines = {
		count: 3, node: Int32Array.from(rows.map((row) => row[0])),
		line: Int32Array.from(rows.map((row) => row[1])),
		samples: Float64Array.from(rows.map((row) => row[2])),
	};
	assert.deepEqual(linesOf(profile, plain, inner), [[9, 2], [7, 1]]);
	const merged = runNow(deriveTree(profile,
		{ ...INITIAL_STATE, hidden: ["native"] }));

	assert.deepEqual(linesOf(profile, merged, nodeNamed(merged, "f")),
			 [[7, 3], [9, 2]]);
});

test("self and total of functions; recursion counts once", () => {
	const tree = treeOf(["a;b;a 3", "a 2", "b;a 4"]);
	const sums = runNow(sumFunctions(tree));
	const a = tree.functions.names.indexOf("a");
	const b = tree.functions.names.indexOf("b");

	assert.deepEqual([sums.self[a], sums.total[a], sums.places[a]], [9, 9, 3]);
	assert.deepEqual([sums.self[b], sums.total[b]], [0, 7]);
});

test("sums are those of every stack, taken one by one", () => {
	for (let seed = 1; seed < 10; seed++) {
		const stacks = randomStacks(50, seed * 65537);
		const tree = treeOf(stacks);
		const sums = runNow(sumFunctions(tree));
		const totals = new Map<string, number>();

		for (const line of stacks) {
			const [, stack, count] = /^(.*) (\d+)$/.exec(line)!;

			for (const name of new Set(stack.split(";")))
				totals.set(name, (totals.get(name) ?? 0) +
					Number(count));
		}
		const kinds = ["py:", "c:", "k:", ""];

		for (let fn = 1; fn < tree.functions.count; fn++)
			assert.equal(sums.total[fn], totals.get(
				kinds[tree.functions.kinds[fn]] +
				tree.functions.names[fn]));
	}
});
