// SPDX-License-Identifier: Apache-2.0
// The tree that is drawn. Nodes are numbered breadth first, so that the
// children of a node, and all nodes of one depth, stand side by side, ordered
// by where they are drawn. Everything is columns of numbers and loops over
// them: no objects for nodes, no recursion, for stacks may be 10,000 deep.

// levels[d] is the first node of depth d; one more entry ends the last row.
function findLevels(parent) {
	const depth = new Int32Array(parent.length);
	const levels = [0];

	for (let i = 1; i < parent.length; i++) {
		depth[i] = depth[parent[i]] + 1;
		if (depth[i] === levels.length)
			levels.push(i);
	}
	levels.push(parent.length);
	return { depth, levels };
}

// From a node's own samples to totals, children and where it begins. The
// weight that a node has of its own lies to the right of its children.
function finishTree(tree) {
	const { count, parent } = tree;
	const totalSamples = tree.samples.slice();
	const total = tree.weight === tree.samples ?
		totalSamples : tree.weight.slice();
	const start = new Float64Array(count);
	const cursor = new Float64Array(count);
	const first = new Int32Array(count);
	const kids = new Int32Array(count);

	for (let i = count - 1; i > 0; i--) {
		totalSamples[parent[i]] += totalSamples[i];
		if (total !== totalSamples)
			total[parent[i]] += total[i];
		first[parent[i]] = i;
		kids[parent[i]]++;
	}
	for (let i = 1; i < count; i++) {
		start[i] = cursor[i] = cursor[parent[i]];
		cursor[parent[i]] += total[i];
	}
	return { ...tree, totalSamples, total, start, first, kids,
		 ...findLevels(parent) };
}

// The children of each node, grouped: kids of i are list[from[i]..from[i+1]).
function groupChildren(parent) {
	const from = new Int32Array(parent.length + 1);
	const list = new Int32Array(parent.length);

	for (let i = 1; i < parent.length; i++)
		from[parent[i] + 1]++;
	for (let i = 0; i < parent.length; i++)
		from[i + 1] += from[i];
	const next = from.slice();
	for (let i = 1; i < parent.length; i++)
		list[next[parent[i]]++] = i;
	return { from, list };
}

function sumUp(parent, own) {
	const sums = own.slice();

	for (let i = parent.length - 1; i > 0; i--)
		sums[parent[i]] += sums[i];
	return sums;
}

// The order in which nodes are to be numbered: by depth, heavy before light.
function breadthFirst(parent, weight) {
	const totals = sumUp(parent, weight);
	const { from, list } = groupChildren(parent);
	const order = new Int32Array(parent.length);
	let end = 1;

	for (let at = 0; at < end; at++) {
		const children = list.subarray(from[order[at]],
					       from[order[at] + 1]);

		if (children.length > 1)
			children.sort((a, b) => totals[b] - totals[a] || a - b);
		order.set(children, end);
		end += children.length;
	}
	return order;
}

function pick(values, order) {
	return values.map((_, i) => values[order[i]]);
}

// Nodes that were added parents first, put in the order of the drawing.
function arrange(raw) {
	const order = breadthFirst(raw.parent, raw.weight);
	const place = new Int32Array(order.length);
	const samples = pick(raw.samples, order);

	order.forEach((old, now) => { place[old] = now; });
	return finishTree({
		count: order.length,
		parent: order.map((old) => place[raw.parent[old]]),
		fn: pick(raw.fn, order),
		samples,
		weight: raw.weight === raw.samples ?
			samples : pick(raw.weight, order),
		doubt: pick(raw.doubt, order),
		unitNs: raw.unitNs,
		// Where each node of the profile went.
		of: raw.of.map((node) => node < 0 ? -1 : place[node]),
	});
}

// Which of the profile's nodes are one node where some kinds are left out: a
// frame left out counts for its caller, and callees move up to the caller.
function mergeNodes(profile, own, kinds) {
	const { count, parent, fn } = profile.nodes;
	const totals = sumUp(parent, own.weight);
	const functionKinds = profile.functions.kinds;
	const known = new Map();
	const of = new Int32Array(count).fill(-1);
	const parents = [0];
	const fns = [fn[0]];

	of[0] = 0;
	for (let i = 1; i < count; i++) {
		const above = of[parent[i]];
		const key = above * profile.functions.count + fn[i];

		if (above < 0 || !totals[i])
			continue;
		let node = kinds[functionKinds[fn[i]]] ? known.get(key) : above;
		if (node === undefined) {
			node = parents.length;
			known.set(key, node);
			parents.push(above);
			fns.push(fn[i]);
		}
		of[i] = node;
	}
	return { of, parent: Int32Array.from(parents), fn: Int32Array.from(fns) };
}

function addUp(values, of, count) {
	const sums = new Float64Array(count);

	for (let i = 0; i < values.length; i++)
		if (of[i] >= 0)
			sums[of[i]] += values[i];
	return sums;
}

// What the chosen threads did in each node of the profile. No choice: all.
function ownWeights(profile, threads) {
	const { count, samples, weight, doubt } = profile.nodes;

	if (!threads)
		return { samples, weight, doubt };
	const own = { samples: new Float64Array(count), doubt: null,
		      weight: new Float64Array(count) };
	own.doubt = new Float64Array(count);
	for (const thread of threads) {
		thread.node.forEach((node, i) => {
			own.samples[node] += thread.samples[i];
			own.weight[node] += (thread.weight || thread.samples)[i];
			own.doubt[node] += thread.doubt[i];
		});
	}
	return own;
}

// Frames left out do not lend their doubt to their caller.
function ownDoubt(profile, own, kinds) {
	const { fn } = profile.nodes;

	return own.doubt.map((doubt, i) =>
		kinds[profile.functions.kinds[fn[i]]] ? doubt : 0);
}

// @kinds: which of KINDS are shown; @threads: null for all.
function buildTree(profile, kinds, threads) {
	const { nodes } = profile;

	if (!threads && kinds.every((shown) => shown))
		return finishTree({ ...nodes, of: null });
	const own = ownWeights(profile, threads);
	const merged = mergeNodes(profile, own, kinds);
	const count = merged.parent.length;
	const samples = addUp(own.samples, merged.of, count);
	return arrange({
		...merged,
		samples,
		weight: nodes.weight === nodes.samples ?
			samples : addUp(own.weight, merged.of, count),
		doubt: addUp(ownDoubt(profile, own, kinds), merged.of, count),
		unitNs: nodes.unitNs,
	});
}

// Self and total of each function; where it calls itself, total counts once.
function sumFunctions(tree, functionCount) {
	const { count, parent, fn, first, kids } = tree;
	const sums = {
		self: new Float64Array(functionCount),
		total: new Float64Array(functionCount),
		doubt: new Float64Array(functionCount),
		places: new Int32Array(functionCount),
	};
	const active = new Int32Array(functionCount);
	const enter = (node) => {
		const f = fn[node];

		sums.self[f] += tree.samples[node];
		sums.places[f]++;
		if (active[f]++ === 0) {
			sums.total[f] += tree.totalSamples[node];
			sums.doubt[f] += tree.doubt[node];
		}
	};
	const isLast = (node) =>
		node + 1 === first[parent[node]] + kids[parent[node]];
	let node = 0;

	for (let visited = 0; visited < count; visited++) {
		enter(node);
		if (kids[node]) {
			node = first[node];
			continue;
		}
		active[fn[node]]--;
		while (node && isLast(node)) {
			node = parent[node];
			active[fn[node]]--;
		}
		node++;
	}
	return sums;
}

// From the root, which is left out, to @node.
function stackOf(tree, node) {
	const stack = [];

	for (let i = node; i > 0; i = tree.parent[i])
		stack.push(i);
	return stack.reverse();
}

function isBelow(tree, node, ancestor) {
	let i = node;

	while (tree.depth[i] > tree.depth[ancestor])
		i = tree.parent[i];
	return i === ancestor;
}

// The lines at which the profile's nodes behind @node were, heaviest first.
function linesOf(profile, tree, node) {
	const { count, node: nodes, line, samples } = profile.lines;
	const sums = new Map();
	let i = 0;

	if (!tree.of) {
		for (let end = count; i < end;) {
			const middle = (i + end) >> 1;

			if (nodes[middle] < node)
				i = middle + 1;
			else
				end = middle;
		}
	}
	// A frame that is left out is not of its caller's function.
	for (; i < count && (tree.of || nodes[i] === node); i++)
		if (!tree.of || (tree.of[nodes[i]] === node &&
				 profile.nodes.fn[nodes[i]] === tree.fn[node]))
			sums.set(line[i], (sums.get(line[i]) || 0) + samples[i]);
	return [...sums].sort((a, b) => b[1] - a[1]);
}
