// SPDX-License-Identifier: Apache-2.0
// Self and total of each function; where it calls itself, total counts once.
import { groupOf, type GroupBy } from "./place";
import { KINDS, KIND_GAP, type Profile } from "./profile";
import { inParts, YIELD_MASK, type Work } from "./slices";
import type { Tree } from "./tree";

export interface FunctionSums {
	self: Float64Array; // samples
	total: Float64Array;
	selfWeight: Float64Array;
	totalWeight: Float64Array;
	selfBefore: Float64Array | null;
	totalBefore: Float64Array | null;
	doubt: Float64Array;
	places: Int32Array;
}

function makeSums(tree: Tree): FunctionSums {
	const { count } = tree.functions;
	const numbers = () => new Float64Array(count);
	const uniform = tree.total === tree.totalSamples;
	const self = numbers();
	const total = numbers();

	return { self, total, doubt: numbers(), places: new Int32Array(count),
		 selfWeight: uniform ? self : numbers(),
		 totalWeight: uniform ? total : numbers(),
		 selfBefore: tree.before && numbers(),
		 totalBefore: tree.before && numbers() };
}

function addSelf(sums: FunctionSums, tree: Tree, node: number) {
	const fn = tree.fn[node];

	sums.places[fn]++;
	sums.self[fn] += tree.samples[node];
	if (sums.selfWeight !== sums.self)
		sums.selfWeight[fn] += tree.weight[node];
	if (sums.selfBefore)
		sums.selfBefore[fn] += tree.before![node];
}

function addTotal(sums: FunctionSums, tree: Tree, node: number) {
	const fn = tree.fn[node];

	sums.total[fn] += tree.totalSamples[node];
	sums.doubt[fn] += tree.doubt[node];
	if (sums.totalWeight !== sums.total)
		sums.totalWeight[fn] += tree.total[node];
	if (sums.totalBefore)
		sums.totalBefore[fn] += tree.totalBefore![node];
}

/** Depth first, without recursion: how often a function is above is counted. */
export function* sumFunctions(tree: Tree): Work<FunctionSums> {
	const { count, parent, fn, first, kids } = tree;
	const sums = makeSums(tree);
	const active = new Int32Array(tree.functions.count);
	let node = 0;

	for (let visited = 0; visited < count; visited++) {
		addSelf(sums, tree, node);
		if (active[fn[node]]++ === 0)
			addTotal(sums, tree, node);
		if ((visited & YIELD_MASK) === 0)
			yield;
		if (kids[node]) {
			node = first[node];
			continue;
		}
		active[fn[node]]--;
		while (node && node + 1 === first[parent[node]] + kids[parent[node]]) {
			node = parent[node];
			active[fn[node]]--;
		}
		node++;
	}
	return sums;
}

/** What each kind of frames has of its own, and whether any are in doubt. */
export interface KindSums {
	selfs: number[]; // samples, by index of KINDS
	present: boolean[];
	all: number;
	doubt: number;
}

export function* sumKinds({ functions, nodes }: Profile): Work<KindSums> {
	const sums = { selfs: KINDS.map(() => 0), present: KINDS.map(() => false),
		       all: 0, doubt: 0 };

	yield* inParts(nodes.count, (from, to) => {
		for (let i = from; i < to; i++) {
			const kind = functions.kinds[nodes.fn[i]];

			sums.all += nodes.samples[i];
			if (i === 0 || kind >= KINDS.length)
				continue;
			sums.selfs[kind] += nodes.samples[i];
			sums.present[kind] = true;
			sums.doubt += nodes.doubt[i];
		}
	});
	return sums;
}

/** Files, or binaries, and what their functions have of their own. */
export interface GroupSum {
	name: string; // groupOf()
	kind: number; // of its first function
	self: number; // samples
}

/** Heaviest first; those that have no node are not among them. */
export function* sumGroups(profile: Profile, by: GroupBy): Work<GroupSum[]> {
	const { functions, nodes } = profile;
	const selfs = new Float64Array(functions.count).fill(-1);
	const groups = new Map<string, GroupSum>();

	yield* inParts(nodes.count, (from, to) => {
		for (let i = Math.max(from, 1); i < to; i++) {
			const fn = nodes.fn[i];

			selfs[fn] = Math.max(selfs[fn], 0) + nodes.samples[i];
		}
	});
	yield* inParts(functions.count, (from, to) => {
		for (let fn = from; fn < to; fn++) {
			const kind = functions.kinds[fn];

			if (selfs[fn] < 0 || kind === KIND_GAP)
				continue;
			const name = groupOf(profile, fn, by);
			const group = groups.get(name) ?? { name, kind, self: 0 };

			group.self += selfs[fn];
			groups.set(name, group);
		}
	});
	return [...groups.values()].sort((a, b) => b.self - a.self);
}
