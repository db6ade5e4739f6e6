// SPDX-License-Identifier: Apache-2.0
// What the parts around the graph (bar, path, legend, tables) may ask of it.
import type { Profile } from "../model/profile";
import type { Search } from "../model/search";
import type { FlameState } from "../model/state";
import type { GroupSum, KindSums } from "../model/sums";
import type { Tree } from "../model/tree";
import type { Palette } from "./colors";
import type { MenuItem } from "./menu";

export interface Controller {
	readonly profile: Profile;
	readonly kinds: KindSums;
	readonly groups: GroupSum[] | null; // where they have the colours
	readonly palette: Palette;
	readonly tree: Tree;
	readonly state: FlameState;
	readonly search: Search | null;
	readonly zoomed: number;
	/** By the person. */
	change(change: Partial<FlameState>): void;
	zoom(node: number): void;
	/** Selects it, and shows it where it is drawn. */
	select(node: number): void;
	stepMatch(step: number): void;
	/** Shows all places of a function in the graph. */
	findFunction(fn: number): void;
	openMenu(button: HTMLElement, items: (MenuItem | null)[]): void;
	openFrameMenu(node: number, x: number, y: number): void;
}

/** A part that shows something of the state. */
export interface Part {
	readonly element: HTMLElement;
	/** Another tree, state or search. */
	show(controller: Controller): void;
}
