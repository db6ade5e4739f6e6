// SPDX-License-Identifier: Apache-2.0
// Ranges of time as the URL says them: "-15m" (relative to now), "@1763728.5"
// (seconds since 1970), "now". Pure: the clock is an argument, in microseconds.

const SECONDS: Readonly<Record<string, number>> =
	{ s: 1, m: 60, h: 3600, d: 86400, w: 604800 };

/** "-1h30m" in seconds (5400); null when it is no such thing. */
export function parseSpan(text: string): number | null {
	const parts = text.match(/^-((?:\d{1,6}[smhdw])+)$/)?.[1];
	let seconds = 0;

	if (!parts)
		return null;
	for (const [, count, unit] of parts.matchAll(/(\d+)([smhdw])/g))
		seconds += Number(count) * SECONDS[unit!]!;
	return seconds;
}

/** Microseconds of the wall clock; null when only the server can tell. */
export function parsePoint(text: string, nowUs: number): number | null {
	const span = parseSpan(text);
	const absolute = text.match(/^@(\d{1,12}(?:\.\d{1,9})?)$/)?.[1];

	if (text === "now")
		return nowUs;
	if (span !== null)
		return nowUs - span * 1e6;
	return absolute ? Math.round(Number(absolute) * 1e6) : null;
}

/** Rounded to milliseconds, which is as fine as anybody can point. */
export function pointText(us: number): string {
	return `@${(us / 1e6).toFixed(3).replace(/\.?0+$/, "")}`;
}

/** 900 is "15 minutes". */
export function spanWords(seconds: number): string {
	const units: [number, string][] = [
		[604800, "week"], [86400, "day"], [3600, "hour"],
		[60, "minute"], [1, "second"],
	];

	for (const [size, word] of units) {
		const count = seconds / size;

		if (seconds >= size && Number.isInteger(count))
			return `${count} ${word}${count === 1 ? "" : "s"}`;
	}
	return `${Math.round(seconds)} seconds`;
}

/** The end is the present: what is shown moves with time. */
export function isOpen(to: string | undefined): boolean {
	return !to || to === "now";
}
