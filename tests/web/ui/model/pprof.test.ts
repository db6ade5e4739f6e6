// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { pprofOf } from "../../../../web/ui/model/pprof";
import { profileOfRows } from "../../../../web/ui/model/rows";

type Field = [number, number | Uint8Array];

function varint(bytes: Uint8Array, at: number): [number, number] {
	let value = 0;

	for (let scale = 1; ; scale *= 128) {
		const byte = bytes[at++]!;

		value += byte % 128 * scale;
		if (byte < 128)
			return [value, at];
	}
}

function fieldsOf(bytes: Uint8Array): Field[] {
	const found: Field[] = [];

	for (let at = 0; at < bytes.length;) {
		const [key, begin] = varint(bytes, at);
		const [value, end] = varint(bytes, begin);
		const data = key % 8 === 2;

		at = data ? end + value : end;
		found.push([key >> 3, data ? bytes.subarray(end, at) : value]);
	}
	return found;
}

const all = (fields: Field[], number: number) =>
	fields.filter(([field]) => field === number).map(([, value]) => value as Uint8Array);

function numbersOf(bytes: Uint8Array): number[] {
	const found: number[] = [];

	for (let at = 0; at < bytes.length;) {
		const [value, next] = varint(bytes, at);

		found.push(value);
		at = next;
	}
	return found;
}

test("stacks and values, as pprof tells them", () => {
	const big = 2 ** 41 + 3;
	const fields = fieldsOf(pprofOf(profileOfRows({ columns: ["stack", "value"],
		rows: [["run;fib", big], ["run;fib;naïve", 1], ["run", 5]] })));
	const texts = all(fields, 6).map((text) => new TextDecoder().decode(text));
	const names = new Map(all(fields, 5).map((one) => {
		const parts = new Map(fieldsOf(one)) as Map<number, number>;

		return [parts.get(1)!, texts[parts.get(2)!]];
	}));
	const locations = new Map(all(fields, 4).map((one) => {
		const parts = new Map(fieldsOf(one));

		return [parts.get(1) as number, (new Map(fieldsOf(parts.get(4) as Uint8Array)).get(1)) as number];
	}));
	const stacks = all(fields, 2).map((sample) => {
		const [[, places], [, values]] = fieldsOf(sample) as [[number, Uint8Array], [number, Uint8Array]];

		return [numbersOf(places).reverse().map((id) => names.get(locations.get(id)!)).join(";"),
			numbersOf(values).at(-1)];
	});

	assert.equal(texts[0], "");
	assert.deepEqual(stacks.sort(), [["run", 5], ["run;fib", big], ["run;fib;naïve", 1]]);
	assert.ok(all(fields, 2).every((sample) =>
		numbersOf(all(fieldsOf(sample), 2)[0]!).length === all(fields, 1).length));
});
