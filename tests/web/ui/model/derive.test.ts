// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { INITIAL_STATE, type FlameState, type TransformType } from
	"../../../../web/ui/flame/api";
import { deriveTree, sandwich } from "../../../../web/ui/model/derive";
import type { Profile } from "../../../../web/ui/model/profile";
import { runNow } from "../../../../web/ui/model/slices";
import { nodeNamed, profileOf, randomStacks, stacksOf } from "./profiles";

const STACKS = [
	"c:_start@/bin/app;py:run@/srv/app.py;py:fib@/srv/app.py;" +
		"py:fib@/srv/app.py 300",
	"c:_start@/bin/app;py:run@/srv/app.py;py:fib@/srv/app.py 200",
	"c:_start@/bin/app;py:run@/srv/app.py;c:qsort@/lib/libc.so.6;" +
		"k:do_syscall_64 400",
	"c:start_thread@/lib/libc.so.6 60",
];

function derive(profile: Profile, change: Partial<FlameState>) {
	return runNow(deriveTree(profile, { ...INITIAL_STATE, ...change }));
}

function transformed(stacks: string[], type: TransformType, name: string,
		     place = "") {
	return stacksOf(derive(profileOf(stacks),
			       { transforms: [{ type, name, place }] }));
}

test("without changes it is the profile's own tree", () => {
	const profile = profileOf(STACKS);
	const tree = derive(profile, {});

	assert.equal(tree.count, profile.nodes.count);
	assert.equal(tree.parent, profile.nodes.parent);
	assert.deepEqual([...tree.levels], [0, 1, 3, 4, 6, 8]);
	assert.equal(tree.totalSamples[0], 960);
	assert.equal(tree.totalSamples[nodeNamed(tree, "_start", "run")], 900);
	assert.equal(tree.start[nodeNamed(tree, "start_thread")], 900);
});

test("kinds that are hidden lend their callees to their callers", () => {
	assert.deepEqual(stacksOf(derive(profileOf(STACKS), { hidden: ["native"] })),
		[" 60", "run;do_syscall_64 400", "run;fib 200", "run;fib;fib 300"]);
	assert.deepEqual(stacksOf(derive(profileOf(STACKS),
		{ hidden: ["native", "kernel", "python", "other"] })), [" 960"]);
});

test("focus begins at a function", () => {
	assert.deepEqual(transformed(STACKS, "focus", "run"),
		["run;fib 200", "run;fib;fib 300", "run;qsort;do_syscall_64 400"]);
	assert.deepEqual(transformed(STACKS, "focus", "fib"),
		["fib 200", "fib;fib 300"]);
	assert.equal(transformed(STACKS, "focus", "nowhere").length, 4);
	const twice = derive(profileOf(STACKS), { transforms: [
		{ type: "focus", name: "run", place: "" },
		{ type: "focus", name: "qsort", place: "" }] });

	assert.deepEqual(stacksOf(twice), ["qsort;do_syscall_64 400"]);
});

test("only, drop and hide", () => {
	assert.deepEqual(transformed(STACKS, "only", "fib"),
		["_start;run;fib 200", "_start;run;fib;fib 300"]);
	assert.deepEqual(transformed(STACKS, "drop", "fib"),
		["_start;run;qsort;do_syscall_64 400", "start_thread 60"]);
	assert.deepEqual(transformed(STACKS, "hide", "run"),
		["_start;fib 200", "_start;fib;fib 300",
		 "_start;qsort;do_syscall_64 400", "start_thread 60"]);
	assert.deepEqual(transformed(STACKS, "hide", "run", "/else.py"),
		transformed(STACKS, "hide", "nobody"));
});

test("two functions are needed at once", () => {
	const tree = derive(profileOf(["a;b;c 1", "a;c 2", "b;c 4", "a;b 8"]), {
		transforms: [{ type: "only", name: "a", place: "" },
			     { type: "only", name: "c", place: "" }] });

	assert.deepEqual(stacksOf(tree), ["a;b;c 1", "a;c 2"]);
});

test("recursion becomes one frame, whatever is between", () => {
	assert.deepEqual(transformed(["a;b;a;b;c 1", "a;b;c 2", "a;a 4"],
				     "recursion", "a"),
		["a 4", "a;b;c 3"]);
	assert.deepEqual(stacksOf(derive(profileOf(["a;a;b;a 1", "a;b;b 2"]),
		{ presets: ["recursion"] })), ["a;b 2", "a;b;a 1"]);
});

test("a library becomes one frame where it calls itself", () => {
	const stacks = ["c:a@/lib/x.so;c:b@/lib/x.so;py:p@/srv/p.py;" +
			"c:c@/lib/x.so 5", "c:a@/lib/x.so 2"];
	const tree = derive(profileOf(stacks), { transforms: [
		{ type: "library", name: "x.so", place: "" }] });

	assert.deepEqual(stacksOf(tree), ["[x.so] 2", "[x.so];p;[x.so] 5"]);
	assert.equal(tree.functions.kinds[tree.fn[1]], 1);
	const kernel = derive(profileOf(["c:a;k:x;k:y 3"]), { transforms: [
		{ type: "library", name: "kernel", place: "" }] });

	assert.deepEqual(stacksOf(kernel), ["a;[kernel] 3"]);
});

test("presets know the interpreter and the import machinery", () => {
	const stacks = [
		"c:Py_RunMain@/usr/bin/python3.12;py:<module>@/srv/a.py;" +
		"py:_find_and_load@<frozen importlib._bootstrap>;" +
		"py:exec_module@<frozen importlib._bootstrap_external>;" +
		"c:PyObject_Call@/usr/lib/libpython3.12.so.1.0;" +
		"py:<module>@/srv/b.py 7",
	];

	assert.deepEqual(stacksOf(derive(profileOf(stacks),
		{ presets: ["interpreter"] })),
		["<module>;_find_and_load;exec_module;<module> 7"]);
	assert.deepEqual(stacksOf(derive(profileOf(stacks), { presets: ["import"] })),
		["Py_RunMain;<module>;PyObject_Call;<module> 7"]);
	assert.deepEqual(stacksOf(derive(profileOf(stacks),
		{ presets: ["python", "import"] })), ["<module>;<module> 7"]);
});

test("doubt stays with the frame that is in doubt", () => {
	const profile = profileOf(["py:a?;c:b 4", "py:a;c:b 6"]);

	assert.equal(derive(profile, {}).doubt[1], 4);
	assert.deepEqual([...derive(profile, { hidden: ["python"] }).doubt], [0, 0]);
	const inverted = derive(profile, { invert: true });

	assert.equal(inverted.doubt[nodeNamed(inverted, "b", "a")], 4);
});

test("bottom-up: every stack is turned around", () => {
	for (let seed = 1; seed < 20; seed++) {
		const stacks = randomStacks(60, seed * 7919);
		const profile = profileOf(stacks);
		const tree = derive(profile, { invert: true });
		const turned = profileOf(stacks.map((line) => {
			const [, stack, count] = /^(.*) (\d+)$/.exec(line)!;

			return `${stack.split(";").reverse().join(";")} ${count}`;
		}));

		assert.deepEqual(stacksOf(tree), stacksOf(derive(turned, {})));
		assert.equal(tree.totalSamples[0], profile.nodes.samples
			.reduce((sum, own) => sum + own, 0));
	}
});

test("what the root has of its own stays there", () => {
	const profile = profileOf(["a 3"]);

	profile.nodes.samples[0] = 2;
	assert.equal(derive(profile, { invert: true }).totalSamples[0], 5);
	assert.equal(derive(profile, { hidden: ["other"] }).totalSamples[0], 5);
});

test("callers and callees of a function; its recursion counts once", () => {
	const tree = derive(profileOf(STACKS), {});
	const fib = tree.functions.names.indexOf("fib");
	const { callers, callees } = runNow(sandwich(tree, (fn) => fn === fib, "both"));

	assert.deepEqual(stacksOf(callees), ["fib 200", "fib;fib 300"]);
	assert.deepEqual(stacksOf(callers), ["fib;run;_start 500"]);
	assert.equal(callers.totalSamples[0], 500);
});

test("threads", () => {
	const profile = profileOf(["a;b 3", "a;c 4"]);
	const c = nodeNamed(derive(profile, {}), "a", "c");

	profile.threads = [{
		process: "p", pid: 1, thread: "t", tid: 1, total: 4,
		node: Int32Array.from([c]), samples: Float64Array.from([4]),
		weight: null, doubt: Float64Array.from([1]),
	}];
	const tree = derive(profile, { threads: [0] });

	assert.deepEqual(stacksOf(tree), ["a;c 4"]);
	assert.equal(tree.doubt[nodeNamed(tree, "a", "c")], 1);
	assert.equal(derive(profile, { threads: [7] }).totalSamples[0], 0);
});

test("siblings stand heavy before light, depth by depth, without gaps", () => {
	for (let seed = 1; seed < 20; seed++) {
		const tree = derive(profileOf(randomStacks(80, seed * 104729)),
				    { hidden: ["kernel"] });

		for (let i = 1; i < tree.count; i++) {
			const above = tree.parent[i];

			assert.ok(above < i && above >= tree.parent[i - 1]);
			assert.ok(tree.start[i] >= tree.start[above]);
			assert.ok(tree.start[i] + tree.width[i] <=
				tree.start[above] + tree.width[above]);
			if (tree.parent[i - 1] === above && i > 1)
				assert.ok(tree.width[i] <= tree.width[i - 1]);
		}
	}
});

test("a comparison keeps what is new and what has gone", () => {
	const profile = profileOf(["a;new 10", "a;same 10"],
				  ["a;gone 30", "a;same 30"]);
	const tree = derive(profile, {});
	const share = (...path: string[]) =>
		tree.width[nodeNamed(tree, ...path)] / tree.width[0];

	assert.equal(share("a"), 1);
	assert.equal(share("a", "new"), 0.25);
	assert.equal(share("a", "gone"), 0.25);
	assert.equal(share("a", "same"), 0.5);
	const after = derive(profile, { width: "after" });

	assert.equal(after.width[nodeNamed(after, "a", "gone")], 0);
	const hidden = derive(profile, {
		transforms: [{ type: "hide", name: "a", place: "" }] });

	assert.equal(hidden.totalBefore![nodeNamed(hidden, "gone")], 30);
});

test("deep stacks are no trouble", () => {
	const deep = Array.from({ length: 20000 }, (_, i) => `f${i % 3}`).join(";");
	const profile = profileOf(["a 1"]);
	const count = 20001;
	const fns = deep.split(";");

	profile.functions = { ...profileOf(["f0;f1;f2 1"]).functions };
	profile.nodes = {
		count, parent: Int32Array.from({ length: count },
					       (_, i) => Math.max(0, i - 1)),
		fn: Int32Array.from([0, ...fns.map((name) =>
			profile.functions.names.indexOf(name))]),
		samples: new Float64Array(count).fill(1),
		weight: new Float64Array(count).fill(1),
		doubt: new Float64Array(count), before: null,
	};
	assert.equal(derive(profile, {}).levels.length, count + 1);
	const folded = derive(profile, { transforms: [
		{ type: "recursion", name: "f0", place: "" }] });

	assert.ok(folded.count < 12);
	assert.equal(folded.total[0], count);
});

test("the root may be a function, which is called again", () => {
	const profile = profileOf(["f;g 1", "f 2", "g;f 3"]);
	const f = profile.functions.names.indexOf("f");

	profile.functions.names[0] = "f";
	profile.nodes.fn = profile.nodes.fn.map((fn) => fn === f ? 0 : fn);
	const tree = derive(profile, { transforms: [
		{ type: "hide", name: "f", place: "" }] });

	assert.deepEqual(stacksOf(tree), [" 2", "g 4"]);
});
