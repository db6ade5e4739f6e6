// SPDX-License-Identifier: Apache-2.0
// Which two things are compared: parameters of the URL that begin with a_
// (before) and b_ (after).
import { query, type Patch } from "../state/location";
import { pointText, spanWords } from "../state/range";
import { filterQuery, LIVE_FROM, selectionQuery, shownRange } from "../state/selection";
import { status } from "../state/session";

type Range = NonNullable<typeof shownRange.value>;

const SIDE = ["from", "to", "event", "process", "thread", "user", "cgroup"];
const HOUR_US = 3600e6;

function sides(a: Range, b: Range): Patch {
	return {
		a_from: pointText(a.fromUs),
		a_to: pointText(a.toUs),
		b_from: pointText(b.fromUs),
		b_to: pointText(b.toUs),
	};
}

/** What is shown, and as much so much earlier. */
function earlier(range: Range, byUs: number): Patch {
	return sides({ fromUs: range.fromUs - byUs, toUs: range.toUs - byUs }, range);
}

// The halves of what is shown are a first guess worth looking at.
function halves({ fromUs, toUs }: Range): Patch {
	const middle = (fromUs + toUs) / 2;

	return sides({ fromUs, toUs: middle }, { fromUs: middle, toUs });
}

/** What can be compared at once, as far as the profile reaches. */
export function guesses(): [string, Patch][] {
	const shown = shownRange.peek();
	const begin = status.peek()?.range?.from_us ?? Infinity;

	// A store that has just begun is younger than the range.
	if (!shown || begin >= shown.toUs)
		return [];
	const range = { fromUs: Math.max(shown.fromUs, begin), toUs: shown.toUs };
	const length = range.toUs - range.fromUs;
	const span = spanWords(Math.round(length / 1e6));
	const back: [string, number][] = [
		[`Compare with the ${span} before`, length],
		["Compare with an hour earlier", HOUR_US],
		["Compare with the same time yesterday", 24 * HOUR_US],
	];

	return [
		["Compare the two halves of what is shown", halves(range)],
		...back
			.filter(([, byUs]) => byUs >= length && range.toUs - byUs > begin + length / 2)
			.map(([title, byUs]): [string, Patch] => [title, earlier(range, byUs)]),
	];
}

export function isChosen(): boolean {
	return Object.keys(query.value).some((name) => /^[ab]_/.test(name));
}

export function shownAs(side: "a" | "b"): Patch {
	const range = shownRange.peek();

	return range
		? {
				[`${side}_from`]: pointText(range.fromUs),
				[`${side}_to`]: pointText(range.toUs),
			}
		: {};
}

// Two filters are compared in the range that is shown, unless one is said.
function shared(name: string): string | undefined {
	const timed = Object.keys(query.value).some((one) => /^[ab]_(from|to)$/.test(one));

	if (name !== "from" && name !== "to")
		return query.value[name];
	if (timed)
		return undefined;
	return selectionQuery.value[name] ??
		(status.value?.live ? { from: LIVE_FROM, to: "now" }[name] : undefined);
}

export function sidesQuery(): Record<string, string> {
	const ask: Record<string, string> = { ...filterQuery.value };

	for (const side of ["a", "b"]) {
		for (const name of SIDE) {
			const value = query.value[`${side}_${name}`] ?? shared(name);

			if (value)
				ask[`${side}_${name}`] = value;
		}
	}
	return ask;
}

export function swapped(): Patch {
	const patch: Record<string, string | undefined> = {};

	for (const name of SIDE) {
		patch[`a_${name}`] = query.value[`b_${name}`];
		patch[`b_${name}`] = query.value[`a_${name}`];
	}
	return patch;
}
