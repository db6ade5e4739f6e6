// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { INITIAL_STATE } from "../../../../web/ui/flame/api";
import { deriveTree } from "../../../../web/ui/model/derive";
import { escapePattern, searchTree } from "../../../../web/ui/model/search";
import { runNow } from "../../../../web/ui/model/slices";
import { nodeNamed, profileOf } from "./profiles";

const profile = profileOf([
	"py:run@/srv/app.py;py:fib@/srv/app.py;py:fib@/srv/app.py 300",
	"py:run@/srv/app.py;py:fib@/srv/app.py 200",
	"py:run@/srv/app.py;c:Sort@/lib/libc.so.6;py:fib@/srv/app.py 400",
	"c:a+b@/bin/tool 100",
]);
const tree = runNow(deriveTree(profile, INITIAL_STATE));
const search = (query: string) => runNow(searchTree(profile, tree, query));

test("each sample with a match counts once", () => {
	const found = search("fib");

	assert.equal(found.share, 0.9);
	assert.equal(found.places, 3);
	assert.equal(found.functionCount, 1);
	assert.deepEqual([...found.tops], [
		nodeNamed(tree, "run", "fib"), nodeNamed(tree, "run", "Sort", "fib"),
	]);
});

test("capitals matter when there are any", () => {
	assert.equal(search("sort").share, 0.4);
	assert.equal(search("Sort").share, 0.4);
	assert.equal(search("SORT").share, 0);
});

test("patterns and scopes", () => {
	assert.equal(search("/^f.b$/").places, 3);
	assert.equal(search("/SORT/i").share, 0.4);
	assert.equal(search("a+b").share, 0.1);
	assert.equal(search("/a+b/").share, 0);
	assert.equal(search(`/^${escapePattern("a+b")}$/`).share, 0.1);
	assert.equal(search("file:app.py").share, 0.9);
	assert.equal(search("module:/LIBC/i").share, 0.4);
	assert.equal(search("all").share, 0);
	assert.throws(() => search("/[/"));
});
