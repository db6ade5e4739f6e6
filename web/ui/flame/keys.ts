// SPDX-License-Identifier: Apache-2.0
// What each key does, for the graph and for a page's help.

/** For a table of help: keys and what they do. */
export const FLAME_KEYS: [string, string][] = [
	["/", "search"], ["n  N", "next, previous match"],
	["← → ↑ ↓", "move: neighbours, callers, callees"],
	["Enter", "zoom into the selected box"],
	["Esc  Backspace", "one step out"],
	["0", "show everything"],
	["v", "root above or below"],
	["i", "bottom-up: what was on a CPU first"],
	["t", "graph, table of functions, call tree"],
	["f  h  d", "begin at the function, leave out its frames, its stacks"],
	["r  l", "its recursion, its library as one frame"],
	["x", "all calls of the function: callers and callees"],
	["u", "take back the last change"],
	["c  s", "copy the name, the stack"],
	["m", "the menu of the selected box"],
	["Ctrl + wheel", "zoom about the pointer; drag to move"],
];

/** Is a key the control's that has the focus? */
export function isForControl(event: KeyboardEvent): boolean {
	const target = event.target as HTMLElement | null;
	const tag = target?.tagName ?? "";

	if (document.querySelector("dialog[open]") || target?.isContentEditable ||
	    tag === "INPUT" || tag === "SELECT" || tag === "TEXTAREA")
		return true;
	return event.ctrlKey || event.metaKey || event.altKey ||
		(tag === "BUTTON" && (event.key === "Enter" || event.key === " "));
}
