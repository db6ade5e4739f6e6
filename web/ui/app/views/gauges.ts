// SPDX-License-Identifier: Apache-2.0
// How full a store is, and how far back it goes, of what it may. Pure.
import { formatBytes, formatCount, plural } from "../../model/format";
import type { StoreReach } from "../api/types";

export interface Gauge {
	name: string;
	/** "512 MiB of 2.0 GiB". */
	words: string;
	/** From 0 to 1; null: there is no limit. */
	share: number | null;
	meaning: string;
}

const LEVELS: Readonly<Record<string, string>> = {
	sample: "Single samples",
	rollup_10s: "Sums of 10 s",
	rollup_10min: "Sums of 10 min",
};

/** 90000 is "25 hours": a length as one says it, exact where it is short. */
export function lengthWords(seconds: number): string {
	const units: [number, string][] = [[86400, "day"], [3600, "hour"], [60, "minute"]];

	for (const [size, word] of units) {
		if (seconds >= 2 * size || seconds === size)
			return plural(Math.floor(seconds / size), word);
	}
	return plural(Math.max(0, Math.floor(seconds)), "second");
}

function of(value: number, limit: number, words: (value: number) => string) {
	return {
		words: limit ? `${words(value)} of ${words(limit)}` : `${words(value)}, no limit`,
		share: limit ? Math.min(1, value / limit) : null,
	};
}

/** @bytes: of the database with its log. */
export function gaugesOf(store: StoreReach, bytes: number, nowUs: number): Gauge[] {
	const whole = {
		name: "Database",
		...of(bytes, store.limit_bytes, formatBytes),
		meaning: "At the limit the oldest of what is largest goes.",
	};

	return [whole, ...store.levels.map((level) => ({
		name: LEVELS[level.name] ?? level.name,
		...of(level.from_us === null ? 0 : (nowUs - level.from_us) / 1e6,
		      level.keep_seconds, lengthWords),
		meaning: `${formatBytes(level.bytes)} in ${formatCount(level.rows)} rows`,
	}))];
}
