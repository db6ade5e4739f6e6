// SPDX-License-Identifier: Apache-2.0
// The same profile for everybody: a walk through a call graph, as a tree of
// exactly so many nodes, and as each program wants it.
const FUNCTIONS = 2000;
const DEPTH_MOST = 71;

function makeRandom(seed) {
	let state = seed;

	return (below) => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return (state >>> 0) % below;
	};
}

// Nodes in the order in which they came up: parents first. A function calls
// few others, and some of these far more often.
export function makeTree(count) {
	const random = makeRandom(2463534242);
	const parent = [0];
	const fn = [0];
	const samples = [0];
	const depth = [0];
	const children = [new Map()];

	while (parent.length < count) {
		const wanted = 12 + random(DEPTH_MOST - 12);
		let node = 0;

		while (depth[node] < wanted && parent.length < count) {
			const skew = random(100) * random(100) / 10000;
			const f = 1 + (fn[node] * 7 + Math.floor(skew * 12) * 31 +
				depth[node]) % (FUNCTIONS - 1);
			let child = children[node].get(f);

			if (child === undefined) {
				child = parent.length;
				children[node].set(f, child);
				parent.push(node);
				fn.push(f);
				samples.push(0);
				depth.push(depth[node] + 1);
				children.push(new Map());
			}
			node = child;
		}
		samples[node] += 1 + random(5);
	}
	return arrange({ parent, fn, samples });
}

// Breadth first, heavy before light: as the server sends it.
function arrange({ parent, fn, samples }) {
	const totals = [...samples];
	const children = parent.map(() => []);
	const order = [0];
	const place = new Int32Array(parent.length);

	for (let i = parent.length - 1; i > 0; i--) {
		totals[parent[i]] += totals[i];
		children[parent[i]].push(i);
	}
	for (let at = 0; at < order.length; at++) {
		place[order[at]] = at;
		for (const child of children[order[at]]
			.sort((a, b) => totals[b] - totals[a] || a - b))
			order.push(child);
	}
	return {
		parent: order.map((old) => place[parent[old]]),
		fn: order.map((old) => fn[old]),
		samples: order.map((old) => samples[old]),
		names: ["all", ...Array.from({ length: FUNCTIONS - 1 }, (_, i) =>
			`module_${i % 40}.function_${i}`)],
	};
}

function column(values) {
	const bytes = [];

	for (let value of values) {
		for (; value >= 128; value = Math.floor(value / 128))
			bytes.push(value % 128 + 128);
		bytes.push(value);
	}
	return Buffer.from(bytes).toString("base64");
}

/** schema/show/flame_json.c */
export function asDocument(tree) {
	const { parent, names } = tree;
	const none = names.map(() => 0);

	return JSON.stringify({
		title: "bench", unit: "ns", period: 1e7, files: [], modules: [],
		functions: { names, kinds: column(names.map((_, i) => i ? i % 3 : 3)),
			     files: column(none), modules: column(none),
			     lines: column(none), unresolved: column(none) },
		nodes: { count: parent.length,
			 parents: column(parent.map((above, i) =>
				i ? above - parent[i - 1] : 0)),
			 functions: column(tree.fn), samples: column(tree.samples),
			 times: null, doubts: column(parent.map((_, i) =>
				i % 97 ? 0 : 1)) },
		threads: [],
	});
}

function totalsOf({ parent, samples }) {
	const totals = [...samples];

	for (let i = parent.length - 1; i > 0; i--)
		totals[parent[i]] += totals[i];
	return totals;
}

/** d3-flame-graph: objects in objects. */
export function asHierarchy(tree) {
	const totals = totalsOf(tree);
	const nodes = tree.parent.map((_, i) => ({
		name: tree.names[tree.fn[i]], value: totals[i], children: [] }));

	for (let i = 1; i < nodes.length; i++)
		nodes[tree.parent[i]].children.push(nodes[i]);
	return JSON.stringify(nodes[0]);
}

/** speedscope's "evented" profile: it opens and closes each frame. */
export function asEvents(tree) {
	const { parent, fn, samples, names } = tree;
	const totals = totalsOf(tree);
	const first = new Int32Array(parent.length);
	const kids = new Int32Array(parent.length);
	const events = [];
	let at = 0;

	for (let i = parent.length - 1; i > 0; i--) {
		first[parent[i]] = i;
		kids[parent[i]]++;
	}
	const walk = [0];

	while (walk.length) {
		const node = walk.pop();

		if (node < 0) {
			at += samples[-node - 1];
			events.push({ type: "C", frame: fn[-node - 1], at });
			continue;
		}
		events.push({ type: "O", frame: fn[node], at });
		walk.push(-node - 1);
		for (let i = kids[node] - 1; i >= 0; i--)
			walk.push(first[node] + i);
	}
	return JSON.stringify({
		$schema: "https://www.speedscope.app/file-format-schema.json",
		name: "bench", shared: { frames: names.map((name) => ({ name })) },
		profiles: [{ type: "evented", name: "bench", unit: "none",
			     startValue: 0, endValue: totals[0], events }],
	});
}
