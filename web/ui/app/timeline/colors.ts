// SPDX-License-Identifier: Apache-2.0
// A process keeps its colour as long as the page is open.
const SERIES = 8;
const given = new Map<string, number>();

export function cssColor(name: string): string {
	return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** The heaviest gets the first colour that none of the others has. */
export function giveColors(names: readonly (string | null)[]): void {
	const taken = new Set(names.map((name) => given.get(name ?? "")));

	for (const name of names) {
		let color = 1;

		if (name === null || given.has(name))
			continue;
		while (color < SERIES && taken.has(color))
			color++;
		given.set(name, taken.has(color) ? given.size % SERIES + 1 : color);
		taken.add(given.get(name));
	}
}

/** null: those without a colour of their own. */
export function seriesName(name: string | null): string {
	if (name === null)
		return "--series-rest";
	return `--series-${given.get(name) ?? 1}`;
}
