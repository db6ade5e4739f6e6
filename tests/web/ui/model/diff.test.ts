// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { INITIAL_STATE } from "../../../../web/ui/flame/api";
import { deriveTree } from "../../../../web/ui/model/derive";
import { changeOf, mergeProfiles } from "../../../../web/ui/model/diff";
import { runNow } from "../../../../web/ui/model/slices";
import { nodeNamed, profileOf, randomStacks, stacksOf } from "./profiles";

const treeOf = (profile: ReturnType<typeof profileOf>) =>
	runNow(deriveTree(profile, INITIAL_STATE));

test("shares are compared, not samples", () => {
	const tree = treeOf(profileOf(["a;x 50", "a;y 50"], ["a;x 5", "a;z 5"]));

	assert.equal(changeOf(tree, nodeNamed(tree, "a", "x")), 0);
	assert.equal(changeOf(tree, nodeNamed(tree, "a", "y")), 1);
	assert.equal(changeOf(tree, nodeNamed(tree, "a", "z")), -1);
});

test("two profiles become one; functions are known by name and place", () => {
	const before = profileOf(["py:a@/x.py;c:f@/lib/one.so 3", "py:gone@/x.py 2"]);
	const after = profileOf(["py:new@/x.py 4", "py:a@/x.py;c:f@/usr/one.so 5",
				 "py:a@/y.py 1"]);
	const merged = mergeProfiles(before, after);
	const tree = treeOf(merged);
	const f = nodeNamed(tree, "a", "f");

	assert.equal(tree.functions.count, 1 + 4 + 1);
	assert.deepEqual([tree.samples[f], tree.before![f]], [5, 3]);
	assert.equal(tree.totalSamples[0], 10);
	assert.equal(tree.totalBefore![0], 5);
	assert.equal(tree.totalSamples[nodeNamed(tree, "gone")], 0);
});

test("nothing is lost by merging", () => {
	for (let seed = 1; seed < 10; seed++) {
		const a = profileOf(randomStacks(40, seed * 31));
		const b = profileOf(randomStacks(40, seed * 37));
		const tree = treeOf(mergeProfiles(a, b));
		const was = { ...tree, samples: tree.before! };

		assert.deepEqual(stacksOf(tree), stacksOf(treeOf(b)));
		assert.deepEqual(stacksOf(was), stacksOf(treeOf(a)));
		for (let i = 1; i < tree.count; i++)
			assert.ok(tree.parent[i] >= tree.parent[i - 1]);
	}
});

test("nothing against nothing", () => {
	const tree = treeOf(profileOf(["a 0"], ["a 0"]));

	assert.equal(changeOf(tree, 0), 0);
	assert.equal(tree.width[0], 0);
});
