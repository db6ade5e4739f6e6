// SPDX-License-Identifier: Apache-2.0
// Where a person was in a tree, to be found again in the next one: what is
// zoomed and selected by name, the part that is seen as shares of what is
// zoomed.
import { findKey, followKeys, nodeKey, pathKeys } from "../model/path";
import type { Tree } from "../model/tree";
import type { Pane } from "./pane";

export interface Place {
	zoomed: string[]; // keys from below the root
	selected: string[];
	from: number; // shares of the zoomed
	to: number;
}

export function placeIn({ tree, zoomed, selected, from, to }: Pane): Place {
	const start = tree.start[zoomed];
	const width = tree.width[zoomed] || 1;

	return { zoomed: pathKeys(tree, zoomed),
		 selected: pathKeys(tree, selected),
		 from: (from - start) / width, to: (to - start) / width };
}

/** @key: the node that is to be zoomed; where it has gone, its nearest caller. */
export function returnTo(pane: Pane, place: Place | null, key: string) {
	const { tree } = pane;
	const last = place?.zoomed[place.zoomed.length - 1] ?? "";
	const isSame = place !== null && last === key;
	const node = isSame ? followKeys(tree, place.zoomed) :
		Math.max(0, findKey(tree, key));
	const start = tree.start[node];
	const width = tree.width[node] || 1;

	pane.zoomed = node;
	pane.selected = isSame ? followKeys(tree, place.selected) : node;
	if (isSame && nodeKey(tree, node) === key)
		pane.setWindow(start + place.from * width,
			       start + place.to * width);
	else
		pane.setWindow(start, start + width);
}

export function keyOf(tree: Tree, node: number): string {
	return nodeKey(tree, node);
}
