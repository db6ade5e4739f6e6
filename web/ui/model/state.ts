// SPDX-License-Identifier: Apache-2.0
// What a person chose to see of a profile: small, and plain data, so that an
// address can hold it, and worth the same for the next profile.
import type { Kind } from "./profile";

// What a box is.
export type Grain = "function" | "line" | "file" | "module";

export type ColorBy = "kind" | "file" | "module";

export type View = "graph" | "functions" | "tree";

// Frames that are left out, by a name for the rule.
export type Preset =
	| "python" // Python only
	| "interpreter" // without what the interpreter itself does
	| "import" // without the import machinery
	| "recursion"; // functions that call themselves at once are one frame

export type TransformType =
	| "focus" // begin at the function: who called it does not matter
	| "only" // only stacks with the function
	| "drop" // without stacks that have the function
	| "hide" // without its frames: what they call is their caller's
	| "recursion" // its recursion is one frame
	| "library"; // frames of its library, one after the other, are one

// Functions are named, so that a transform means the same in another profile.
export interface Transform {
	type: TransformType;
	name: string; // of the function, or the library
	// Its file or module; "": any. "*file", "*module": the name is that of
	// the file or binary (model/place.ts, groupOf()), all of which is meant.
	place: string;
}

export interface FlameState {
	view: View;
	search: string; // text, /pattern/, file:..., module:...
	zoom: string; // "": everything; else names one node (model/path.ts)
	flip: boolean; // root below
	invert: boolean; // bottom-up: what is on CPU first, then its callers
	hidden: Kind[]; // kinds of frames that are left out
	presets: Preset[];
	transforms: Transform[];
	threads: number[]; // of Profile.threads; empty: all
	width: "both" | "before" | "after"; // of a comparison
	order: FunctionOrder; // of the view "functions"
	grain: Grain;
	color: ColorBy;
	// All calls of one function: callers above it, callees below.
	sandwich: { name: string; place: string } | null;
}

export type FunctionOrder = "self" | "total" | "name" | "change";

export const INITIAL_STATE: FlameState = {
	view: "graph", search: "", zoom: "", flip: false, invert: false,
	hidden: [], presets: [], transforms: [], threads: [], width: "both",
	order: "self", grain: "function", color: "kind", sandwich: null,
};
