// SPDX-License-Identifier: Apache-2.0
// Numbers and times as people read them. Times say in which zone they are.
import { makeVisible } from "../model/visible";
import { utc } from "./state/preferences";

export {
	formatBytes,
	formatCount,
	formatShare,
	formatTime,
	formatWeight,
	plural,
} from "../model/format";
export { makeVisible };

interface Precision {
	date?: boolean;
	seconds?: boolean;
	milliseconds?: boolean;
}

function zoneOptions(): Intl.DateTimeFormatOptions {
	return utc.value ? { timeZone: "UTC" } : {};
}

// sv-SE writes 2026-11-20 14:30:05.
export function timeText(
	us: number,
	{ date = false, seconds = true, milliseconds = false }: Precision = {}
): string {
	const options: Intl.DateTimeFormatOptions = {
		...zoneOptions(),
		hour: "2-digit",
		minute: "2-digit",
	};

	if (seconds)
		options.second = "2-digit";
	if (date)
		Object.assign(options, { year: "numeric", month: "2-digit", day: "2-digit" });
	const text = new Intl.DateTimeFormat("sv-SE", options).format(us / 1000);
	const fraction = String(Math.floor(us / 1000) % 1000).padStart(3, "0");

	return milliseconds ? `${text}.${fraction}` : text;
}

/** "CET", "UTC", "GMT+5:30". */
export function zoneText(us: number): string {
	const parts = new Intl.DateTimeFormat("en-GB", {
		...zoneOptions(),
		timeZoneName: "short",
	}).formatToParts(us / 1000);

	return parts.find((part) => part.type === "timeZoneName")?.value ?? "";
}

export function dayText(us: number): string {
	return timeText(us, { date: true }).slice(0, 10);
}

/** What was recorded, which may be said by options alone: of all, by PID. */
export function recordingText(command: string): string {
	return makeVisible(command.replace(/^-/, "brindle record -"));
}

/** "2026-11-20 14:30:05 to 14:45:05 CET", the day said once when it is one. */
export function rangeText(fromUs: number, toUs: number): string {
	const fine = toUs - fromUs < 10e6;
	const sameDay = dayText(fromUs) === dayText(toUs);
	const from = timeText(fromUs, { date: true, milliseconds: fine });

	if (fromUs === toUs)
		return `${from} ${zoneText(toUs)}`;
	const to = timeText(toUs, { date: !sameDay, milliseconds: fine });

	return `${from} to ${to} ${zoneText(toUs)}`;
}

export function baseName(path: string): string {
	return path.slice(path.lastIndexOf("/") + 1) || path;
}
