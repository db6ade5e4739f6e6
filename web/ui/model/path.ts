// SPDX-License-Identifier: Apache-2.0
// The way from the root to a node: who is on it, and a short name for it that
// means the same node in a later profile, or in the address of a link.
import type { Functions, Profile } from "./profile";
import type { Tree } from "./tree";

/** From below the root to @node. */
export function stackOf(tree: Tree, node: number): number[] {
	const stack: number[] = [];

	for (let i = node; i > 0; i = tree.parent[i])
		stack.push(i);
	return stack.reverse();
}

export function isBelow(tree: Tree, node: number, ancestor: number): boolean {
	let i = node;

	while (tree.depth[i] > tree.depth[ancestor])
		i = tree.parent[i];
	return i === ancestor;
}

// FNV-1a, 32 bits.
function hashText(text: string, seed: number): number {
	let hash = seed;

	for (let i = 0; i < text.length; i++)
		hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
	return hash;
}

// Two hashes of each function's name and kind, kept with the table.
const hashesOf = new WeakMap<Functions, { a: Int32Array; b: Int32Array }>();

function hashFunctions(functions: Functions): { a: Int32Array; b: Int32Array } {
	const known = hashesOf.get(functions);

	if (known)
		return known;
	const hashes = { a: new Int32Array(functions.count),
			 b: new Int32Array(functions.count) };

	for (let fn = 0; fn < functions.count; fn++) {
		const text = `${functions.kinds[fn]}${functions.names[fn]}`;

		hashes.a[fn] = hashText(text, 0x811c9dc5 | 0);
		hashes.b[fn] = hashText(text, 0x1b873593);
	}
	hashesOf.set(functions, hashes);
	return hashes;
}

function mix(hash: number, next: number): number {
	const mixed = Math.imul(hash ^ next, 0x2c1b3c6d);

	return mixed ^ mixed >>> 15;
}

function toKey(a: number, b: number): string {
	const hex = (value: number) =>
		(value >>> 0).toString(16).padStart(8, "0");

	return hex(a) + hex(b);
}

/** "" for the root. */
export function nodeKey(tree: Tree, node: number): string {
	const hashes = hashFunctions(tree.functions);
	let a = 0;
	let b = 0;

	if (!node)
		return "";
	for (const i of stackOf(tree, node)) {
		a = mix(a, hashes.a[tree.fn[i]]);
		b = mix(b, hashes.b[tree.fn[i]]);
	}
	return toKey(a, b);
}

/** Keys of the nodes from below the root to @node: what outlives a profile. */
export function pathKeys(tree: Tree, node: number): string[] {
	const hashes = hashFunctions(tree.functions);
	let a = 0;
	let b = 0;

	return stackOf(tree, node).map((i) => {
		a = mix(a, hashes.a[tree.fn[i]]);
		b = mix(b, hashes.b[tree.fn[i]]);
		return toKey(a, b);
	});
}

/** The node of @key; -1: there is none. */
export function findKey(tree: Tree, key: string): number {
	if (key === "")
		return 0;
	const hashes = hashFunctions(tree.functions);
	const wantedA = parseInt(key.slice(0, 8), 16) | 0;
	const wantedB = parseInt(key.slice(8), 16) | 0;
	const a = new Int32Array(tree.count);
	const b = new Int32Array(tree.count);

	for (let i = 1; i < tree.count; i++) {
		a[i] = mix(a[tree.parent[i]], hashes.a[tree.fn[i]]);
		b[i] = mix(b[tree.parent[i]], hashes.b[tree.fn[i]]);
		if (a[i] === wantedA && b[i] === wantedB)
			return i;
	}
	return -1;
}

/** The deepest node of a path by pathKeys() that there is. */
export function followKeys(tree: Tree, keys: string[]): number {
	const hashes = hashFunctions(tree.functions);
	let node = 0;
	let a = 0;
	let b = 0;

	for (const key of keys) {
		const end = tree.first[node] + tree.kids[node];
		let child = tree.first[node];

		while (child < end &&
		       toKey(mix(a, hashes.a[tree.fn[child]]),
			     mix(b, hashes.b[tree.fn[child]])) !== key)
			child++;
		if (!tree.kids[node] || child === end)
			break;
		a = mix(a, hashes.a[tree.fn[child]]);
		b = mix(b, hashes.b[tree.fn[child]]);
		node = child;
	}
	return node;
}

/** The lines at which @node's frames were, heaviest first. */
export function linesOf(profile: Profile, tree: Tree,
			node: number): [number, number][] {
	const { lines, nodes } = profile;
	const sums = new Map<number, number>();
	let i = 0;

	if (!lines)
		return [];
	if (!tree.of) {
		for (let end = lines.count; i < end;) {
			const middle = (i + end) >> 1;

			if (lines.node[middle] < node)
				i = middle + 1;
			else
				end = middle;
		}
	}
	// A frame that is left out is not of its caller's function.
	for (; i < lines.count && (tree.of || lines.node[i] === node); i++) {
		const at = lines.node[i];

		if (!tree.of || (tree.of[at] === node &&
				 nodes.fn[at] === tree.fn[node]))
			sums.set(lines.line[i], (sums.get(lines.line[i]) ?? 0) +
				lines.samples[i]);
	}
	return [...sums].sort((x, y) => y[1] - x[1]);
}
