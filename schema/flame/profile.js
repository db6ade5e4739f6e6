// SPDX-License-Identifier: Apache-2.0
// The profile that the page carries: JSON whose long columns are unsigned
// LEB128 in base64 (schema/flame/flame.c writes it).

const KINDS = ["python", "native", "kernel", "other"];

function decodeColumn(text, count, ArrayType) {
	const bytes = atob(text);
	const values = new ArrayType(count);
	let at = 0;

	for (let i = 0; i < count; i++) {
		let value = 0;
		let factor = 1;
		let byte;

		do {
			byte = bytes.charCodeAt(at++);
			value += (byte & 0x7f) * factor;
			factor *= 128;
		} while (byte >= 0x80);
		values[i] = value;
	}
	return values;
}

// A column of differences to the value before.
function decodeDeltas(text, count) {
	const values = decodeColumn(text, count, Int32Array);

	for (let i = 1; i < count; i++)
		values[i] += values[i - 1];
	return values;
}

function decodeFunctions(stored) {
	const count = stored.names.length;
	const functions = {
		count,
		names: stored.names.map((name) => name || "(no name)"),
		kinds: decodeColumn(stored.kinds, count, Uint8Array),
		files: decodeColumn(stored.files, count, Int32Array),
		modules: decodeColumn(stored.modules, count, Int32Array),
		lines: decodeColumn(stored.lines, count, Int32Array),
		unresolved: decodeColumn(stored.unresolved, count, Uint8Array),
	};
	return functions;
}

function decodeNodes(stored, periodNs) {
	const count = stored.count;
	const samples = decodeColumn(stored.samples, count, Float64Array);

	return {
		count,
		parent: decodeDeltas(stored.parents, count),
		fn: decodeColumn(stored.functions, count, Int32Array),
		samples,
		// Where all samples weigh the same, their number says it all.
		weight: stored.times ?
			decodeColumn(stored.times, count, Float64Array) :
			samples,
		unitNs: stored.times ? 1 : periodNs,
		doubt: decodeColumn(stored.doubts, count, Float64Array),
	};
}

function decodeLines(stored) {
	return {
		count: stored.count,
		node: decodeDeltas(stored.nodes, stored.count),
		line: decodeColumn(stored.lines, stored.count, Int32Array),
		samples: decodeColumn(stored.samples, stored.count,
				      Float64Array),
	};
}

function decodeThread(stored) {
	const count = stored.count;

	return {
		...stored,
		node: decodeDeltas(stored.nodes, count),
		samples: decodeColumn(stored.samples, count, Float64Array),
		weight: stored.times ?
			decodeColumn(stored.times, count, Float64Array) : null,
		doubt: decodeColumn(stored.doubts, count, Float64Array),
	};
}

// What would steer or hide text is shown as what it is: names are foreign.
// The ranges are those of text_is_unprintable() in base/text.c.
function makeVisible(key, value) {
	const hidden = /[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

	if (typeof value !== "string")
		return value;
	return value.replace(hidden, (character) =>
		`\\u{${character.codePointAt(0).toString(16)}}`);
}

function readProfile() {
	const text = document.getElementById("profile").textContent;
	const stored = JSON.parse(text, makeVisible);

	return {
		...stored,
		functions: decodeFunctions(stored.functions),
		nodes: decodeNodes(stored.nodes, stored.session.period_ns),
		lines: decodeLines(stored.lines),
		threads: stored.threads.map(decodeThread),
	};
}

// "app.py:12", or the module. @line 0: where the function begins.
function placeOf(profile, fn, line) {
	const { files, modules, lines } = profile.functions;

	if (files[fn]) {
		const at = line || lines[fn];
		const path = profile.files[files[fn] - 1];

		return at ? `${path}:${at}` : path;
	}
	return modules[fn] ? profile.modules[modules[fn] - 1] : "";
}

function baseName(path) {
	return path.slice(path.lastIndexOf("/") + 1) || path;
}
