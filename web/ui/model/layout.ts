// SPDX-License-Identifier: Apache-2.0
// What is to be seen of a row: boxes wide enough to be told apart, and runs of
// those that are not, each of which becomes one box of a pixel. The first
// visible one is found by bisection: a row costs what is seen of it, not what
// there is.
import type { Tree } from "./tree";

/** The first node of [from, to) that ends to the right of @value. */
export function firstEndingAfter(tree: Tree, from: number, to: number,
				 value: number): number {
	const { start, width } = tree;

	while (from < to) {
		const middle = (from + to) >> 1;

		if (start[middle] + width[middle] > value)
			to = middle;
		else
			from = middle + 1;
	}
	return from;
}

export interface Window {
	from: number; // in the tree's width
	to: number;
	pixels: number;
}

/** Of one node: left and right in pixels, within the window. */
export type BoxFn = (node: number, left: number, right: number) => void;
/** Of nodes [from, to), which share the pixel that begins at @left. */
export type RunFn = (from: number, to: number, left: number) => void;

export function visitRow(tree: Tree, depth: number, window: Window,
			 box: BoxFn, run: RunFn) {
	const { start, width } = tree;
	const { from, to, pixels } = window;
	const scale = pixels / (to - from);
	const pixel = 1 / scale;
	const end = tree.levels[depth + 1];
	let node = firstEndingAfter(tree, tree.levels[depth], end, from);

	while (node < end && start[node] < to) {
		const first = node;
		const place = start[node];
		const left = (place - from) * scale;
		const reach = place + pixel;

		if (width[node++] >= pixel) {
			box(first, Math.max(left, 0),
			    Math.min(left + width[first] * scale, pixels));
			continue;
		}
		// Runs are short where nodes are wide, and long where there are
		// many.
		const near = Math.min(end, node + 8);

		while (node < near && start[node] + width[node] <= reach)
			node++;
		if (node === near)
			node = firstEndingAfter(tree, node, end, reach);
		run(first, node, left);
	}
}

/** The node of a row at @value; -1: there is none. */
export function nodeAt(tree: Tree, depth: number, value: number): number {
	if (depth < 0 || depth >= tree.levels.length - 1)
		return -1;
	const end = tree.levels[depth + 1];
	const node = firstEndingAfter(tree, tree.levels[depth], end, value);

	return node < end && tree.start[node] <= value ? node : -1;
}
