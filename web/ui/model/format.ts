// SPDX-License-Identifier: Apache-2.0
// Numbers and times as people read them.

export function formatCount(count: number): string {
	return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

export function plural(count: number, one: string, many = `${one}s`): string {
	return `${formatCount(count)} ${count === 1 ? one : many}`;
}

export function formatSamples(count: number): string {
	return plural(count, "sample");
}

export function formatShare(part: number, whole: number): string {
	const percent = whole ? 100 * part / whole : 0;

	if (percent === 0 || percent >= 99.995)
		return `${percent ? 100 : 0} %`;
	if (percent >= 99.9)
		return `${Math.floor(percent * 100) / 100} %`;
	return percent < 0.01 ? "< 0.01 %" :
		`${percent.toFixed(percent < 10 ? 2 : 1)} %`;
}

/** Of a share: "+1.25 %", in points of all; "±0 %". */
export function formatChange(share: number): string {
	const percent = Math.abs(100 * share);

	if (percent < 0.005)
		return "±0 %";
	return `${share > 0 ? "+" : "−"}${percent.toFixed(percent < 10 ? 2 : 1)} %`;
}

export function formatTime(ns: number): string {
	const seconds = ns / 1e9;
	const minutes = Math.floor(seconds / 60);

	if (seconds >= 7200)
		return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
	if (seconds >= 120)
		return `${minutes} min ${Math.floor(seconds % 60)} s`;
	if (seconds >= 1 || seconds === 0)
		return `${Number(seconds.toPrecision(3))} s`;
	if (seconds >= 1e-3)
		return `${Number((seconds * 1e3).toPrecision(3))} ms`;
	return `${Number((seconds * 1e6).toPrecision(3))} µs`;
}

/** In the unit of the profile's event, "ns" for most. */
export function formatWeight(weight: number, unit: string): string {
	return unit === "ns" ? formatTime(weight) :
		`${formatCount(weight)}${unit ? ` ${unit}` : ""}`;
}

export function formatBytes(bytes: number): string {
	const units = ["B", "KiB", "MiB", "GiB", "TiB"];
	let unit = 0;

	while (bytes >= 1024 && unit < units.length - 1) {
		bytes /= 1024;
		unit++;
	}
	return `${unit ? bytes.toFixed(bytes < 10 ? 1 : 0) : bytes} ${units[unit]}`;
}

// How far local time is from UTC, as ISO 8601 says it: "+02:00", "Z".
function formatOffset(minutesWest: number): string {
	const minutes = Math.abs(minutesWest);
	const pad = (number: number) => String(number).padStart(2, "0");

	if (!minutes)
		return "Z";
	return `${minutesWest < 0 ? "+" : "−"}${pad(Math.floor(minutes / 60))}:` +
		pad(minutes % 60);
}

/** "2026-05-04 12:30:01 +02:00"; "": 0 is no time. @utc: of no place. */
export function formatDate(us: number, utc = false, zone = true): string {
	const date = new Date(us / 1000);
	const west = utc ? 0 : date.getTimezoneOffset();
	const shown = new Date(date.getTime() - west * 60000);

	if (!us || Number.isNaN(shown.getTime()))
		return "";
	const text = shown.toISOString().slice(0, 19).replace("T", " ");

	return zone ? `${text} ${formatOffset(west)}` : text;
}

export function capitalize(word: string): string {
	return word.slice(0, 1).toUpperCase() + word.slice(1);
}
