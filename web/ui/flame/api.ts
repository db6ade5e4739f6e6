// SPDX-License-Identifier: Apache-2.0
// The flame graph: one component for the dashboard, the exported page and the
// results of SQL. No framework; one element is its own, the rest of the page
// does not concern it.
//
//	import { FlameGraph } from "./flame/flame_graph";
//	import { readProfile } from "./model/document";
//
//	const graph = new FlameGraph(host, {
//		onState: (state) => writeAddress(state),
//	});
//	const said = await response.json();
//	await graph.setProfile(() => readProfile(said));
//	graph.setState({ search: "json", flip: true });
//	...
//	graph.destroy();
//
// The host is an element with a height; the graph fills it. Styles are in
// flame/flame.css (one @import), colours are the tokens of style/tokens.css.
//
// Live: setProfile() again, each second if need be. What is zoomed, selected
// and searched stays, by name; a profile that comes while the one before is
// still worked on takes its place.
//
// Keys work where the focus is inside of the graph. A page that wants "/" to
// work everywhere hands its keydown events to handleKey().
//
// Nothing here makes markup of data: names are hostile text.
import type { Profile } from "../model/profile";
import type { Work } from "../model/slices";
import type { FlameState, View } from "../model/state";
import type { Frame } from "./frame";

export type { Kind, Profile } from "../model/profile";
export { INITIAL_STATE } from "../model/state";
export type { ColorBy, FlameState, FunctionOrder, Grain, Preset, Transform, TransformType,
	      View } from "../model/state";
export type { Frame } from "./frame";

// A line of the menu of a frame, after those that are always there.
export interface FlameAction {
	label: string;
	key?: string; // one letter, works on the selected frame
	applies?(frame: Frame): boolean;
	run(frame: Frame): void;
}

export interface FlameOptions {
	label?: string; // accessible name; "Flame graph"
	state?: Partial<FlameState>; // at first
	views?: View[]; // those on offer; all
	bar?: boolean; // search, views and switches above it; true
	details?: boolean; // the docked line; true
	presets?: boolean; // presets are on offer; true
	lines?: boolean; // so are boxes that are lines; false
	digits?: boolean; // 1 to 4 show and leave out kinds of frames; true
	actions?: FlameAction[]; // e.g. source lines, SQL
	// The views "functions" and "tree"; without it they are not there.
	tables?(): Promise<typeof import("./tables")>;
	// Instead of the two graphs that the component itself can show.
	onSandwich?(frame: Frame): void;
	// After the person changed something, not after setState().
	onState?(state: FlameState): void;
	// After each drawing of a new tree: what there is to see.
	onDrawn?(nodes: number, milliseconds: number): void;
	empty?: { title: string; text: string[] }; // when there are no samples
}

// A profile, or how to come by it, in slices; it may be asked for again when
// the state changes meanwhile.
export type ProfileSource = Profile | (() => Work<Profile>);

export interface FlameGraphApi {
	/** Resolves when it is drawn, or another one has taken its place. */
	setProfile(profile: ProfileSource): Promise<void>;
	readonly state: FlameState;
	setState(change: Partial<FlameState>): Promise<void>;
	/** A key pressed elsewhere; true: it was one of the graph's. */
	handleKey(event: KeyboardEvent): boolean;
	focus(): void;
	/** Colours were changed by other than the system. */
	refreshTheme(): void;
	destroy(): void;
}
