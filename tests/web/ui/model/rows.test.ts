// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { INITIAL_STATE } from "../../../../web/ui/flame/api";
import { deriveTree } from "../../../../web/ui/model/derive";
import { drawableAs, profileOfRows } from "../../../../web/ui/model/rows";
import { runNow } from "../../../../web/ui/model/slices";
import { stacksOf } from "./profiles";

const stacksOfRows = (columns: string[], rows: (string | number | null)[][]) =>
	stacksOf(runNow(deriveTree(profileOfRows({ columns, rows }),
				   INITIAL_STATE)));

test("which results can be drawn", () => {
	assert.equal(drawableAs(["stack", "value"]), "stacks");
	assert.equal(drawableAs(["Stack", "SAMPLES"]), "stacks");
	assert.equal(drawableAs(["id", "parent_id", "name", "self"]), "tree");
	assert.equal(drawableAs(["id", "name", "self"]), null);
	assert.throws(() => profileOfRows({ columns: ["a"], rows: [] }));
});

test("stacks", () => {
	assert.deepEqual(stacksOfRows(["stack", "value"], [
		["a;b", 2], ["a;b", 3], ["a", 1.5], ["", 4], [null, 1],
		["c", -5], ["d", null], ["e", "7"], ["f", "x"],
	]), [" 5", "a 1.5", "a;b 5", "e 7"]);
});

test("a tree in any order; circles and orphans do no harm", () => {
	assert.deepEqual(stacksOfRows(["id", "parent_id", "name", "self"], [
		[3, 2, "c", 4], [2, 1, "b", 2], [1, null, "a", 1],
		[7, 8, "round", 100], [8, 7, "and round", 100],
		[9, 99, "orphan", 5], [2, 1, "b", 2],
	]), ["a 1", "a;b 2", "a;b 2", "a;b;c 4", "orphan 5"]);
});

test("kinds of names, where a column says them", () => {
	const { functions } = profileOfRows({
		columns: ["id", "parent_id", "name", "kind", "self"],
		rows: [[1, null, "a", "native", 1], [2, 1, "a", "python", 1], [3, 2, "b", "what", 1]],
	});

	assert.deepEqual(functions.names, ["all", "a", "a", "b"]);
	assert.deepEqual([...functions.kinds], [3, 1, 0, 3]);
});

test("units by the name of the column", () => {
	const profile = (column: string) =>
		profileOfRows({ columns: ["stack", column], rows: [["a", 1]] });

	assert.equal(profile("self_ns").unit, "ns");
	assert.equal(profile("value").unit, "");
	assert.ok(profile("value").unsampled);
});
