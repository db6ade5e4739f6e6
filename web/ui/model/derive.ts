// SPDX-License-Identifier: Apache-2.0
// Another tree of the same profile: without some frames, from a function on,
// of some threads, bottom-up.
import { invert } from "./invert";
import { PairMap } from "./pair_map";
import type { Nodes, Profile } from "./profile";
import { inParts, YIELD_MASK, type Work } from "./slices";
import type { FlameState } from "./state";
import { isPlainShape, makeRules, type Rules } from "./transform";
import { arrange, finishTree, type RawTree, type Tree,
	 type WidthBy } from "./tree";

export interface TreeOptions extends Pick<FlameState, "hidden" | "presets" |
					  "transforms" | "grain" | "invert"> {
	threads: number[];
	width: WidthBy;
}

type Own = Pick<Nodes, "samples" | "weight" | "doubt" | "before">;

// What the threads that are asked for have of each node.
function* ownOf(profile: Profile, threads: number[]): Work<Own> {
	const { count } = profile.nodes;
	const samples = new Float64Array(count);
	const doubt = new Float64Array(count);
	const uniform = profile.nodes.weight === profile.nodes.samples;
	const weight = uniform ? samples : new Float64Array(count);

	for (const index of threads) {
		const thread = profile.threads[index];

		if (thread)
			yield* inParts(thread.node.length, (from, to) => {
				for (let i = from; i < to; i++) {
					const node = thread.node[i];

					samples[node] += thread.samples[i];
					doubt[node] += thread.doubt[i];
					if (!uniform)
						weight[node] += (thread.weight ??
							thread.samples)[i];
				}
			});
	}
	return { samples, weight, doubt, before: null };
}

// What a stack holds, from the root to each node, as bits.
function* keepOnly({ count, parent, fn }: Nodes, rules: Rules): Work<Uint8Array> {
	const bits = new Int32Array(count);
	const kept = new Uint8Array(count);

	yield* inParts(count, (from, to) => {
		for (let i = from; i < to; i++) {
			bits[i] = rules.only[fn[i]] | (i ? bits[parent[i]] : 0);
			kept[i] = bits[i] === rules.onlyAll ? 1 : 0;
		}
	});
	return kept;
}

// Depth first: what has moved up stands between what is beside it in time.
function* depthFirst({ count, parent }: Nodes): Work<Int32Array> {
	const size = new Int32Array(count).fill(1);
	const next = new Int32Array(count);
	const order = new Int32Array(count);

	for (let i = count - 1; i > 0; i--) {
		size[parent[i]] += size[i];
		if ((i & YIELD_MASK) === 0)
			yield;
	}
	next[0] = 1;
	for (let i = 1; i < count; i++) {
		const at = next[parent[i]];

		order[at] = i;
		next[parent[i]] += size[i];
		next[i] = at + 1;
		if ((i & YIELD_MASK) === 0)
			yield;
	}
	return order;
}

// Nodes as they are merged, one after the other; @most: of the profile's.
class Merger {
	count = 1;
	readonly parents: Int32Array;
	readonly fns: Int32Array;
	private known: PairMap;
	private last: Int32Array; // child that was added last; 0: none

	constructor(private rules: Rules, private timed: boolean, most: number) {
		this.parents = new Int32Array(most);
		this.fns = new Int32Array(most);
		this.last = new Int32Array(timed ? most : 0);
		this.known = new PairMap(timed ? 0 : most);
	}

	// The one above that takes a frame of a function that is there already.
	private foldedInto(above: number, fn: number): number {
		const { fold, foldNext } = this.rules;
		let node = above;

		if (foldNext[fn] && this.fns[above] === fn)
			return above;
		if (!fold[fn])
			return -1;
		while (node && this.fns[node] !== fn)
			node = this.parents[node];
		return node || -1;
	}

	/** Where a frame of @fn below node @above goes. */
	place(above: number, fn: number): number {
		const fresh = this.count;
		let node = this.foldedInto(above, fn);

		if (node >= 0)
			return node;
		if (this.timed)
			node = this.last[above] && this.fns[this.last[above]] === fn ?
				this.last[above] : fresh;
		else
			node = this.known.getOrAdd(above, fn, fresh);
		if (node === fresh) {
			this.parents[node] = above;
			this.fns[node] = fn;
			if (this.timed)
				this.last[above] = node;
			this.count++;
		}
		return node;
	}
}

// Which node each of the profile's becomes; -1: none, with all that it has.
function* mergeNodes(profile: Profile, rules: Rules):
		Work<{ merger: Merger; of: Int32Array }> {
	const { count, parent, fn } = profile.nodes;
	const merger = new Merger(rules, profile.timed, count);
	const of = new Int32Array(count).fill(-1);
	const stage = new Int16Array(count); // how many of focus were met
	const stages = rules.focus.length;
	const order = profile.timed ? yield* depthFirst(profile.nodes) : null;

	of[0] = stages ? -1 : 0;
	for (let k = 1; k < count; k++) {
		const i = order ? order[k] : k;
		const above = parent[i];
		const f = fn[i];

		if ((k & YIELD_MASK) === 0)
			yield;
		stage[i] = stage[above];
		if (stage[above] < 0 || rules.drop[f]) {
			stage[i] = -1;
			continue;
		}
		while (stage[i] < stages && rules.focus[stage[i]][f])
			stage[i]++;
		if (stage[i] < stages)
			continue;
		const under = stage[above] < stages ? 0 : of[above];

		of[i] = rules.skip[f] ? under : merger.place(under, rules.to[f]);
	}
	return { merger, of };
}

function* addUp(own: Float64Array, of: Int32Array, kept: Uint8Array | null,
		count: number): Work<Float64Array> {
	const sums = new Float64Array(count);

	yield* inParts(own.length, (from, to) => {
		for (let i = from; i < to; i++)
			if (of[i] >= 0 && (!kept || kept[i]))
				sums[of[i]] += own[i];
	});
	return sums;
}

// Frames that were left out do not lend their doubt to their caller.
function* addUpDoubt(profile: Profile, own: Float64Array, of: Int32Array,
		     rules: Rules, count: number): Work<Float64Array> {
	const { fn } = profile.nodes;
	const sums = new Float64Array(count);

	yield* inParts(own.length, (from, to) => {
		for (let i = from; i < to; i++)
			if (of[i] >= 0 && !rules.skip[fn[i]])
				sums[of[i]] += own[i];
	});
	return sums;
}

function* mergedTree(profile: Profile, options: TreeOptions, own: Own):
		Work<RawTree> {
	const rules = makeRules(profile, options);
	const { merger, of } = yield* mergeNodes(profile, rules);
	const kept = rules.onlyAll ? yield* keepOnly(profile.nodes, rules) : null;
	const { count } = merger;
	const samples = yield* addUp(own.samples, of, kept, count);

	return {
		count, samples, of,
		parent: merger.parents.subarray(0, count),
		fn: merger.fns.subarray(0, count),
		weight: own.weight === own.samples ? samples :
			yield* addUp(own.weight, of, kept, count),
		doubt: yield* addUpDoubt(profile, own.doubt, of, rules, count),
		before: own.before && (yield* addUp(own.before, of, kept, count)),
		functions: rules.functions,
	};
}

/** The tree that @options ask for. */
export function* deriveTree(profile: Profile, options: TreeOptions): Work<Tree> {
	const { nodes, functions, timed } = profile;
	const all = options.threads.length === 0;
	let tree: Tree;

	if (all && isPlainShape(options)) {
		tree = yield* finishTree({ ...nodes, functions, of: null },
					 timed, options.width);
	} else {
		const own = all ? nodes : yield* ownOf(profile, options.threads);

		tree = yield* arrange(yield* mergedTree(profile, options, own),
				      timed, options.width);
	}
	if (!options.invert || timed)
		return tree;
	return yield* arrange(yield* invert(tree), false, options.width);
}

/**
 * All calls of function @fn, whoever made them: who called it (its callers are
 * its children), and whom it calls. Where it calls itself it counts once.
 */
export function* sandwich(tree: Tree, isMeant: (fn: number) => boolean,
			  widthBy: WidthBy): Work<{ callers: Tree; callees: Tree }> {
	const callers = yield* arrange(yield* invert(tree, isMeant), false,
				       widthBy);
	const callees = yield* arrange(yield* below(tree, isMeant), false,
				       widthBy);

	return { callers, callees };
}

// What is below the outermost frames of the functions that are meant.
function* below(tree: Tree, isMeant: (fn: number) => boolean): Work<RawTree> {
	const { count, parent, fn } = tree;
	const known = new PairMap(count);
	const parents = new Int32Array(count);
	const fns = new Int32Array(count);
	const of = new Int32Array(count).fill(-1);
	let end = 1;

	for (let i = 1; i < count; i++) {
		const above = of[parent[i]];

		if ((i & YIELD_MASK) === 0)
			yield;
		if (above < 0 && !isMeant(fn[i]))
			continue;
		of[i] = known.getOrAdd(Math.max(above, 0), fn[i], end);
		if (of[i] === end) {
			parents[end] = Math.max(above, 0);
			fns[end++] = fn[i];
		}
	}
	const sum = (own: Float64Array) => addUp(own, of, null, end);
	const samples = yield* sum(tree.samples);

	return {
		count: end, parent: parents.subarray(0, end),
		fn: fns.subarray(0, end), samples,
		weight: tree.weight === tree.samples ? samples :
			yield* sum(tree.weight),
		doubt: yield* sum(tree.doubt),
		before: tree.before && (yield* sum(tree.before)),
		functions: tree.functions, of: null,
	};
}

