// SPDX-License-Identifier: Apache-2.0
// Long columns of numbers travel as one string each: unsigned LEB128 in
// base64 (schema/show/json.h writes them).

import { runNow, YIELD_MASK, type Work } from "./slices";

/** A string: LEB128 in base64; numbers: as they are. */
export type StoredColumn = string | number[];

// Into one type of array only: loops that see several become slow.
function* decodeText(text: string, count: number): Work<Float64Array> {
	const bytes = atob(text);
	const values = new Float64Array(count);
	let at = 0;

	for (let i = 0; i < count; i++) {
		let byte = bytes.charCodeAt(at++);
		let value = byte & 0x7f;

		// Past the end charCodeAt() is NaN, and the loop ends.
		for (let factor = 128; byte >= 0x80; factor *= 128) {
			byte = bytes.charCodeAt(at++);
			value += (byte & 0x7f) * factor;
		}
		values[i] = value;
		if ((i & YIELD_MASK) === YIELD_MASK)
			yield;
	}
	if (at !== bytes.length)
		throw new Error("a column has not as many numbers as it should");
	return values;
}

export function* readReals(stored: StoredColumn, count: number):
		Work<Float64Array> {
	return typeof stored === "string" ? yield* decodeText(stored, count) :
		Float64Array.from(stored);
}

export function* readWhole(stored: StoredColumn, count: number):
		Work<Int32Array> {
	return new Int32Array(yield* readReals(stored, count));
}

export function* readBytes(stored: StoredColumn, count: number):
		Work<Uint8Array> {
	return new Uint8Array(yield* readReals(stored, count));
}

/** Of differences to the value before. */
export function* readDeltas(stored: StoredColumn, count: number):
		Work<Int32Array> {
	const values = yield* readWhole(stored, count);

	for (let i = 1; i < count; i++) {
		values[i] += values[i - 1];
		if ((i & YIELD_MASK) === 0)
			yield;
	}
	return values;
}

type Numbers = Int32Array | Float64Array | Uint8Array;

/** As @values are, but of @length; zeros where there were none. */
export function resized<T extends Numbers>(values: T, length: number): T {
	const made = new (values.constructor as { new(n: number): T })(length);

	made.set(values.subarray(0, length));
	return made;
}

// At once: for columns that are short.
export const decodeReals = (stored: StoredColumn, count: number) =>
	runNow(readReals(stored, count));
export const decodeWhole = (stored: StoredColumn, count: number) =>
	runNow(readWhole(stored, count));
export const decodeBytes = (stored: StoredColumn, count: number) =>
	runNow(readBytes(stored, count));
export const decodeDeltas = (stored: StoredColumn, count: number) =>
	runNow(readDeltas(stored, count));

export function encodeColumn(values: ArrayLike<number>): string {
	let bytes = "";

	for (let i = 0; i < values.length; i++) {
		let value = values[i];

		for (; value >= 128; value = Math.floor(value / 128))
			bytes += String.fromCharCode(value % 128 + 128);
		bytes += String.fromCharCode(value);
	}
	return btoa(bytes);
}
