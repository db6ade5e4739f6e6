// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { INITIAL_STATE } from "../../../../web/ui/flame/api";
import { deriveTree } from "../../../../web/ui/model/derive";
import { changeOf } from "../../../../web/ui/model/diff";
import { runNow } from "../../../../web/ui/model/slices";
import { nodeNamed, profileOf } from "./profiles";

const treeOf = (profile: ReturnType<typeof profileOf>) =>
	runNow(deriveTree(profile, INITIAL_STATE));

test("shares are compared, not samples", () => {
	const tree = treeOf(profileOf(["a;x 50", "a;y 50"], ["a;x 5", "a;z 5"]));

	assert.equal(changeOf(tree, nodeNamed(tree, "a", "x")), 0);
	assert.equal(changeOf(tree, nodeNamed(tree, "a", "y")), 1);
	assert.equal(changeOf(tree, nodeNamed(tree, "a", "z")), -1);
});

test("nothing against nothing", () => {
	const tree = treeOf(profileOf(["a 0"], ["a 0"]));

	assert.equal(changeOf(tree, 0), 0);
	assert.equal(tree.width[0], 0);
});
