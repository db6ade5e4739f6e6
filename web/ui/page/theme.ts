// SPDX-License-Identifier: Apache-2.0
// Light, dark, or as the system is. Remembered where the browser allows it for
// a page like this.
export type Theme = "auto" | "light" | "dark";

const NEXT: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };
const NAMES: Record<Theme, string> = { auto: "Auto", light: "Light",
				       dark: "Dark" };

export function isTheme(text: string | null | undefined): text is Theme {
	return text === "auto" || text === "light" || text === "dark";
}

export function themeInUse(): Theme {
	const { theme } = document.documentElement.dataset;

	return isTheme(theme) ? theme : "auto";
}

export function rememberedTheme(): Theme {
	try {
		const theme = localStorage.getItem("brindle-theme");

		return isTheme(theme) ? theme : "auto";
	} catch {
		return "auto";
	}
}

export function setTheme(theme: Theme, button: HTMLElement) {
	document.documentElement.dataset.theme = theme;
	button.textContent = NAMES[theme];
	button.setAttribute("aria-label", `Theme: ${NAMES[theme]}`);
	try {
		localStorage.setItem("brindle-theme", theme);
	} catch {
		// Then it is as the system is the next time.
	}
}

export function nextTheme(): Theme {
	return NEXT[themeInUse()];
}
