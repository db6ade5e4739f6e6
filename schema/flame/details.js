// SPDX-License-Identifier: Apache-2.0
// The line below the graph: all about the box under the pointer, at once.

const LINES_SHOWN = 6;
const HINT = "Point for details, click to zoom, / searches, ? explains";

// What is to be said of how sure @node's frame is.
function statusOf(profile, tree, node) {
	const fn = tree.fn[node];
	const kind = KINDS[profile.functions.kinds[fn]];
	const doubt = tree.doubt[node];
	const whole = tree.totalSamples[node];

	if (profile.functions.unresolved[fn])
		return ["unresolved", true];
	if (!doubt || !node)
		return [kind === "python" ? "proven" : "", false];
	return [`${doubt < whole ? `${formatShare(doubt, whole)} ` : ""}` +
		`${kind === "python" ? "unproven" : "guessed"}`, true];
}

function describeLines(profile, tree, node) {
	const lines = linesOf(profile, tree, node);
	const whole = tree.totalSamples[node];
	const shown = lines.slice(0, LINES_SHOWN).map(([line, samples]) =>
		`${line} (${formatShare(samples, whole)})`);

	if (!lines.length)
		return "";
	if (lines.length > shown.length)
		shown.push("…");
	return `line${lines.length > 1 ? "s" : ""} ${shown.join(", ")}`;
}

function showNumbers(element, label, samples, weight, share) {
	element.replaceChildren(`${label} `, make("b", { textContent: share }),
				` ${formatSamples(samples)}, ${weight}`);
}

function showDetails(profile, tree, node, zoomed, withLines) {
	const fn = tree.fn[node];
	const kind = KINDS[profile.functions.kinds[fn]];
	const [status, doubtful] = statusOf(profile, tree, node);
	const all = tree.total[0];
	const weightOf = (units) =>
		formatWeight(units * tree.unitNs, profile.weight_unit);

	byId("d-kind").textContent = kind;
	byId("d-kind").className = `kind ${kind}`;
	byId("d-kind").hidden = node === 0;
	byId("d-name").textContent = profile.functions.names[fn];
	byId("d-place").textContent = placeOf(profile, fn, 0);
	byId("d-status").textContent = status;
	byId("d-status").className = doubtful ? "status doubt" : "status";
	showNumbers(byId("d-total"), "total", tree.totalSamples[node],
		    weightOf(tree.total[node]),
		    formatShare(tree.total[node], all));
	showNumbers(byId("d-self"), "self", tree.samples[node],
		    weightOf(tree.weight[node]),
		    formatShare(tree.weight[node], all));
	byId("d-zoom").textContent = zoomed && node !== zoomed &&
		isBelow(tree, node, zoomed) ?
		`${formatShare(tree.total[node], tree.total[zoomed])} of the zoomed` :
		"";
	byId("d-lines").textContent = !node ? HINT : withLines ?
		describeLines(profile, tree, node) : "";
}

// For those who do not see the canvas.
function announceNode(profile, tree, node) {
	const fn = tree.fn[node];
	const callees = tree.kids[node];

	byId("announce").textContent = [
		profile.functions.names[fn],
		`total ${formatShare(tree.total[node], tree.total[0])}`,
		`self ${formatShare(tree.weight[node], tree.total[0])}`,
		`depth ${tree.depth[node]}`,
		`${callees} callee${callees === 1 ? "" : "s"}`,
		...statusOf(profile, tree, node).slice(0, 1),
	].filter((text) => text).join(", ");
}
