// SPDX-License-Identifier: Apache-2.0
// What can be done with a frame, by menu or by key.
import type { Profile } from "../model/profile";
import { baseName, libraryOf } from "../model/place";
import { transformFor } from "../model/transform";
import type { Tree } from "../model/tree";
import type { FlameAction, FlameState, Transform, TransformType } from "./api";
import { copyText } from "./dom";
import { frameOf, nameOf, stackText, withFunctions } from "./frame";
import type { MenuItem } from "./menu";

/** Where a menu or a key acts. */
export interface Target {
	profile: Profile;
	tree: Tree;
	node: number;
	state: FlameState;
	actions: FlameAction[];
	zoom(node: number): void;
	change(change: Partial<FlameState>): void;
	find(fn: number): void;
	sandwich(node: number): void;
	announce(text: string): void;
}

const TRANSFORMS: { type: TransformType; key: string; label: string }[] = [
	{ type: "focus", key: "f", label: "Focus: begin here" },
	{ type: "only", key: "", label: "Only stacks with this" },
	{ type: "hide", key: "h", label: "Hide: leave out its frames" },
	{ type: "drop", key: "d", label: "Drop stacks with this" },
	{ type: "recursion", key: "r", label: "Collapse recursion" },
];

function transformOf({ profile, tree, node }: Target,
		     type: TransformType): Transform | null {
	const transform = transformFor(withFunctions(profile, tree), type,
				       tree.fn[node]);

	return node && transform.name ? transform : null;
}

function apply(target: Target, type: TransformType) {
	const transform = transformOf(target, type);

	if (transform)
		target.change({ transforms: [...target.state.transforms, transform],
				zoom: "", sandwich: null });
}

function copyName({ tree, node, announce }: Target) {
	void copyText(nameOf(tree, node)).then(() => announce("Copied the name"));
}

function copyStack({ profile, tree, node, announce }: Target) {
	void copyText(stackText(profile, tree, node))
		.then(() => announce("Copied the stack"));
}

function transformItems(target: Target): MenuItem[] {
	const items = TRANSFORMS.map(({ type, key, label }) =>
		({ label, key, run: () => apply(target, type) }));
	const library = libraryOf(withFunctions(target.profile, target.tree),
				  target.tree.fn[target.node]);

	if (library)
		items.push({ label: `Collapse ${baseName(library)}`, key: "l",
			     run: () => apply(target, "library") });
	return items;
}

function ownItems({ profile, tree, node, actions }: Target): MenuItem[] {
	const frame = frameOf(profile, tree, node);

	return actions.filter(({ applies }) => !applies || applies(frame))
		.map(({ label, key, run }) =>
			({ label, key, run: () => run(frame) }));
}

// A row at the root is no function: nothing calls it.
function isGroup({ tree, node }: Target): boolean {
	return tree.functions.labels?.[tree.fn[node]] !== undefined;
}

function functionItems(target: Target): (MenuItem | null)[] {
	const { tree, node, profile } = target;
	const changes = profile.timed ? [] : [
		{ label: "Callers and callees", key: "x",
		  run: () => target.sandwich(node) }];

	return [
		{ label: "Find all of this function",
		  run: () => target.find(tree.fn[node]) },
		...changes, null, ...transformItems(target),
	];
}

export function menuItems(target: Target): (MenuItem | null)[] {
	const { node } = target;
	const own = ownItems(target);

	return [
		{ label: "Zoom in", key: "Enter", run: () => target.zoom(node) },
		...isGroup(target) ? [] : functionItems(target), null,
		...(own.length ? [...own, null] : []),
		{ label: "Copy name", key: "c", run: () => copyName(target) },
		{ label: "Copy stack", key: "s", run: () => copyStack(target) },
		{ label: "Show everything", key: "0", run: () => target.zoom(0) },
	];
}

/** True: @key does something with the frame, and it is done. */
export function runFrameKey(target: Target, key: string): boolean {
	const transform = TRANSFORMS.find((one) => one.key === key)?.type ??
		(key === "l" ? "library" : null);
	const own = target.actions.find((action) => action.key === key);
	const calls = key === "x" && !target.profile.timed;

	if (!target.node)
		return false;
	if (own)
		ownItems(target).find((item) => item.key === key)?.run();
	else if (key === "c")
		copyName(target);
	else if (key === "s")
		copyStack(target);
	else if (!transform && !calls)
		return false;
	else if (isGroup(target))
		target.announce("This is no function");
	else if (transform)
		apply(target, transform);
	else
		target.sandwich(target.node);
	return true;
}
