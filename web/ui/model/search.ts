// SPDX-License-Identifier: Apache-2.0
// Which functions are meant: text (capitals matter when there are any),
// /pattern/, and before either one "file:" or "module:".
import { fileOf, moduleOf } from "./place";
import type { Profile } from "./profile";
import { YIELD_MASK, type Work } from "./slices";
import type { Tree } from "./tree";

export interface Search {
	query: string;
	found: Uint8Array; // of each function
	tops: Int32Array; // nodes that match below none that does; heavy first
	places: number; // nodes that match
	functionCount: number;
	share: number; // of everything: each sample with a match counts once
}

export function escapePattern(text: string): string {
	return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Throws when the pattern is none. */
export function makeTest(text: string): (name: string) => boolean {
	const pattern = /^\/(.+)\/([imsu]*)$/.exec(text);

	if (pattern) {
		const regex = new RegExp(pattern[1], pattern[2]);

		return (name) => regex.test(name);
	}
	if (/\p{Lu}/u.test(text))
		return (name) => name.includes(text);
	const lower = text.toLowerCase();

	return (name) => name.toLowerCase().includes(lower);
}

type Texts = Pick<Profile, "functions" | "files" | "modules">;

const SCOPES: Record<string, (texts: Texts, fn: number) => string> = {
	file: fileOf,
	module: moduleOf,
};

/** The functions that @query means, as 0 and 1. */
export function matchFunctions(texts: Texts, query: string): Uint8Array {
	const { names, count } = texts.functions;
	const scope = /^(file|module):/.exec(query);
	const test = makeTest(scope ? query.slice(scope[0].length) : query);
	const textOf = scope && SCOPES[scope[1]];
	const found = new Uint8Array(count);

	for (let fn = 0; fn < count; fn++)
		found[fn] = test(textOf ? textOf(texts, fn) : names[fn]) ? 1 : 0;
	return found;
}

/** Where they are in the tree. A match inside a match is counted once. */
export function* searchTree(profile: Profile, tree: Tree,
			    query: string): Work<Search> {
	const found = matchFunctions({ ...profile, functions: tree.functions },
				     query);
	const covered = new Uint8Array(tree.count);
	const seen = new Uint8Array(tree.functions.count);
	const tops: number[] = [];
	let width = 0;
	let places = 0;

	for (let i = 1; i < tree.count; i++) {
		const fn = tree.fn[i];

		covered[i] = covered[tree.parent[i]];
		if ((i & YIELD_MASK) === 0)
			yield;
		if (!found[fn])
			continue;
		places++;
		seen[fn] = 1;
		if (!covered[i]) {
			tops.push(i);
			width += tree.width[i];
		}
		covered[i] = 1;
	}
	yield;
	tops.sort((a, b) => tree.width[b] - tree.width[a] || a - b);
	return { query, found, places, tops: Int32Array.from(tops),
		 functionCount: seen.reduce((sum, one) => sum + one, 0),
		 share: tree.width[0] ? width / tree.width[0] : 0 };
}
