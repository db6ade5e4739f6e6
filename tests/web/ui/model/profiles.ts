// SPDX-License-Identifier: Apache-2.0
// Profiles for the suites here, from stacks as people write them down.
import { emptyProfile, type Profile } from
	"../../../../web/ui/model/profile";
import { runNow } from "../../../../web/ui/model/slices";
import { arrange, type Tree } from "../../../../web/ui/model/tree";

/**
 * Of "a;b;c 3" lines. A name may say more: "py:name@file", "c:name@module",
 * "k:name"; without a kind it is other. "?" after a name: it is in doubt.
 */
export function profileOf(stacks: string[], before: string[] = []): Profile {
	const names = ["all"];
	const kinds = [3];
	const files = [0];
	const modules = [0];
	const fileNames: string[] = [];
	const moduleNames: string[] = [];
	const nodes = [{ parent: 0, fn: 0, own: 0, before: 0, doubt: 0 }];
	const index = (list: string[], text: string) => {
		const at = list.indexOf(text);

		return at < 0 ? list.push(text) : at + 1;
	};
	const functionOf = (text: string) => {
		const [, kind, name, place] = /^(?:(py|c|k):)?([^@]*)(?:@(.*))?$/
			.exec(text)!;
		const number = { py: 0, c: 1, k: 2 }[kind] ?? 3;
		const file = number === 0 && place ? index(fileNames, place) : 0;
		const module = number === 1 && place ? index(moduleNames, place) : 0;

		for (let fn = 1; fn < names.length; fn++)
			if (names[fn] === name && kinds[fn] === number &&
			    files[fn] === file && modules[fn] === module)
				return fn;
		kinds.push(number);
		files.push(file);
		modules.push(module);
		return names.push(name) - 1;
	};
	const add = (line: string, key: "own" | "before") => {
		const [, stack, count] = /^(.*) (\d+)$/.exec(line)!;
		let at = 0;

		for (const text of stack.split(";")) {
			const fn = functionOf(text.replace("?", ""));
			let node = nodes.findIndex((one, i) => i > 0 &&
				one.parent === at && one.fn === fn);

			if (node < 0)
				node = nodes.push({ parent: at, fn, own: 0,
						    before: 0, doubt: 0 }) - 1;
			if (text.endsWith("?"))
				nodes[node].doubt += Number(count);
			at = node;
		}
		nodes[at][key] += Number(count);
	};

	stacks.forEach((line) => add(line, "own"));
	before.forEach((line) => add(line, "before"));
	const profile = emptyProfile();
	const column = (values: number[]) => Float64Array.from(values);
	const own = column(nodes.map((node) => node.own));

	profile.files = fileNames;
	profile.modules = moduleNames;
	profile.functions = {
		count: names.length, names, kinds: Uint8Array.from(kinds),
		files: Int32Array.from(files), modules: Int32Array.from(modules),
		lines: new Int32Array(names.length),
		unresolved: new Uint8Array(names.length),
	};
	profile.nodes = runNow(arrange({
		count: nodes.length,
		parent: Int32Array.from(nodes.map((node) => node.parent)),
		fn: Int32Array.from(nodes.map((node) => node.fn)),
		samples: own, weight: own,
		doubt: column(nodes.map((node) => node.doubt)),
		before: before.length ?
			column(nodes.map((node) => node.before)) : null,
		functions: profile.functions, of: null,
	}, false, "both"));
	return profile;
}

/** "a;b;c 3" of every node with something of its own, in order of names. */
export function stacksOf(tree: Tree): string[] {
	const stacks: string[] = [];

	for (let i = 0; i < tree.count; i++) {
		const names: string[] = [];

		for (let at = i; at > 0; at = tree.parent[at])
			names.push(tree.functions.names[tree.fn[at]]);
		if (tree.samples[i])
			stacks.push(`${names.reverse().join(";")} ` +
				`${tree.samples[i]}`);
	}
	return stacks.sort();
}

export function nodeNamed(tree: Tree, ...path: string[]): number {
	let node = 0;

	for (const name of path) {
		const kids = Array.from({ length: tree.kids[node] },
					(_, i) => tree.first[node] + i);
		const next = kids.find((kid) =>
			tree.functions.names[tree.fn[kid]] === name);

		if (next === undefined)
			throw new Error(`no ${name} in ${path.join(";")}`);
		node = next;
	}
	return node;
}

/** Whole numbers that look random, the same each time. */
export function makeRandom(seed: number): (below: number) => number {
	let state = seed;

	return (below) => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return (state >>> 0) % below;
	};
}

/** Stacks that share their beginnings, with calls back and forth. */
export function randomStacks(count: number, seed: number): string[] {
	const random = makeRandom(seed);
	const stacks: string[] = [];
	let stack: string[] = [];

	for (let i = 0; i < count; i++) {
		stack = stack.slice(0, random(stack.length + 1));
		do {
			const kind = ["py:", "c:", "k:", ""][random(4)];

			stack.push(`${kind}f${random(6)}`);
		} while (random(3) && stack.length < 12);
		stacks.push(`${stack.join(";")} ${1 + random(9)}`);
	}
	return stacks;
}

