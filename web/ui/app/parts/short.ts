// SPDX-License-Identifier: Apache-2.0
// Sentences about a profile in words that fit a corner of the page. Pure.

const SHORT = 44;

// What is said most often, in words that fit everywhere.
const SHORTER: readonly (readonly [RegExp, string])[] = [
	[/^([\d.]+ %) of the Python samples are (?:not proven|unproven).*/s, "$1 not proven"],
	[/^([\d.]+ %) of the samples were (lost|dropped).*/s, "$1 $2"],
	[/^([\d.]+ %) of the stacks are cut.*/s, "$1 of stacks cut"],
	[/^sampling at (\d+ Hz) instead of.*/s, "Only $1"],
	[/^the daemon does not run.*/s, "The daemon does not run"],
];

/** A sentence about the profile, short enough for a corner. */
export function shortened(text: string): string {
	const known = SHORTER.find(([pattern]) => pattern.test(text));
	const short = known ? text.replace(...known) : text.replace(/[;:(].*/s, "").trim();

	return short.length > SHORT ? `${short.slice(0, SHORT - 1)}…` : short;
}
