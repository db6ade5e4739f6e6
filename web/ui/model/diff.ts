// SPDX-License-Identifier: Apache-2.0
// Two profiles as one, and how much a node has changed. Shares are compared,
// not samples: the two may be of different length.
import { PairMap } from "./pair_map";
import type { Functions, Profile } from "./profile";
import { baseName, fileOf, kindOf, moduleOf } from "./place";
import type { Tree } from "./tree";

/** From -1 (has gone) over 0 (as before) to 1 (is new). */
export function changeOf(tree: Tree, node: number): number {
	const before = shareBefore(tree, node);
	const after = shareAfter(tree, node);
	const larger = Math.max(before, after);

	return larger ? (after - before) / larger : 0;
}

export function shareBefore(tree: Tree, node: number): number {
	const { totalBefore } = tree;

	return totalBefore?.[0] ? totalBefore[node] / totalBefore[0] : 0;
}

export function shareAfter(tree: Tree, node: number): number {
	return tree.totalSamples[0] ?
		tree.totalSamples[node] / tree.totalSamples[0] : 0;
}

// Names of files and modules of a second profile, among those of a first.
function joinTexts(first: string[], second: string[]): { all: string[];
							  to: Int32Array } {
	const all = [...first];
	const known = new Map(all.map((text, i) => [text, i]));
	const to = new Int32Array(second.length + 1);

	second.forEach((text, i) => {
		let at = known.get(text);

		if (at === undefined) {
			at = all.push(text) - 1;
			known.set(text, at);
		}
		to[i + 1] = at + 1;
	});
	return { all, to };
}

// What makes a function the same one in another version of a program: not the
// line at which it begins.
function functionKey(profile: Profile, fn: number): string {
	return [kindOf(profile, fn), profile.functions.names[fn],
		fileOf(profile, fn), baseName(moduleOf(profile, fn))].join("\0");
}

interface JoinedFunctions {
	functions: Functions;
	files: string[];
	modules: string[];
	to: Int32Array; // of each function of the second
}

function joinFunctions(first: Profile, second: Profile): JoinedFunctions {
	const files = joinTexts(first.files, second.files);
	const modules = joinTexts(first.modules, second.modules);
	const known = new Map<string, number>();
	const { functions: a } = first;
	const { functions: b } = second;
	const to = new Int32Array(b.count);
	const added: number[] = [];

	for (let fn = a.count - 1; fn >= 0; fn--)
		known.set(functionKey(first, fn), fn);
	for (let fn = 1; fn < b.count; fn++) {
		const key = functionKey(second, fn);

		if (!known.has(key)) {
			known.set(key, a.count + added.length);
			added.push(fn);
		}
		to[fn] = known.get(key)!;
	}
	const join = (of: (functions: Functions) => ArrayLike<number>,
		      map?: Int32Array) =>
		[...Array.from(of(a)), ...added.map((fn) =>
			map ? map[of(b)[fn]] : of(b)[fn])];

	return {
		files: files.all, modules: modules.all, to,
		functions: {
			count: a.count + added.length,
			names: [...a.names, ...added.map((fn) => b.names[fn])],
			kinds: Uint8Array.from(join((f) => f.kinds)),
			files: Int32Array.from(join((f) => f.files, files.to)),
			modules: Int32Array.from(join((f) => f.modules,
						      modules.to)),
			lines: Int32Array.from(join((f) => f.lines)),
			unresolved: Uint8Array.from(join((f) => f.unresolved)),
		},
	};
}

/**
 * Both profiles in one tree, with what was before in nodes.before. Weights are
 * counts of samples then: periods may differ.
 */
export function mergeProfiles(before: Profile, after: Profile): Profile {
	const joined = joinFunctions(after, before);
	const known = new PairMap(after.nodes.count + before.nodes.count);
	const parents = [0];
	const fns = [0];
	const add = (profile: Profile, map: Int32Array | null) => {
		const { count, parent, fn } = profile.nodes;
		const of = new Int32Array(count);

		for (let i = 1; i < count; i++) {
			const f = map ? map[fn[i]] : fn[i];

			of[i] = known.getOrAdd(of[parent[i]], f, parents.length);
			if (of[i] === parents.length) {
				parents.push(of[parent[i]]);
				fns.push(f);
			}
		}
		return of;
	};
	const ofAfter = add(after, null);
	const ofBefore = add(before, joined.to);
	const { count, place } = breadthFirst(parents);
	const sum = (own: Float64Array, of: Int32Array) => {
		const sums = new Float64Array(count);

		for (let i = 0; i < own.length; i++)
			sums[place[of[i]]] += own[i];
		return sums;
	};
	const parent = new Int32Array(count);
	const fn = new Int32Array(count);

	for (let i = 0; i < count; i++) {
		parent[place[i]] = place[parents[i]];
		fn[place[i]] = fns[i];
	}
	const samples = sum(after.nodes.samples, ofAfter);

	return { ...after, ...joined, lines: null, threads: [],
		 unit: "samples", scale: 1,
		 nodes: { count, parent, fn, samples, weight: samples,
			  doubt: sum(after.nodes.doubt, ofAfter),
			  before: sum(before.nodes.samples, ofBefore) } };
}

// Where each node goes when they are numbered by depth, and within a depth by
// their parents.
function breadthFirst(parents: number[]): { count: number; place: Int32Array } {
	const count = parents.length;
	const children: number[][] = parents.map(() => []);
	const place = new Int32Array(count);
	const order = [0];

	for (let i = 1; i < count; i++)
		children[parents[i]].push(i);
	for (let at = 0; at < order.length; at++) {
		place[order[at]] = at;
		for (const child of children[order[at]])
			order.push(child);
	}
	return { count, place };
}
