// SPDX-License-Identifier: Apache-2.0
// What to leave out and what to put together, as rules for each function.
import { resized } from "./columns";
import { baseName, fileOf, groupOf, isImport, isInterpreter, kindOf, libraryOf,
	 moduleOf, type GroupBy } from "./place";
import { KINDS, KIND_GAP, type Functions, type Profile } from "./profile";
import type { FlameState, Preset, Transform } from "./state";

export type Shape = Pick<FlameState, "hidden" | "presets" | "transforms" |
				     "grain">;

export interface Rules {
	functions: Functions; // with those added that stand for a library
	to: Int32Array; // what a function is shown as: itself, mostly
	skip: Uint8Array; // its frames are left out
	drop: Uint8Array; // stacks with it are
	fold: Uint8Array; // its recursion is one frame
	foldNext: Uint8Array; // only where it calls itself at once
	focus: Uint8Array[]; // stacks begin there, one after the other
	only: Int32Array; // bits: which of the needed ones it is
	onlyAll: number; // bits: all that a stack needs
}

const ONLY_MOST = 30; // bits of a whole number
// As the place of a transform: it means all functions of a group.
const GROUP_PLACES: Record<string, GroupBy> = {
	"*file": "file", "*module": "module",
};

/** Does @transform mean function @fn? */
function isMeant(profile: Profile, transform: Transform, fn: number): boolean {
	if (profile.functions.kinds[fn] === KIND_GAP)
		return false;
	if (transform.type === "library")
		return libraryOf(profile, fn) === transform.name;
	if (Object.hasOwn(GROUP_PLACES, transform.place))
		return groupOf(profile, fn, GROUP_PLACES[transform.place]) ===
			transform.name;
	return profile.functions.names[fn] === transform.name &&
		(!transform.place || transform.place === fileOf(profile, fn) ||
		 transform.place === moduleOf(profile, fn));
}

function meantBy(profile: Profile, transform: Transform): Uint8Array {
	const meant = new Uint8Array(profile.functions.count);

	for (let fn = 0; fn < meant.length; fn++)
		meant[fn] = isMeant(profile, transform, fn) ? 1 : 0;
	return meant;
}

function addInto(sum: Uint8Array, flags: Uint8Array) {
	for (let i = 0; i < flags.length; i++)
		sum[i] |= flags[i];
}

const PRESET_SKIPS: Record<Preset,
			   ((profile: Profile, fn: number) => boolean) | null> = {
	python: (profile, fn) => kindOf(profile, fn) !== "python",
	interpreter: isInterpreter,
	import: isImport,
	recursion: null,
};

function skipKindsAndPresets(profile: Profile, shape: Shape, rules: Rules) {
	const { kinds, count, labels } = profile.functions;
	const hidden = shape.hidden.map((kind) => KINDS.indexOf(kind));

	for (let fn = 0; fn < count; fn++) {
		const isHidden = kinds[fn] !== KIND_GAP && labels?.[fn] === undefined &&
			(hidden.includes(kinds[fn]) || shape.presets.some((preset) =>
				PRESET_SKIPS[preset]?.(profile, fn)));

		if (isHidden)
			rules.skip[fn] = 1;
	}
	if (shape.presets.includes("recursion"))
		rules.foldNext.fill(1);
}

// A function that stands for all of a library: of the kind of its first one.
function addLibrary(profile: Profile, rules: Rules, meant: Uint8Array,
		    name: string) {
	const first = meant.indexOf(1);

	if (first < 0)
		return;
	const { functions } = rules;
	const fn = functions.count++;
	const grow = <T extends Uint8Array | Int32Array>(values: T) =>
		resized(values, functions.count);

	functions.names = [...functions.names, `[${baseName(name)}]`];
	functions.kinds = grow(functions.kinds);
	functions.kinds[fn] = profile.functions.kinds[first];
	functions.files = grow(functions.files);
	functions.modules = grow(functions.modules);
	functions.modules[fn] = profile.functions.modules[first];
	functions.lines = grow(functions.lines);
	functions.unresolved = grow(functions.unresolved);
	rules.fold = grow(rules.fold);
	rules.foldNext = grow(rules.foldNext);
	rules.foldNext[fn] = 1;
	for (let i = 0; i < meant.length; i++)
		if (meant[i])
			rules.to[i] = fn;
}

function addTransform(profile: Profile, rules: Rules, transform: Transform) {
	const meant = meantBy(profile, transform);
	let bit = 0;

	switch (transform.type) {
	case "focus":
		// Of a function that is not there nothing would be left.
		if (meant.includes(1))
			rules.focus.push(meant);
		break;
	case "only":
		while (rules.onlyAll & 1 << bit)
			bit++;
		if (bit >= ONLY_MOST)
			break;
		rules.onlyAll |= 1 << bit;
		meant.forEach((is, fn) => { rules.only[fn] |= is << bit; });
		break;
	case "drop":
		addInto(rules.drop, meant);
		break;
	case "hide":
		addInto(rules.skip, meant);
		break;
	case "recursion":
		addInto(rules.fold, meant);
		break;
	case "library":
		addLibrary(profile, rules, meant, transform.name);
		break;
	}
}

// Unique: places in a graph are found again by names.
function labelOf(group: string, by: GroupBy, taken: Set<string>): string {
	const short = group.startsWith("<") ? group :
		group.split("/").slice(by === "file" ? -2 : -1).join("/");
	const label = taken.has(short) ? group : short;

	taken.add(label);
	return label;
}

// The first function of a file, or a binary, becomes the box for all of it;
// where one of them calls another there is nothing to be seen.
function groupFunctions(profile: Profile, rules: Rules, by: GroupBy) {
	const { functions, to } = rules;
	const { count, kinds, labels } = profile.functions;
	const boxes = new Map<string, number>();
	const taken = new Set<string>();

	functions.by = by;
	functions.names = [...functions.names];
	functions.lines = functions.lines.slice();
	functions.unresolved = functions.unresolved.slice();
	if (by === "module")
		functions.files = new Int32Array(functions.count);
	for (let fn = 1; fn < count; fn++) {
		if (kinds[fn] === KIND_GAP || to[fn] !== fn || labels?.[fn] !== undefined)
			continue;
		const group = groupOf(profile, fn, by);
		const box = boxes.get(group) ?? fn;

		to[fn] = box;
		if (box !== fn)
			continue;
		boxes.set(group, fn);
		functions.names[fn] = labelOf(group, by, taken);
		functions.lines[fn] = functions.unresolved[fn] = 0;
		rules.foldNext[fn] = 1;
	}
}

export function makeRules(profile: Profile, shape: Shape): Rules {
	const { count } = profile.functions;
	const rules: Rules = {
		functions: { ...profile.functions },
		to: Int32Array.from({ length: count }, (_, fn) => fn),
		skip: new Uint8Array(count), drop: new Uint8Array(count),
		fold: new Uint8Array(count), foldNext: new Uint8Array(count),
		focus: [], only: new Int32Array(count), onlyAll: 0,
	};

	skipKindsAndPresets(profile, shape, rules);
	for (const transform of shape.transforms)
		addTransform(profile, rules, transform);
	if (shape.grain === "file" || shape.grain === "module")
		groupFunctions(profile, rules, shape.grain);
	return rules;
}

export function isPlainShape(shape: Shape): boolean {
	return !shape.hidden.length && !shape.presets.length &&
		!shape.transforms.length &&
		(shape.grain === "function" || shape.grain === "line");
}

/** The transform of @type that means all functions of a file, or a binary. */
export function groupTransform(type: Transform["type"], name: string,
			       by: GroupBy): Transform {
	return { type, name, place: `*${by}` };
}

/** The transform of @type that means function @fn of @profile. */
export function transformFor(profile: Profile, type: Transform["type"],
			     fn: number): Transform {
	if (type === "library")
		return { type, name: libraryOf(profile, fn), place: "" };
	if (profile.functions.by)
		return groupTransform(type, groupOf(profile, fn,
			profile.functions.by), profile.functions.by);
	return { type, name: profile.functions.names[fn],
		 place: fileOf(profile, fn) || moduleOf(profile, fn) };
}

export function describeTransform({ type, name, place }: Transform): string {
	const words: Record<Transform["type"], string> = {
		focus: "from", only: "only with", drop: "without stacks with",
		hide: "without", recursion: "recursion as one:",
		library: "as one:",
	};

	return `${words[type]} ${type === "library" || place[0] === "*" ?
		baseName(name) : name}`;
}
