// SPDX-License-Identifier: Apache-2.0
// All calls of one function: who called it, above, and whom it calls, below.
import { sandwich } from "../model/derive";
import { fileOf, moduleOf } from "../model/place";
import type { Profile } from "../model/profile";
import type { Work } from "../model/slices";
import type { Tree } from "../model/tree";
import type { FlameState } from "./api";
import type { Palette } from "./colors";
import { make } from "./dom";
import { withFunctions } from "./frame";
import { Pane, type PaneEvents } from "./pane";

export interface SideTrees {
	callers: Tree;
	callees: Tree;
}

/** The trees of the function that @state means. */
export function* sideTrees(profile: Profile, tree: Tree,
			   state: FlameState): Work<SideTrees | null> {
	const { sandwich: of, width } = state;
	const texts = withFunctions(profile, tree);

	if (!of)
		return null;
	const meant = tree.functions.names.map((text, fn) => text === of.name &&
		(!of.place || fileOf(texts, fn) === of.place ||
		 moduleOf(texts, fn) === of.place));

	return yield* sandwich(tree, (fn) => meant[fn], width);
}

export class Sides {
	readonly element = make("div", { className: "flame-sandwich",
					 hidden: true });
	readonly callers: Pane;
	readonly callees: Pane;

	constructor(profile: Profile, tree: Tree, palette: Palette,
		    events: PaneEvents) {
		const pane = (label: string) => {
			const made = new Pane(profile, tree, palette, events, label);

			this.element.append(made.stage);
			return made;
		};

		this.callers = pane("Callers. Arrow keys move.");
		this.callees = pane("Callees. Arrow keys move.");
		this.callers.setFlipped(true);
	}

	get panes(): Pane[] {
		return [this.callers, this.callees];
	}

	show(profile: Profile, trees: SideTrees, found: Uint8Array | null) {
		this.callers.setTree(profile, trees.callers);
		this.callees.setTree(profile, trees.callees);
		this.callers.found = this.callees.found = found;
	}
}
