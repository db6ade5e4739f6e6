// SPDX-License-Identifier: Apache-2.0
// Which keys lead to which view. Pure.

/**
 * Of each view: its place among the first nine, and "g" with the first letter of
 * its name that neither a view before it has, nor "gg", which is the colours'.
 */
export function viewKeys(names: readonly string[]): string[][] {
	const taken = ["g"];

	for (const name of names)
		taken.push([...name].find((letter) => !taken.includes(letter)) ?? name);
	return names.map((_, i) => [...(i < 9 ? [`${i + 1}`] : []), `g${taken[i + 1]}`]);
}
