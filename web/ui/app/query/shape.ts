// SPDX-License-Identifier: Apache-2.0
// What can a result be drawn as? By the names of its columns and what is in
// them. Pure.
import { drawableAs } from "../../model/rows";
import type { QueryResult } from "../api/types";

export type Shape = "table" | "chart" | "flame";

const TIME = /(^|_)(us|ns|time|wall|second|minute|hour|day|bucket|start|when|at)(_|$)/i;
const LEAST_ROWS = 2;

function allNumbers(result: QueryResult, column: number): boolean {
	return (
		result.rows.some((row) => row[column] !== null) &&
		result.rows.every((row) => row[column] === null || typeof row[column] === "number")
	);
}

// Microseconds since 1970, where the column is a time; else the number as it is.
export function pointsOf(result: QueryResult): { x: number[]; time: boolean } {
	const name = result.columns[0].name;
	const values = result.rows.map((row) => row[0]);

	if (values.every((value) => typeof value === "string"))
		return {
			x: values.map(
				(value) => Date.parse(String(value).replace(" ", "T")) * 1000
			),
			time: true,
		};
	const numbers = values.map(Number);
	const first = Math.abs(numbers[0] ?? 0);
	const seconds = first / (first > 1e17 ? 1e9 : first > 1e14 ? 1e6 : first > 1e11 ? 1e3 : 1);

	if (!TIME.test(name) || seconds < 1e8 || seconds > 1e11)
		return { x: numbers, time: false };
	return { x: numbers.map((value) => (value / first) * seconds * 1e6), time: true };
}

function isAxis(result: QueryResult): boolean {
	const { x } = pointsOf(result);

	return x.every((value, i) => Number.isFinite(value) && (i === 0 || value >= x[i - 1]!));
}

/** Columns that a line can be drawn of. */
export function linesOf(result: QueryResult): number[] {
	return result.columns.map((_, i) => i).filter((i) => i > 0 && allNumbers(result, i));
}

export function shapesOf(result: QueryResult): Shape[] {
	const shapes: Shape[] = ["table"];

	if (result.rows.length >= LEAST_ROWS && linesOf(result).length && isAxis(result))
		shapes.push("chart");
	if (result.rows.length && drawableAs(result.columns.map(({ name }) => name)))
		shapes.push("flame");
	return shapes;
}

/** What is shown unless somebody chose: a graph, a line over time, a table. */
export function firstShape(result: QueryResult): Shape {
	const shapes = shapesOf(result);

	if (shapes.includes("flame"))
		return "flame";
	return shapes.includes("chart") && pointsOf(result).time ? "chart" : "table";
}

/** Names of ":name" parameters, outside of texts and comments. */
export function parametersOf(sql: string): string[] {
	const bare = sql.replace(
		/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g,
		" "
	);

	return [
		...new Set(
			[...bare.matchAll(/(?<![:\w])[:@$]([A-Za-z_]\w*)/g)].map(
				(found) => found[1]!
			)
		),
	];
}
