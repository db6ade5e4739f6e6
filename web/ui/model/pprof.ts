// SPDX-License-Identifier: Apache-2.0
// A profile as a pprof file (github.com/google/pprof, proto/profile.proto), not
// compressed, which its readers do not ask for. Field numbers are those of the
// format; schema/show/export_pprof.c writes more of it, of more.
import { KIND_GAP, type Profile } from "./profile";

const PROFILE = { type: 1, sample: 2, location: 4, function: 5, text: 6 };

class Message {
	readonly bytes: number[] = [];

	varint(value: number): void {
		while (value > 127) {
			this.bytes.push(value % 128 | 128);
			value = Math.floor(value / 128);
		}
		this.bytes.push(value);
	}

	number(field: number, value: number): this {
		this.varint(field * 8);
		this.varint(value);
		return this;
	}

	data(field: number, data: ArrayLike<number>): this {
		this.varint(field * 8 + 2);
		this.varint(data.length);
		for (let i = 0; i < data.length; i++)
			this.bytes.push(data[i]!);
		return this;
	}

	numbers(field: number, values: number[]): this {
		const list = new Message();

		values.forEach((value) => list.varint(value));
		return this.data(field, list.bytes);
	}
}

class Texts {
	private numbers = new Map([["", 0]]);

	of(text: string): number {
		const known = this.numbers.get(text) ?? this.numbers.size;

		this.numbers.set(text, known);
		return known;
	}

	write(out: Message): void {
		const encoder = new TextEncoder();

		for (const text of this.numbers.keys())
			out.data(PROFILE.text, encoder.encode(text));
	}
}

// One location for each function: its number is the function's.
function writeFunctions(out: Message, { functions, files, modules }: Profile, texts: Texts): void {
	for (let i = 1; i < functions.count; i++) {
		const place = files[functions.files[i]! - 1] ??
			modules[functions.modules[i]! - 1] ?? "";
		const name = texts.of(functions.names[i]!);
		const line = functions.lines[i]!;

		out.data(PROFILE.function, new Message().number(1, i).number(2, name)
			.number(3, name).number(4, texts.of(place)).number(5, line).bytes);
		out.data(PROFILE.location, new Message().number(1, i)
			.data(4, new Message().number(1, i).number(2, line).bytes).bytes);
	}
}

function writeSamples(out: Message, { functions, nodes, scale, unsampled }: Profile): void {
	for (let node = 1; node < nodes.count; node++) {
		const weight = Math.round(nodes.weight[node]! * scale);
		const stack: number[] = [];

		if (!(weight > 0) || functions.kinds[nodes.fn[node]!] === KIND_GAP)
			continue;
		for (let at = node; at > 0; at = nodes.parent[at]!)
			stack.push(nodes.fn[at]!);
		out.data(PROFILE.sample, new Message().numbers(1, stack).numbers(2,
			unsampled ? [weight] : [nodes.samples[node]!, weight]).bytes);
	}
}

export function pprofOf(profile: Profile): Uint8Array<ArrayBuffer> {
	const out = new Message();
	const texts = new Texts();
	const type = (name: string, unit: string) => out.data(PROFILE.type,
		new Message().number(1, texts.of(name)).number(2, texts.of(unit)).bytes);

	if (!profile.unsampled)
		type("samples", "count");
	type("value", profile.unit === "ns" ? "nanoseconds" : profile.unit || "count");
	writeFunctions(out, profile, texts);
	writeSamples(out, profile);
	texts.write(out);
	return new Uint8Array(out.bytes);
}
