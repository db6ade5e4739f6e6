// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { readState, writeState } from "../../../../web/ui/flame/address";
import { INITIAL_STATE } from "../../../../web/ui/flame/api";
import { isInterpreter, libraryOf, placeOf } from
	"../../../../web/ui/model/place";
import { profileOf } from "./profiles";

test("the library of a function", () => {
	for (const [text, library] of [
		["py:f@/usr/lib/python3/dist-packages/numpy/core/x.py", "numpy"],
		["py:f@/venv/lib/python3.12/site-packages/six.py", "six"],
		["py:f@/usr/lib/python3.12/json/decoder.py",
		 "Python standard library"],
		["py:f@<frozen importlib._bootstrap>", "Python standard library"],
		["py:f@/srv/shop/app.py", "/srv/shop"],
		["c:f@/lib/x86_64-linux-gnu/libc.so.6", "libc.so.6"],
		["k:f", "kernel"], ["c:f", ""],
	] as const) {
		const profile = profileOf([`${text} 1`]);

		assert.equal(libraryOf(profile, 1), library);
	}
});

test("what is the interpreter's", () => {
	for (const [module, is] of [
		["/usr/bin/python3.12", true], ["/usr/bin/python3", true],
		["/usr/lib/libpython3.13.so.1.0", true],
		["/usr/lib/libpython3.so", true],
		["/opt/python3.11/lib/_json.cpython-311.so", false],
		["/lib/libc.so.6", false],
		["/usr/lib/python3/numpy/_multiarray.so", false],
	] as const)
		assert.equal(isInterpreter(profileOf([`c:f@${module} 1`]), 1), is,
			     module);
});

test("where it is", () => {
	const profile = profileOf(["py:f@/srv/a.py;c:g@/lib/l.so;x 1"]);

	profile.functions.lines[1] = 12;
	assert.deepEqual([1, 2, 3].map((fn) => placeOf(profile, fn)),
			 ["/srv/a.py:12", "/lib/l.so", ""]);
	assert.equal(placeOf(profile, 1, 40), "/srv/a.py:40");
});

test("a state goes through an address", () => {
	const state = {
		...INITIAL_STATE, view: "tree" as const, search: "/a&b=c/",
		zoom: "0123456789abcdef", flip: true, invert: true,
		hidden: ["native" as const], presets: ["import" as const],
		transforms: [{ type: "hide" as const, name: "<f>;\"", place: "" }],
		threads: [1, 3], width: "before" as const, order: "name" as const,
		sandwich: { name: "f#", place: "/x" },
	};
	const address = new URLSearchParams(writeState(state)).toString();

	assert.deepEqual(readState(Object.fromEntries(
		new URLSearchParams(address))), state);
	assert.deepEqual(readState({}), INITIAL_STATE);
	assert.ok(Object.values(writeState(INITIAL_STATE)).every((text) => !text));
});

test("an address may say anything", () => {
	assert.deepEqual(readState({
		view: "x", do: '[["rm","x"],7,["hide"]]', threads: "a,-1,2.5",
		without: "me", presets: "<b>", width: "wide", order: "__proto__",
		calls: "{",
	}), INITIAL_STATE);
});
