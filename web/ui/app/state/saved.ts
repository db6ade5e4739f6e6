// SPDX-License-Identifier: Apache-2.0
// Queries that this reader keeps, in this browser.
import { signal } from "@preact/signals";
import { load, save } from "./preferences";

export interface SavedQuery {
	title: string;
	sql: string;
}

const NAME = "queries";
const MOST = 200;

/** What is kept may be of another version, or of another hand. */
export function parseSaved(text: string | null): SavedQuery[] {
	try {
		const list = JSON.parse(text ?? "[]") as unknown;

		return (Array.isArray(list) ? list : []).slice(0, MOST).flatMap((one) => {
			const { title, sql } = (one ?? {}) as Partial<SavedQuery>;

			return typeof title === "string" && typeof sql === "string"
				? [{ title, sql }]
				: [];
		});
	} catch {
		return [];
	}
}

export const savedQueries = signal(parseSaved(load(NAME)));

function keep(list: SavedQuery[]): void {
	savedQueries.value = list.slice(0, MOST);
	save(NAME, JSON.stringify(savedQueries.value));
}

export function forgetQuery(title: string): void {
	keep(savedQueries.value.filter((one) => one.title !== title));
}

/** One of each title: the latest, on top. */
export function saveQuery(query: SavedQuery): void {
	keep([query, ...savedQueries.value.filter(({ title }) => title !== query.title)]);
}

/** What a query calls itself: its first comment, else its first line. */
export function titleOf(sql: string): string {
	const first = sql.trim().split("\n")[0] ?? "";

	return first.replace(/^--\s*/, "").trim().slice(0, 80);
}
