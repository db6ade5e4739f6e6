// SPDX-License-Identifier: Apache-2.0
// The flame document (schema/show/flame_json.c, GET /api/v1/flame), read.
import { decodeBytes, decodeWhole, readDeltas, readReals, readWhole,
	 type StoredColumn } from "./columns";
import type { Functions, Lines, Nodes, Profile, ThreadShare } from "./profile";
import { inParts, runNow, type Work } from "./slices";
import { makeVisible } from "./visible";

export interface StoredFunctions {
	names: string[];
	kinds: StoredColumn;
	files: StoredColumn;
	modules: StoredColumn;
	lines: StoredColumn;
	unresolved: StoredColumn;
	groups?: StoredColumn;
}

interface StoredWeights {
	count: number;
	samples: StoredColumn;
	times: StoredColumn | null; // null: samples times period
	doubts: StoredColumn;
}

export interface StoredNodes extends StoredWeights {
	parents: StoredColumn;
	functions: StoredColumn;
	before?: StoredColumn;
}

export interface StoredThread extends StoredWeights {
	process: string;
	pid: number;
	thread: string;
	tid: number;
	total: number;
	nodes: StoredColumn;
}

export interface FlameDocument {
	title?: string;
	unit?: string;
	event?: string;
	period?: number;
	least_samples?: number;
	threads_left_out?: boolean;
	grouping?: string[];
	selection?: {
		whole?: boolean;
		from_us: number;
		to_us: number;
		resolution_us: number;
		filters: string;
	};
	files: string[];
	modules: string[];
	functions: StoredFunctions;
	nodes: StoredNodes;
	lines?: { count: number; nodes: StoredColumn; lines: StoredColumn;
		  samples: StoredColumn };
	threads?: StoredThread[];
}

export function decodeFunctions(stored: StoredFunctions,
				grouping: string[] = []): Functions {
	const count = stored.names.length;
	const labels = stored.groups === undefined ? undefined : Array.from(
		decodeBytes(stored.groups, count),
		(group) => group ? grouping[group - 2] ?? "" : undefined);

	return {
		count,
		names: stored.names.map((name) =>
			makeVisible(name) || "(no name)"),
		kinds: decodeBytes(stored.kinds, count),
		files: decodeWhole(stored.files, count),
		modules: decodeWhole(stored.modules, count),
		lines: decodeWhole(stored.lines, count),
		unresolved: decodeBytes(stored.unresolved, count),
		labels,
	};
}

// A tree that is none must not become a loop without end.
function* checkNodes(nodes: Nodes, functionCount: number): Work<Nodes> {
	const { count, parent, fn } = nodes;
	let wrong = count > 0 && parent[0] === 0 && fn[0] < functionCount ? 0 : 1;

	yield* inParts(count, (from, to) => {
		for (let i = Math.max(from, 1); i < to; i++)
			if (parent[i] >= i || parent[i] < parent[i - 1] ||
			    fn[i] >= functionCount)
				wrong = 1;
	});
	if (wrong)
		throw new Error("the graph's nodes are no tree");
	return nodes;
}

function* readNodes(stored: StoredNodes, functionCount: number): Work<Nodes> {
	const { count } = stored;
	const samples = yield* readReals(stored.samples, count);

	return yield* checkNodes({
		count,
		parent: yield* readDeltas(stored.parents, count),
		fn: yield* readWhole(stored.functions, count),
		samples,
		weight: stored.times ? yield* readReals(stored.times, count) :
			samples,
		doubt: yield* readReals(stored.doubts, count),
		before: stored.before ? yield* readReals(stored.before, count) :
			null,
	}, functionCount);
}

function* readLines(stored: FlameDocument["lines"]): Work<Lines | null> {
	return stored ? {
		count: stored.count,
		node: yield* readDeltas(stored.nodes, stored.count),
		line: yield* readWhole(stored.lines, stored.count),
		samples: yield* readReals(stored.samples, stored.count),
	} : null;
}

function* readThread(stored: StoredThread): Work<ThreadShare> {
	const { count } = stored;

	return {
		process: makeVisible(stored.process), pid: stored.pid,
		thread: makeVisible(stored.thread), tid: stored.tid,
		total: stored.total,
		node: yield* readDeltas(stored.nodes, count),
		samples: yield* readReals(stored.samples, count),
		weight: stored.times ? yield* readReals(stored.times, count) : null,
		doubt: yield* readReals(stored.doubts, count),
	};
}

/** What a graph is given: it does the work, in slices. */
export function* readProfile(stored: FlameDocument): Work<Profile> {
	const functions = decodeFunctions(stored.functions, stored.grouping);
	const threads: ThreadShare[] = [];

	yield;
	for (const thread of stored.threads ?? [])
		threads.push(yield* readThread(thread));
	return {
		title: makeVisible(stored.title ?? ""),
		files: stored.files.map(makeVisible),
		modules: stored.modules.map(makeVisible),
		functions,
		nodes: yield* readNodes(stored.nodes, functions.count),
		lines: yield* readLines(stored.lines),
		threads,
		unit: stored.unit ?? "ns",
		scale: stored.nodes.times ? 1 : stored.period ?? 1,
		leastSamples: stored.least_samples ?? 0,
		timed: false,
		unsampled: false,
	};
}

export function decodeDocument(stored: FlameDocument): Profile {
	return runNow(readProfile(stored));
}
