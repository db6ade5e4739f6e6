// SPDX-License-Identifier: Apache-2.0
// How much time the timeline shows: the range that was chosen, and enough
// around it to choose another. Pure; microseconds.

export interface Span { fromUs: number; toUs: number }

const MINUTE = 60e6;
const LIVE_SPANS = [15, 60, 6 * 60, 24 * 60, 7 * 24 * 60].map((minutes) => minutes * MINUTE);
/** A chosen range narrower than this share cannot be seen well. */
const LEAST_SHARE = 1 / 40;
const AROUND = 10;

function around(chosen: Span, whole: Span): Span {
	const middle = (chosen.fromUs + chosen.toUs) / 2;
	const half = Math.max(chosen.toUs - chosen.fromUs, 1e5) * AROUND / 2;

	return {
		fromUs: Math.max(whole.fromUs, Math.round(middle - half)),
		toUs: Math.min(whole.toUs, Math.round(middle + half)),
	};
}

/** @open: the range ends now, and so does what is shown. */
export function contextOf(chosen: Span, whole: Span, live: boolean, open: boolean): Span {
	const length = chosen.toUs - chosen.fromUs;
	const spans = live ? LIVE_SPANS : [whole.toUs - whole.fromUs];

	if (open && live)
		return chosen;
	for (const span of spans) {
		const candidate = { fromUs: whole.toUs - span, toUs: whole.toUs };

		if (chosen.fromUs >= candidate.fromUs - 1 && length >= span * LEAST_SHARE)
			return candidate;
	}
	return around(chosen, whole);
}

export function covers(chosen: Span, context: Span): boolean {
	const slack = (context.toUs - context.fromUs) / 200;

	return chosen.fromUs <= context.fromUs + slack && chosen.toUs >= context.toUs - slack;
}
