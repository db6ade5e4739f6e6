// SPDX-License-Identifier: Apache-2.0
// Where an axis is marked. Pure.

const SECOND = 1e6;
const TIME_STEPS = [
	1e3,
	2e3,
	5e3,
	1e4,
	2e4,
	5e4,
	1e5,
	2e5,
	5e5,
	...[
		1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
		86400, 172800, 604800,
	].map((seconds) => seconds * SECOND),
];
const MOST = 40;

/** @offsetUs: of the zone from UTC, so that days begin at its midnight. */
export function timeTicks(
	fromUs: number,
	toUs: number,
	count: number,
	offsetUs: number
): { stepUs: number; at: number[] } {
	const least = (toUs - fromUs) / Math.max(1, count);
	const stepUs =
		TIME_STEPS.find((step) => step >= least) ??
		Math.ceil(least / (7 * 86400 * SECOND)) * 7 * 86400 * SECOND;
	const first = Math.ceil((fromUs + offsetUs) / stepUs) * stepUs - offsetUs;
	const at: number[] = [];

	for (let us = first; us <= toUs && at.length < MOST; us += stepUs)
		at.push(us);
	return { stepUs, at };
}

/** 0 and some round numbers up to @most. */
export function numberTicks(most: number, count: number): number[] {
	const rough = most / Math.max(1, count);
	const power = 10 ** Math.floor(Math.log10(rough));
	const step =
		[1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ??
		power;
	const at: number[] = [];

	if (!(most > 0) || !Number.isFinite(step))
		return [0];
	for (let i = 0; i * step <= most * 1.0001 && i < MOST; i++)
		at.push(Number((i * step).toPrecision(6)));
	return at;
}
