// SPDX-License-Identifier: Apache-2.0
// Bottom-up: what was on CPU stands first, its callers below. Each node with
// something of its own is a walk to the root; walks that have gone the same
// way so far are one node of the new tree. Level by level, the walks of a node
// stand side by side, so that telling them apart by function needs no map.
import { resized } from "./columns";
import { inParts, YIELD_MASK, type Work } from "./slices";
import type { RawTree, Tree } from "./tree";

// More than this would be no view but a stopped page.
const STEPS_MOST = 30_000_000;

// Walks: where each began, and where it stands now.
interface Walks {
	origin: Int32Array;
	at: Int32Array;
}

type Own = Pick<RawTree, "samples" | "weight" | "before">;

// Where walks begin: nodes that have something of their own, or the outermost
// ones of functions that are meant, with all below them.
function* beginWalks(tree: Tree, isMeant: ((fn: number) => boolean) | null):
		Work<Walks> {
	const { count, parent, fn, weight, samples, before } = tree;
	const origin = new Int32Array(count);
	const inside = new Uint8Array(count);
	let end = 0;

	for (let i = 1; i < count; i++) {
		if ((i & YIELD_MASK) === 0)
			yield;
		if (!isMeant) {
			if (weight[i] || samples[i] || before?.[i])
				origin[end++] = i;
			continue;
		}
		inside[i] = inside[parent[i]];
		if (!inside[i] && isMeant(fn[i])) {
			inside[i] = 1;
			origin[end++] = i;
		}
	}
	return { origin: origin.slice(0, end), at: origin.slice(0, end) };
}

// The new nodes, level by level; nobody knows before how many there will be.
class Columns {
	count = 1;
	parent = new Int32Array(1024);
	fn = new Int32Array(1024);
	samples = new Float64Array(1024);
	weight = new Float64Array(1024);
	doubt = new Float64Array(1024);
	before = new Float64Array(1024);

	add(above: number, fn: number): number {
		const node = this.count++;

		if (node === this.fn.length)
			this.grow();
		this.parent[node] = above;
		this.fn[node] = fn;
		return node;
	}

	private grow() {
		const length = 2 * this.fn.length;

		this.parent = resized(this.parent, length);
		this.fn = resized(this.fn, length);
		this.samples = resized(this.samples, length);
		this.weight = resized(this.weight, length);
		this.doubt = resized(this.doubt, length);
		this.before = resized(this.before, length);
	}
}

// Which node of the level at hand stands for a function below a node: walks of
// one node stand side by side, a stamp says whose slot it is.
class Slots {
	private stamp: Int32Array;
	private slot: Int32Array;

	constructor(functionCount: number) {
		this.stamp = new Int32Array(functionCount).fill(-1);
		this.slot = new Int32Array(functionCount);
	}

	nodeFor(columns: Columns, above: number, fn: number): number {
		if (this.stamp[fn] !== above) {
			this.stamp[fn] = above;
			this.slot[fn] = columns.add(above, fn);
		}
		return this.slot[fn];
	}
}

// The new node of each walk. A walk's own value belongs to the last node of
// its way; of a frame it is in doubt as far as the frame is.
function* settle(columns: Columns, slots: Slots, walks: Walks, above: Int32Array,
		 tree: Tree, own: Own): Work<Int32Array> {
	const { parent, fn, doubt, totalSamples } = tree;
	const nodes = new Int32Array(walks.at.length);

	yield* inParts(nodes.length, (from, to) => {
		for (let i = from; i < to; i++) {
			const at = walks.at[i];
			const origin = walks.origin[i];
			const node = slots.nodeFor(columns, above[i], fn[at]);

			nodes[i] = node;
			if (doubt[at])
				columns.doubt[node] += own.samples[origin] *
					doubt[at] / (totalSamples[at] || 1);
			if (parent[at])
				continue;
			columns.samples[node] += own.samples[origin];
			columns.weight[node] += own.weight[origin];
			if (own.before)
				columns.before[node] += own.before[origin];
		}
	});
	return nodes;
}

// One step to the caller; walks that have come to the root are at an end.
// Those of one node, from @base on, come to stand side by side, by counting.
function* stepUp(walks: Walks, nodes: Int32Array, base: number, end: number,
		 tree: Tree): Work<{ walks: Walks; above: Int32Array }> {
	const { origin, at } = walks;
	const { parent } = tree;
	const place = new Int32Array(end - base + 1);

	yield* inParts(at.length, (from, to) => {
		for (let i = from; i < to; i++)
			if (parent[at[i]])
				place[nodes[i] - base + 1]++;
	});
	yield* inParts(end - base, (from, to) => {
		for (let i = from; i < to; i++)
			place[i + 1] += place[i];
	});
	const count = place[end - base];
	const next = { origin: new Int32Array(count), at: new Int32Array(count) };
	const above = new Int32Array(count);

	yield* inParts(at.length, (from, to) => {
		for (let i = from; i < to; i++) {
			const caller = parent[at[i]];

			if (!caller)
				continue;
			const put = place[nodes[i] - base]++;

			next.origin[put] = origin[i];
			next.at[put] = caller;
			above[put] = nodes[i];
		}
	});
	return { walks: next, above };
}

// Walks that were too long end where they are.
function* cutShort(columns: Columns, walks: Walks, above: Int32Array, own: Own):
		Work<void> {
	yield* inParts(walks.at.length, (from, to) => {
		for (let i = from; i < to; i++) {
			columns.samples[above[i]] += own.samples[walks.origin[i]];
			columns.weight[above[i]] += own.weight[walks.origin[i]];
		}
	});
}

function* finish(columns: Columns, tree: Tree): Work<RawTree> {
	const { count, doubt } = columns;
	const samples = columns.samples.subarray(0, count);

	yield* inParts(count, (from, to) => {
		for (let i = from; i < to; i++)
			doubt[i] = Math.round(doubt[i]);
	});
	return {
		count, samples,
		parent: columns.parent.subarray(0, count),
		fn: columns.fn.subarray(0, count),
		weight: tree.weight === tree.samples ? samples :
			columns.weight.subarray(0, count),
		doubt: doubt.subarray(0, count),
		before: tree.before && columns.before.subarray(0, count),
		functions: tree.functions,
		of: null,
	};
}

/**
 * @isMeant: only the callers of these functions, which are the new tree's
 * first level; null: of everything.
 */
export function* invert(tree: Tree, isMeant: ((fn: number) => boolean) | null =
			null): Work<RawTree> {
	const own = isMeant ? { samples: tree.totalSamples, weight: tree.total,
				before: tree.totalBefore } : tree;
	const slots = new Slots(tree.functions.count);
	const columns = new Columns();
	let walks = yield* beginWalks(tree, isMeant);
	let above: Int32Array = new Int32Array(walks.at.length);
	let steps = 0;

	while (walks.at.length && steps < STEPS_MOST) {
		const base = columns.count;
		const nodes = yield* settle(columns, slots, walks, above, tree, own);

		steps += nodes.length;
		({ walks, above } = yield* stepUp(walks, nodes, base,
						  columns.count, tree));
	}
	yield* cutShort(columns, walks, above, own);
	if (!isMeant) {
		columns.samples[0] = tree.samples[0];
		columns.weight[0] = tree.weight[0];
		columns.before[0] = tree.before?.[0] ?? 0;
	}
	return yield* finish(columns, tree);
}
