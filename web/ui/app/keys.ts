// SPDX-License-Identifier: Apache-2.0
// Keys that work everywhere. A view may have some of its own first.
import { rangeKeys } from "./parts/range";
import { NEXT_THEME, singleKeys, theme } from "./state/preferences";
import { togglePause } from "./state/selection";

type KeyHandler = (event: KeyboardEvent) => boolean;

const handlers = new Set<KeyHandler>();

/** Asked before the keys below; true: it was one of the view's. */
export function addKeys(handler: KeyHandler): () => void {
	handlers.add(handler);
	return () => handlers.delete(handler);
}

function isTyping(target: EventTarget | null): boolean {
	return target instanceof HTMLElement && target.matches(
		"input:not([type=checkbox]), textarea, select, [contenteditable], .editor");
}

function click(selector: string): void {
	document.querySelector<HTMLElement>(selector)?.click();
}

const KEYS: Readonly<Record<string, () => void>> = {
	...rangeKeys,
	" ": togglePause,
	"+": () => click(".add"),
	gg: () => {
		theme.value = NEXT_THEME[theme.value];
	},
};

function isPress(target: EventTarget | null, key: string): boolean {
	return key === " " && target instanceof HTMLElement &&
		target.matches("button, a, summary, input");
}

/** "g" leads to a view: the key that comes within so long says to which. */
const LEAD_MS = 2000;

let ledAt = -LEAD_MS;

/** @views: by their keys, "1" or "gh". */
export function pressed(
	event: KeyboardEvent,
	views: Readonly<Record<string, () => void>>,
	onHelp: () => void
): void {
	const { key, target } = event;

	if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey ||
	    isTyping(target) || isPress(target, key) || !singleKeys.peek() ||
	    document.querySelector("dialog[open]"))
		return;
	const led = event.timeStamp - ledAt < LEAD_MS;
	const keys = led ? `g${key}` : key;
	const action = keys === "?" ? onHelp : (views[keys] ?? KEYS[keys]);

	ledAt = keys === "g" ? event.timeStamp : -LEAD_MS;
	// Digits are views everywhere; else the view's own keys come first.
	for (const handler of led || views[keys] ? [] : handlers) {
		if (handler(event))
			return event.preventDefault();
	}
	if (!action)
		return;
	event.preventDefault();
	action();
}
