// SPDX-License-Identifier: Apache-2.0
// Do imports run downwards? Two files that import each other, over whatever
// detour, cannot be read or tested one without the other; types count, too.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

/** Folders of web/ui, and what files in them may import. */
const BELOW: Record<string, readonly string[]> = {
	model: ["model"],
	flame: ["flame", "model"],
	sql: ["sql"],
	app: ["app", "flame", "model", "sql"],
	page: ["page", "flame", "model"],
};

const IMPORT = /\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g;

function sourcesIn(folder: string): string[] {
	return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
		const path = join(folder, entry.name);

		if (entry.isDirectory())
			return sourcesIn(path);
		return /\.tsx?$/.test(entry.name) ? [path] : [];
	});
}

function importsOf(path: string, text: string): string[] {
	return [...text.matchAll(IMPORT)]
		.map(([, name]) => join(dirname(path), name!))
		.flatMap((name) => [`${name}.ts`, `${name}.tsx`].filter((file) => existsSync(file)));
}

/** One way round, as "a -> b -> a"; "" if there is none. */
function circleIn(graph: ReadonlyMap<string, readonly string[]>): string {
	const done = new Set<string>();
	const path: string[] = [];

	function visit(file: string): string {
		if (path.includes(file))
			return [...path.slice(path.indexOf(file)), file].join(" -> ");
		if (done.has(file))
			return "";
		path.push(file);
		for (const next of graph.get(file) ?? []) {
			const found = visit(next);

			if (found)
				return found;
		}
		path.pop();
		done.add(file);
		return "";
	}

	for (const file of graph.keys()) {
		const found = visit(file);

		if (found)
			return found;
	}
	return "";
}

const graph = new Map(Object.keys(BELOW).flatMap(sourcesIn).map((path) =>
	[path, importsOf(path, readFileSync(path, "utf8"))]));

test("a circle is found", () => {
	assert.equal(circleIn(new Map([["a", ["b"]], ["b", []]])), "");
	assert.equal(circleIn(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]])),
		     "b -> c -> b");
});

test("imports run downwards", () => {
	// More than a few: what finds none finds no circle.
	assert.ok([...graph.values()].flat().length > 300);
	assert.equal(circleIn(graph), "");
});

test("folders import what is below them only", () => {
	const wrong = [...graph].flatMap(([file, names]) => names
		.filter((name) => !BELOW[file.split("/")[0]!]!.includes(name.split("/")[0]!))
		.map((name) => `${file} imports ${name}`));

	assert.deepEqual(wrong, []);
});
