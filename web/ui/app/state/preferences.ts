// SPDX-License-Identifier: Apache-2.0
// What this reader likes, kept by the browser.
import { effect, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";

// A browser may refuse: then it is forgotten with the page.
export function load(name: string): string | null {
	try {
		return localStorage.getItem(`brindle.${name}`);
	} catch {
		return null;
	}
}

export function save(name: string, value: string): void {
	try {
		localStorage.setItem(`brindle.${name}`, value);
	} catch {
		return;
	}
}

function themeNamed(name: string | null): Theme {
	return name === "light" || name === "dark" ? name : "auto";
}

export const theme = signal<Theme>(themeNamed(load("theme")));
export const utc = signal(load("utc") === "yes");
/** Letters and digits alone do something (WCAG 2.1.4 wants a switch). */
export const singleKeys = signal(load("keys") !== "no");

export const NEXT_THEME: Record<Theme, Theme> = {
	auto: "light", light: "dark", dark: "auto",
};

export function keepPreferences(): void {
	effect(() => {
		const root = document.documentElement;

		if (theme.value === "auto")
			delete root.dataset.theme;
		else
			root.dataset.theme = theme.value;
		save("theme", theme.value);
		dispatchEvent(new Event("themechange"));
	});
	effect(() => save("utc", utc.value ? "yes" : "no"));
	effect(() => save("keys", singleKeys.value ? "yes" : "no"));
}
