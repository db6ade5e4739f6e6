// SPDX-License-Identifier: Apache-2.0
// The URL is the state: what is shown is said by the parameters of its query,
// and nothing else. Going somewhere is changing some of them.
import { signal } from "@preact/signals";

export type Query = Readonly<Record<string, string>>;
/** undefined or "": the parameter goes. */
export type Patch = Readonly<Record<string, string | undefined>>;

function readQuery(): Query {
	return Object.fromEntries(new URLSearchParams(location.search));
}

export const query = signal<Query>(readQuery());

export function patched(from: Query, patch: Patch): Query {
	const merged: Record<string, string> = { ...from };

	for (const [name, value] of Object.entries(patch)) {
		if (value)
			merged[name] = value;
		else
			delete merged[name];
	}
	return merged;
}

// Readable: "-15m" and "a/b" stay as they are.
export function queryText(values: Query): string {
	const text = new URLSearchParams(values).toString();

	return text ? `?${text.replace(/%2F/g, "/").replace(/%2C/g, ",")
		.replace(/%40/g, "@").replace(/%3A/g, ":")}` : "";
}

export function urlOf(patch: Patch): string {
	return location.pathname + queryText(patched(query.value, patch));
}

/** A step that "back" undoes; "replace" is for what changes while typing. */
export function go(patch: Patch, how: "push" | "replace" = "push"): void {
	const next = patched(query.value, patch);
	const text = queryText(next);

	if (text === queryText(query.value))
		return;
	history[`${how}State`](null, "", location.pathname + text);
	query.value = next;
}

addEventListener("popstate", () => {
	query.value = readQuery();
});
