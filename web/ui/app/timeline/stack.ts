// SPDX-License-Identifier: Apache-2.0
// Rows of the timeline piled up: what is drawn is the top of each pile. Pure.
import { decodeReals } from "../../model/columns";
import type { Timeline } from "../api/types";

export interface Pile {
	/** Microseconds, the beginning of each bucket. */
	starts: number[];
	widthUs: number;
	/** Of each row its name, or null: what the rows leave out. */
	names: (string | null)[];
	values: number[][];
	tops: number[][];
	most: number;
}

/** CPUs busy, when weights are time; else per second. */
export function unitOf(answer: Timeline): number {
	return answer.unit === "ns" ? answer.bucket_us * 1e3 : answer.bucket_us / 1e6;
}

function readRow(text: string, count: number, unit: number): number[] {
	return Array.from(decodeReals(text, count), (weight) => weight / unit);
}

export function pileUp(answer: Timeline): Pile {
	const { count, from_us: fromUs, bucket_us: widthUs } = answer;
	const unit = unitOf(answer);
	const all = readRow(answer.all.weights, count, unit);
	const values = answer.rows.map((row) => readRow(row.weights, count, unit));
	const names: (string | null)[] = answer.rows.map((row) => row.name);
	const rest = all.map((value, i) =>
		Math.max(0, value - values.reduce((sum, row) => sum + row[i], 0)));
	const tops: number[][] = [];

	if (rest.some((value) => value > 1e-6)) {
		values.push(rest);
		names.push(null);
	}
	for (const [row, own] of values.entries())
		tops.push(own.map((value, i) => value + (row ? tops[row - 1][i] : 0)));
	return {
		starts: Array.from({ length: count }, (_, i) => fromUs + i * widthUs),
		widthUs, names, values, tops,
		most: all.reduce((greatest, value) => Math.max(greatest, value), 0),
	};
}
