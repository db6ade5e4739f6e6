// SPDX-License-Identifier: Apache-2.0
// A profile as the page works with it: a tree of calls in columns of numbers,
// one entry for each node, no objects. Node 0 is the root "all"; a parent
// stands before its children, and nodes are numbered breadth first.
// model/document.ts makes it of what the server or the exported page says,
// model/rows.ts of the rows of any SQL query, model/timed.ts of a time chart.

export const KINDS = ["python", "native", "kernel", "other"] as const;
export type Kind = (typeof KINDS)[number];
// In a time chart, where nothing was seen: drawn as nothing.
export const KIND_GAP = KINDS.length;

export interface Functions {
	count: number;
	// Made visible (model/visible.ts). 0 is the root's: "all", or a function.
	names: string[];
	kinds: Uint8Array; // index of KINDS, or KIND_GAP
	files: Int32Array; // 1 + index of Profile.files; 0: not known
	modules: Int32Array; // 1 + index of Profile.modules; 0: none
	lines: Int32Array; // where it begins; 0: not known
	unresolved: Uint8Array; // 1: the name says why there is none
	by?: "file" | "module"; // what each stands for, where it is no function
	// Of rows at the root, what they are values of ("process"); "": that
	// there is none. Functions have none.
	labels?: (string | undefined)[];
}

export interface Nodes {
	count: number;
	parent: Int32Array;
	fn: Int32Array; // index of Functions
	samples: Float64Array; // its own, without those of its callees
	weight: Float64Array; // the same array where all weigh the same
	doubt: Float64Array; // samples of the total where the frame is in doubt
	before: Float64Array | null; // own samples before: a comparison
}

export interface Lines {
	count: number;
	node: Int32Array; // ascending
	line: Int32Array;
	samples: Float64Array;
}

export interface ThreadShare {
	process: string;
	pid: number;
	thread: string;
	tid: number; // 0: "N more threads"
	total: number;
	node: Int32Array;
	samples: Float64Array;
	weight: Float64Array | null; // null: as samples
	doubt: Float64Array;
}

export interface Profile {
	title: string;
	files: string[];
	modules: string[];
	functions: Functions;
	nodes: Nodes;
	lines: Lines | null;
	threads: ThreadShare[]; // empty: not to be told apart
	unit: string; // of weights; "ns" for most
	scale: number; // what one of Nodes.weight is, in units
	leastSamples: number; // nodes of fewer were left out; 0: none were
	timed: boolean; // left to right is time: siblings keep their order
	unsampled: boolean; // weights are not counts of samples
}

export function emptyProfile(): Profile {
	return {
		title: "", files: [], modules: [],
		functions: {
			count: 1, names: ["all"], kinds: new Uint8Array([3]),
			files: new Int32Array(1), modules: new Int32Array(1),
			lines: new Int32Array(1), unresolved: new Uint8Array(1),
		},
		nodes: {
			count: 1, parent: new Int32Array(1), fn: new Int32Array(1),
			samples: new Float64Array(1), weight: new Float64Array(1),
			doubt: new Float64Array(1), before: null,
		},
		lines: null, threads: [], unit: "ns", scale: 1,
		leastSamples: 0, timed: false, unsampled: false,
	};
}
