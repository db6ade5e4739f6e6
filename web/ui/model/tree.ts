// SPDX-License-Identifier: Apache-2.0
// The tree that is drawn. Nodes are numbered breadth first, so that the
// children of a node, and all nodes of one depth, stand side by side, ordered
// by where they are drawn. Everything is columns of numbers and loops over
// them: no objects for nodes, no recursion, for stacks may be 10,000 deep.
import type { Functions } from "./profile";
import { inParts, YIELD_MASK, type Work } from "./slices";

// Nodes in which a parent stands before its children; own values.
export interface RawTree {
	count: number;
	parent: Int32Array;
	fn: Int32Array;
	samples: Float64Array;
	weight: Float64Array; // the same array where all weigh the same
	doubt: Float64Array;
	before: Float64Array | null;
	functions: Functions;
	of: Int32Array | null; // the tree's node of each of the profile's; -1: none
}

export interface Tree extends RawTree {
	timed: boolean;
	depth: Int32Array;
	levels: Int32Array; // first node of each depth, and the end of the last
	first: Int32Array; // child; those of a node stand side by side
	kids: Int32Array;
	totalSamples: Float64Array;
	total: Float64Array; // weight
	totalBefore: Float64Array | null; // samples
	start: Float64Array; // where it is drawn, and how wide
	width: Float64Array;
}

export type WidthBy = "both" | "before" | "after";

function* findLevels(parent: Int32Array): Work<{ depth: Int32Array;
						 levels: Int32Array }> {
	const depth = new Int32Array(parent.length);
	const levels = [0];

	for (let i = 1; i < parent.length; i++) {
		depth[i] = depth[parent[i]] + 1;
		if (depth[i] === levels.length)
			levels.push(i);
		if ((i & YIELD_MASK) === 0)
			yield;
	}
	levels.push(parent.length);
	return { depth, levels: Int32Array.from(levels) };
}

/** Own values and those of everything below. */
export function* sumUp(parent: Int32Array, own: Float64Array): Work<Float64Array> {
	const sums = own.slice();

	for (let i = parent.length - 1; i > 0; i--) {
		sums[parent[i]] += sums[i];
		if ((i & YIELD_MASK) === 0)
			yield;
	}
	return sums;
}

// Widths of a comparison: both profiles are as wide as one another, so that
// what is new and what has gone are both there to be seen.
function* widthsOf(samples: Float64Array, before: Float64Array,
		   by: WidthBy): Work<Float64Array> {
	const old = before[0] && by !== "after" ? 1 / before[0] : 0;
	const now = samples[0] && by !== "before" ? 1 / samples[0] : 0;
	const scale = old && now ? 0.5 : 1;
	const widths = new Float64Array(samples.length);

	yield* inParts(widths.length, (from, to) => {
		for (let i = from; i < to; i++)
			widths[i] = (samples[i] * now + before[i] * old) * scale;
	});
	return widths;
}

function* placeChildren(parent: Int32Array, width: Float64Array):
		Work<{ start: Float64Array; first: Int32Array; kids: Int32Array }> {
	const { length } = parent;
	const start = new Float64Array(length);
	const cursor = new Float64Array(length);
	const first = new Int32Array(length);
	const kids = new Int32Array(length);

	for (let i = 1; i < length; i++) {
		const above = parent[i];

		if (kids[above]++ === 0)
			first[above] = i;
		start[i] = cursor[i] = cursor[above];
		cursor[above] += width[i];
		if ((i & YIELD_MASK) === 0)
			yield;
	}
	return { start, first, kids };
}

/**
 * From own values to totals, children and places. Nodes are in their order
 * already. What a node has of its own lies to the right of its children.
 */
export function* finishTree(raw: RawTree, timed: boolean,
			    widthBy: WidthBy): Work<Tree> {
	const { parent, samples, weight, before } = raw;
	const totalSamples = yield* sumUp(parent, samples);
	const total = weight === samples ? totalSamples :
		yield* sumUp(parent, weight);
	const totalBefore = before ? yield* sumUp(parent, before) : null;
	const width = totalBefore ? yield*
		widthsOf(totalSamples, totalBefore, widthBy) : total;

	return { ...raw, timed, totalSamples, total, totalBefore, width,
		 ...yield* placeChildren(parent, width),
		 ...yield* findLevels(parent) };
}

/** The children of each node: those of i are list[from[i]..from[i + 1]). */
export function* groupChildren(parent: Int32Array):
		Work<{ from: Int32Array; list: Int32Array }> {
	const { length } = parent;
	const from = new Int32Array(length + 1);
	const list = new Int32Array(length);

	yield* inParts(length, (begin, end) => {
		for (let i = Math.max(begin, 1); i < end; i++)
			from[parent[i] + 1]++;
	});
	yield* inParts(length, (begin, end) => {
		for (let i = begin; i < end; i++)
			from[i + 1] += from[i];
	});
	const next = from.slice();

	yield* inParts(length, (begin, end) => {
		for (let i = Math.max(begin, 1); i < end; i++)
			list[next[parent[i]]++] = i;
	});
	return { from, list };
}

// Two or three siblings are the rule: these are put in order by hand.
function sortHeavyFirst(list: Int32Array, begin: number, end: number,
			weight: Float64Array) {
	if (end - begin > 24) {
		list.subarray(begin, end).sort((a, b) =>
			weight[b] - weight[a] || a - b);
		return;
	}
	for (let i = begin + 1; i < end; i++) {
		const node = list[i];
		let at = i;

		for (; at > begin && weight[list[at - 1]] < weight[node]; at--)
			list[at] = list[at - 1];
		list[at] = node;
	}
}

// The order in which nodes are to be numbered: by depth, then heavy before
// light, or as they were added where left to right is time. What weighs
// nothing is left out.
function* breadthFirst(parent: Int32Array, heft: Float64Array,
		       timed: boolean): Work<Int32Array> {
	const { from, list } = yield* groupChildren(parent);
	const order = new Int32Array(parent.length);
	let end = 1;

	for (let at = 0; at < end; at++) {
		const begin = from[order[at]];
		const stop = from[order[at] + 1];

		if (stop - begin > 1 && !timed)
			sortHeavyFirst(list, begin, stop, heft);
		for (let i = begin; i < stop; i++)
			if (heft[list[i]] > 0)
				order[end++] = list[i];
		if ((at & YIELD_MASK) === 0)
			yield;
	}
	return order.subarray(0, end);
}

function* pick<T extends Int32Array | Float64Array>(values: T,
						    order: Int32Array): Work<T> {
	const picked = new (values.constructor as { new(n: number): T })(
		order.length);

	yield* inParts(order.length, (from, to) => {
		for (let i = from; i < to; i++)
			picked[i] = values[order[i]];
	});
	return picked;
}

// New numbers for old ones; what is not there any more stays -1.
function* renumber(nodes: Int32Array, place: Int32Array): Work<Int32Array> {
	const numbers = new Int32Array(nodes.length);

	yield* inParts(nodes.length, (from, to) => {
		for (let i = from; i < to; i++)
			numbers[i] = nodes[i] < 0 ? -1 : place[nodes[i]];
	});
	return numbers;
}

/** What each node has, before and now. */
function* addBoth(samples: Float64Array, before: Float64Array):
		Work<Float64Array> {
	const both = new Float64Array(samples.length);

	yield* inParts(both.length, (from, to) => {
		for (let i = from; i < to; i++)
			both[i] = before[i] + samples[i];
	});
	return both;
}

/** Puts nodes that were added parents first in the order of the drawing. */
export function* arrange(raw: RawTree, timed: boolean,
			 widthBy: WidthBy): Work<Tree> {
	const { parent, weight, before } = raw;
	const own = before ? yield* addBoth(raw.samples, before) : weight;
	const heft = yield* sumUp(parent, own);
	const order = yield* breadthFirst(parent, heft, timed);

	return yield* reorder(raw, order, timed, widthBy);
}

/** @order: which nodes there are to be, breadth first. */
export function* reorder(raw: RawTree, order: Int32Array, timed: boolean,
			 widthBy: WidthBy): Work<Tree> {
	const { parent, weight, before } = raw;
	const place = new Int32Array(raw.count).fill(-1);

	yield* inParts(order.length, (from, to) => {
		for (let i = from; i < to; i++)
			place[order[i]] = i;
	});
	const samples = yield* pick(raw.samples, order);

	return yield* finishTree({
		count: order.length,
		parent: yield* renumber(yield* pick(parent, order), place),
		fn: yield* pick(raw.fn, order),
		samples,
		weight: weight === raw.samples ? samples :
			yield* pick(weight, order),
		doubt: yield* pick(raw.doubt, order),
		before: before && (yield* pick(before, order)),
		functions: raw.functions,
		of: raw.of && (yield* renumber(raw.of, place)),
	}, timed, widthBy);
}
