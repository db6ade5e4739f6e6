// SPDX-License-Identifier: Apache-2.0
// A time chart: what one thread did, from left to right (GET /api/v1/chart).
// A box is a call that was seen in samples one after the other. What a call
// did itself between two callees, and where nothing was seen, is a box of
// nothing (KIND_GAP), so that all that follows stands at its time.
import { decodeDeltas, decodeReals, decodeWhole,
	 type StoredColumn } from "./columns";
import { decodeFunctions, type StoredFunctions,
	 type StoredNodes } from "./document";
import { emptyProfile, KIND_GAP, type Functions, type Profile } from "./profile";
import { runNow } from "./slices";
import { arrange, type RawTree } from "./tree";
import { makeVisible } from "./visible";

export interface ChartDocument {
	files?: string[];
	modules?: string[];
	functions: StoredFunctions;
	nodes: Pick<StoredNodes, "count" | "parents" | "functions">;
	samples: {
		count: number;
		times: StoredColumn; // µs since from_us, differences
		nodes: StoredColumn;
		weights?: StoredColumn;
	};
	from_us: number;
	to_us: number;
	period: number; // ns
}

// A sample speaks for its period, or a little more where they came late.
const REACH = 1.6;

function addGapFunction(functions: Functions): Functions {
	const add = <T extends Uint8Array | Int32Array>(values: T, last: number): T =>
		(values.constructor as unknown as { from(v: number[]): T })
			.from([...values, last]);

	return {
		count: functions.count + 1, names: [...functions.names, ""],
		kinds: add(functions.kinds, KIND_GAP),
		files: add(functions.files, 0), modules: add(functions.modules, 0),
		lines: add(functions.lines, 0),
		unresolved: add(functions.unresolved, 0),
	};
}

// Boxes as time goes on: those that are open, from the root to the leaf.
class Boxes {
	readonly parents = [0];
	readonly fns = [0];
	readonly us = [0]; // time of its own
	readonly samples = [0];
	private open = [0]; // boxes
	private ways = [0]; // and the trie's node of each
	private lastGap: number[] = [-1]; // of each box: its last child, if a gap

	constructor(private parent: Int32Array, private fn: Int32Array,
		    private gapFn: number) {}

	private add(above: number, fn: number): number {
		const box = this.parents.push(above) - 1;

		this.fns.push(fn);
		this.us.push(0);
		this.samples.push(0);
		this.lastGap.push(-1);
		return box;
	}

	// What a box did itself stands between its callees.
	private spend(box: number, us: number, samples: number) {
		const last = this.lastGap[box];
		const gap = last >= 0 ? last : this.add(box, this.gapFn);

		this.lastGap[box] = gap;
		this.us[gap] += us;
		this.samples[gap] += samples;
	}

	pause(us: number) {
		this.open.length = this.ways.length = 1;
		if (us > 0)
			this.spend(0, us, 0);
	}

	/** A sample of the trie's node @leaf, for @us. */
	sample(leaf: number, us: number) {
		const way: number[] = [];
		let depth = 1;

		for (let i = leaf; i > 0; i = this.parent[i])
			way.push(i);
		way.push(0);
		way.reverse();
		while (depth < way.length && this.ways[depth] === way[depth])
			depth++;
		this.open.length = Math.min(this.open.length, depth);
		this.ways.length = this.open.length;
		for (; depth < way.length; depth++) {
			const above = this.open[depth - 1];

			this.lastGap[above] = -1;
			this.open.push(this.add(above, this.fn[way[depth]]));
			this.ways.push(way[depth]);
		}
		this.spend(this.open[this.open.length - 1], us, 1);
	}
}

// A box whose one child is a gap has its time itself.
function dropLoneGaps(boxes: Boxes, gapFn: number): Pick<RawTree, "count" |
		"parent" | "fn" | "samples" | "weight"> {
	const { parents, fns, us, samples } = boxes;
	const kids = new Int32Array(parents.length);
	const place = new Int32Array(parents.length);
	let count = 1;

	for (let i = 1; i < parents.length; i++)
		kids[parents[i]]++;
	for (let i = 1; i < parents.length; i++) {
		const lone = fns[i] === gapFn && kids[parents[i]] === 1 &&
			parents[i] > 0;

		place[i] = lone ? place[parents[i]] : count++;
	}
	const raw = { count, parent: new Int32Array(count),
		      fn: new Int32Array(count), samples: new Float64Array(count),
		      weight: new Float64Array(count) };

	for (let i = parents.length - 1; i >= 0; i--) {
		raw.samples[place[i]] += samples[i];
		raw.weight[place[i]] += us[i];
		if (i && place[i] === place[parents[i]])
			continue;
		raw.parent[place[i]] = place[parents[i]];
		raw.fn[place[i]] = fns[i];
	}
	return raw;
}

function fillBoxes(chart: ChartDocument, boxes: Boxes) {
	const { count } = chart.samples;
	const times = decodeDeltas(chart.samples.times, count);
	const nodes = decodeWhole(chart.samples.nodes, count);
	const weights = chart.samples.weights ?
		decodeReals(chart.samples.weights, count) : null;
	let at = 0;

	for (let i = 0; i < count; i++) {
		const next = i + 1 < count ? times[i + 1] :
			chart.to_us - chart.from_us;
		const reach = REACH * Math.max(chart.period, weights?.[i] ?? 0) / 1000;
		const us = Math.max(Math.min(next - times[i], reach), 0);

		if (times[i] > at)
			boxes.pause(times[i] - at);
		boxes.sample(nodes[i], us);
		at = times[i] + us;
	}
	boxes.pause(chart.to_us - chart.from_us - at);
}

export function decodeChart(chart: ChartDocument): Profile {
	const functions = addGapFunction(decodeFunctions(chart.functions));
	const gapFn = functions.count - 1;
	const boxes = new Boxes(
		decodeDeltas(chart.nodes.parents, chart.nodes.count),
		decodeWhole(chart.nodes.functions, chart.nodes.count), gapFn);

	fillBoxes(chart, boxes);
	const raw = dropLoneGaps(boxes, gapFn);
	const tree = runNow(arrange({ ...raw, functions,
		doubt: new Float64Array(raw.count), before: null, of: null },
		true, "both"));

	return { ...emptyProfile(), functions, nodes: tree, timed: true,
		 files: (chart.files ?? []).map(makeVisible),
		 modules: (chart.modules ?? []).map(makeVisible),
		 unit: "ns", scale: 1000 };
}
