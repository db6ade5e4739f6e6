// SPDX-License-Identifier: Apache-2.0
// How much a node of two profiles in one tree has changed. Shares are compared,
// not samples: the two may be of different length.
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
