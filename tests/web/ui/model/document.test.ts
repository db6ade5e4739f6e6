// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBytes, decodeDeltas, decodeReals, decodeWhole, encodeColumn } from
	"../../../../web/ui/model/columns";
import { decodeDocument, type FlameDocument } from
	"../../../../web/ui/model/document";
import { makeVisible } from "../../../../web/ui/model/visible";

test("columns: what is written is read", () => {
	const values = [0, 1, 127, 128, 300, 16384, 2 ** 31, 2 ** 40 + 1, 2 ** 53 - 1];

	assert.deepEqual([...decodeReals(encodeColumn(values), values.length)], values);
	assert.deepEqual([...decodeWhole("rAIA", 2)], [300, 0]);
	assert.deepEqual([...decodeDeltas(encodeColumn([0, 1, 0, 5]), 4)], [0, 1, 1, 6]);
	assert.deepEqual([...decodeBytes([3, 4], 2)], [3, 4]);
	assert.deepEqual([...decodeReals("", 0)], []);
});

test("columns: of another length they are refused", () => {
	assert.throws(() => decodeReals(encodeColumn([1, 2, 3]), 2));
	assert.throws(() => decodeReals(encodeColumn([1, 2, 3]), 4));
	assert.throws(() => decodeReals(btoa("\x80\x80"), 1));
	assert.throws(() => decodeReals("not base64!", 3));
});

function documentOf(change: Partial<FlameDocument["nodes"]> = {}): FlameDocument {
	return {
		title: "t", unit: "ns", period: 10, files: ["/a\u202e.py"], modules: [],
		functions: { names: ["all", "f", ""], kinds: [3, 0, 1],
			     files: [0, 1, 0], modules: [0, 0, 0],
			     lines: [0, 5, 0], unresolved: [0, 0, 1] },
		nodes: { count: 3, parents: [0, 0, 1], functions: [0, 1, 2],
			 samples: [0, 2, 3], times: null, doubts: [0, 0, 3],
			 ...change },
	};
}

test("a document becomes a profile", () => {
	const profile = decodeDocument(documentOf());

	assert.deepEqual([...profile.nodes.parent], [0, 0, 1]);
	assert.equal(profile.nodes.weight, profile.nodes.samples);
	assert.equal(profile.scale, 10);
	assert.deepEqual(profile.functions.names, ["all", "f", "(no name)"]);
	assert.deepEqual(profile.files, ["/a\\u{202e}.py"]);
	assert.equal(decodeDocument(documentOf({ times: [0, 20, 31] })).scale, 1);
});

test("nodes that are no tree are refused", () => {
	for (const change of [
		{ parents: [0, 1, 0] }, { parents: [0, 0, 2] }, { parents: [1, 0, 0] },
		{ functions: [0, 1, 3] }, { count: 0, parents: [], functions: [],
					    samples: [], doubts: [] },
	])
		assert.throws(() => decodeDocument(documentOf(change)));
});

test("names cannot hide or turn around what is shown", () => {
	assert.equal(makeVisible("plain <b>&amp;</b>"), "plain <b>&amp;</b>");
	assert.equal(makeVisible("a\u202eb"), "a\\u{202e}b");
	assert.equal(makeVisible("\x1b]0;x\x07\n"), "\\u{1b}]0;x\\u{7}\\u{a}");
	assert.equal(makeVisible("\u{e0041}é漢🔥"), "\\u{e0041}é漢🔥");
	assert.equal(makeVisible("\u200bx"), "\\u{200b}x");
});

test("rows by label know whose values they are", () => {
	const said = documentOf();
	const labels = (groups?: number[]) => decodeDocument({ ...said,
		grouping: ["user", "pid"], functions: { ...said.functions, groups },
	}).functions.labels;

	assert.deepEqual(labels([0, 3, 1]), [undefined, "pid", ""]);
	assert.deepEqual(labels([0, 2, 9]), [undefined, "user", ""]);
	assert.equal(labels(), undefined);
});
