// SPDX-License-Identifier: Apache-2.0
// A tree that comes each second, without a jump: siblings stay in the order
// they had, until one has become clearly heavier than the one to its left.
import type { Functions } from "./profile";
import { YIELD_MASK, type Work } from "./slices";
import { groupChildren, reorder, type Tree, type WidthBy } from "./tree";

const CLEARLY = 1.25; // times as wide

// Functions of the new table among those of the old one; -1: it was not there.
function matchFunctions(now: Functions, old: Functions): Int32Array {
	const key = (table: Functions, fn: number) =>
		`${table.kinds[fn]}${table.names[fn]}`;
	const known = new Map<string, number>();

	for (let fn = old.count - 1; fn >= 0; fn--)
		known.set(key(old, fn), fn);
	return Int32Array.from({ length: now.count },
			       (_, fn) => known.get(key(now, fn)) ?? -1);
}

// The node of the old tree that each node of the new one was; -1: none.
function* matchNodes(tree: Tree, old: Tree): Work<Int32Array> {
	const fnOf = matchFunctions(tree.functions, old.functions);
	const match = new Int32Array(tree.count).fill(-1);
	const stamp = new Int32Array(old.functions.count).fill(-1);
	const child = new Int32Array(old.functions.count);

	match[0] = 0;
	for (let node = 0; node < tree.count; node++) {
		const was = match[node];

		if ((node & YIELD_MASK) === 0)
			yield;
		if (was < 0)
			continue;
		for (let i = old.kids[was] - 1; i >= 0; i--) {
			const kid = old.first[was] + i;

			stamp[old.fn[kid]] = node;
			child[old.fn[kid]] = kid;
		}
		for (let i = 0; i < tree.kids[node]; i++) {
			const kid = tree.first[node] + i;
			const fn = fnOf[tree.fn[kid]];

			if (fn >= 0 && stamp[fn] === node)
				match[kid] = child[fn];
		}
	}
	return match;
}

// As they were, new ones last; then who is clearly heavier moves to the left.
function order(siblings: Int32Array, match: Int32Array, width: Float64Array) {
	const rank = (node: number) => match[node] < 0 ? Infinity : match[node];

	siblings.sort((a, b) => rank(a) - rank(b) || a - b);
	for (let i = 1; i < siblings.length; i++) {
		const node = siblings[i];
		let at = i;

		for (; at > 0 && width[node] > CLEARLY * width[siblings[at - 1]]; at--)
			siblings[at] = siblings[at - 1];
		siblings[at] = node;
	}
}

/** @tree as @old was ordered; itself where nothing is different. */
export function* keepSteady(tree: Tree, old: Tree, widthBy: WidthBy): Work<Tree> {
	const match = yield* matchNodes(tree, old);
	const { from, list } = yield* groupChildren(tree.parent);
	const numbers = new Int32Array(tree.count);
	let same = true;
	let end = 1;

	for (let at = 0; at < end; at++) {
		const node = numbers[at];
		const siblings = list.subarray(from[node], from[node + 1]);

		if (siblings.length > 1)
			order(siblings, match, tree.width);
		for (const kid of siblings) {
			same = same && kid === end;
			numbers[end++] = kid;
		}
		if ((at & YIELD_MASK) === 0)
			yield;
	}
	return same ? tree : yield* reorder(
		{ ...tree, of: tree.of ?? numbers.map((_, i) => i) }, numbers,
		false, widthBy);
}
