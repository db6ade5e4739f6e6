// SPDX-License-Identifier: Apache-2.0
// Files and binaries instead of functions: as boxes, in the legend, left out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { INITIAL_STATE, type FlameState } from "../../../../web/ui/flame/api";
import { readState, writeState } from "../../../../web/ui/flame/address";
import { deriveTree } from "../../../../web/ui/model/derive";
import { nodeKey } from "../../../../web/ui/model/path";
import { runNow } from "../../../../web/ui/model/slices";
import { sumGroups } from "../../../../web/ui/model/sums";
import { groupTransform, transformFor } from "../../../../web/ui/model/transform";
import { nodeNamed, profileOf, randomStacks, stacksOf } from "./profiles";

const STACKS = [
	"c:_start@/bin/app;py:run@/srv/app.py;py:fib@/srv/app.py;" +
		"py:fib@/srv/app.py 300",
	"c:_start@/bin/app;py:run@/srv/app.py;py:dumps@/lib/json/a.py 200",
	"c:_start@/bin/app;c:main@/bin/app;py:dumps@/lib/json/a.py 50",
	"c:_start@/bin/app;py:run@/srv/app.py;c:qsort@/lib/libc.so.6;" +
		"k:do_syscall_64 400",
	"c:start_thread@/lib/libc.so.6;c:free@/lib/libc.so.6 60",
];

function derive(change: Partial<FlameState>, stacks = STACKS) {
	return runNow(deriveTree(profileOf(stacks), { ...INITIAL_STATE, ...change }));
}

test("a box is a file, or a binary where no file is known", () => {
	assert.deepEqual(stacksOf(derive({ grain: "file" })), [
		"bin/app;json/a.py 50",
		"bin/app;srv/app.py 300",
		"bin/app;srv/app.py;json/a.py 200",
		"bin/app;srv/app.py;lib/libc.so.6;[kernel] 400",
		"lib/libc.so.6 60",
	]);
});

test("a box is a binary, or a kind of frames that have none", () => {
	assert.deepEqual(stacksOf(derive({ grain: "module" })), [
		"app;[python] 550",
		"app;[python];libc.so.6;[kernel] 400",
		"libc.so.6 60",
	]);
});

test("boxes of files have no line, and say what they are", () => {
	const tree = derive({ grain: "file" });
	const node = nodeNamed(tree, "bin/app", "srv/app.py");

	assert.equal(tree.functions.by, "file");
	assert.equal(tree.functions.lines[tree.fn[node]], 0);
	assert.equal(tree.totalSamples[node], 900);
	assert.equal(derive({}).functions.by, undefined);
});

test("files of one name are told apart", () => {
	const tree = derive({ grain: "file" }, [
		"py:a@/x/core/__init__.py 3", "py:b@/y/core/__init__.py 2"]);

	assert.deepEqual(stacksOf(tree),
		["/y/core/__init__.py 2", "core/__init__.py 3"]);
	assert.notEqual(nodeKey(tree, 1), nodeKey(tree, 2));
});

test("nothing is lost, whatever a box is", () => {
	const stacks = randomStacks(400, 7);
	const all = derive({}, stacks).totalSamples[0];

	for (const grain of ["file", "module"] as const)
		for (const invert of [false, true])
			assert.equal(derive({ grain, invert }, stacks)
				.totalSamples[0], all);
});

test("before and now are put together alike", () => {
	const profile = profileOf(["py:a@/m.py;py:b@/n.py 4"],
				  ["py:a@/m.py;py:c@/n.py 3"]);
	const tree = runNow(deriveTree(profile,
				       { ...INITIAL_STATE, grain: "file" }));

	assert.equal(tree.count, 3);
	assert.deepEqual([...tree.totalBefore!], [3, 3, 3]);
});

test("a file is left out, its callees are its caller's", () => {
	const transforms = [groupTransform("hide", "/srv/app.py", "file")];

	assert.deepEqual(stacksOf(derive({ transforms })), [
		"_start 300", "_start;dumps 200", "_start;main;dumps 50",
		"_start;qsort;do_syscall_64 400", "start_thread;free 60",
	]);
	assert.deepEqual(stacksOf(derive({ grain: "module", transforms: [
		groupTransform("hide", "[kernel]", "module")] })), [
		"app;[python] 550", "app;[python];libc.so.6 400",
		"libc.so.6 60",
	]);
});

test("what is done with a box is done with all of the file", () => {
	const profile = profileOf(STACKS);
	const tree = derive({ grain: "file" });
	const fn = tree.fn[nodeNamed(tree, "bin/app", "srv/app.py")];
	const transform = transformFor({ ...profile, functions: tree.functions },
				       "only", fn);

	assert.deepEqual(transform,
		{ type: "only", name: "/srv/app.py", place: "*file" });
	assert.deepEqual(stacksOf(derive({ grain: "file", transforms: [transform] })), [
		"bin/app;srv/app.py 300", "bin/app;srv/app.py;json/a.py 200",
		"bin/app;srv/app.py;lib/libc.so.6;[kernel] 400",
	]);
});

test("a library that is one frame stays one", () => {
	const transforms = [{ type: "library" as const, name: "libc.so.6", place: "" }];

	assert.deepEqual(stacksOf(derive({ grain: "file", transforms })).slice(-2), [
		"bin/app;srv/app.py;json/a.py 200",
		"bin/app;srv/app.py;[libc.so.6];[kernel] 400",
	].sort());
});

test("groups are summed up, heaviest first", () => {
	const sums = (by: "file" | "module") =>
		runNow(sumGroups(profileOf(STACKS), by))
			.map(({ name, kind, self }) => [name, kind, self]);

	assert.deepEqual(sums("module"), [["[python]", 0, 550], ["[kernel]", 2, 400],
		["/lib/libc.so.6", 1, 60], ["/bin/app", 1, 0]]);
	assert.deepEqual(sums("file").slice(0, 3), [["[kernel]", 2, 400],
		["/srv/app.py", 0, 300], ["/lib/json/a.py", 0, 250]]);
});

test("an address says what a box is, and what colours mean", () => {
	const state = { ...INITIAL_STATE, grain: "file", color: "module",
			transforms: [groupTransform("hide", "", "file")] } as const;
	const said = writeState({ ...state, transforms: [...state.transforms] });
	const read = readState(said);

	assert.equal(said.grain, "file");
	assert.equal(read.grain, "file");
	assert.equal(read.color, "module");
	assert.deepEqual(read.transforms, state.transforms);
	assert.equal(writeState(INITIAL_STATE).grain, "");
	assert.equal(readState({ grain: "__proto__", color: "x" }).grain, "function");
});

// A tree under rows by label: "web" and "db" are no functions.
function labelled() {
	const profile = profileOf([
		"web;c:_start@/bin/app;py:run@/srv/app.py 5", "db;c:_start@/bin/app 3"]);
	const labels: (string | undefined)[] = profile.functions.names.map((name) =>
		["web", "db"].includes(name) ? "process" : undefined);

	return { ...profile, functions: { ...profile.functions, labels } };
}

test("rows by label stay, whatever kinds and files are put together", () => {
	const shaped = (change: Partial<FlameState>) =>
		stacksOf(runNow(deriveTree(labelled(), { ...INITIAL_STATE, ...change })));

	assert.deepEqual(shaped({ presets: ["python"] }), ["db 3", "web;run 5"]);
	assert.deepEqual(shaped({ hidden: ["other", "native"] }), ["db 3", "web;run 5"]);
	assert.deepEqual(shaped({ grain: "file" }),
			 ["db;bin/app 3", "web;bin/app;srv/app.py 5"]);
});

test("boxes of lines come so: nothing is put together here", () => {
	assert.deepEqual(stacksOf(derive({ grain: "line" })), stacksOf(derive({})));
	assert.equal(readState(writeState({ ...INITIAL_STATE, grain: "line" })).grain, "line");
});
