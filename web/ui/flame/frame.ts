// SPDX-License-Identifier: Apache-2.0
// What is to be said of a node: to people, to the menu, to a screen reader.
import { shareAfter, shareBefore } from "../model/diff";
import { formatChange, formatCount, formatSamples, formatShare, formatWeight,
	 plural } from "../model/format";
import { linesOf, stackOf } from "../model/path";
import { fileOf, kindOf, moduleOf, placeOf } from "../model/place";
import { KIND_GAP, type Kind, type Profile } from "../model/profile";
import type { Tree } from "../model/tree";

// What an action is about.
export interface Frame {
	name: string;
	kind: Kind;
	file: string; // "": not known
	line: number; // 0: not known
	module: string;
	unresolved: boolean;
	label?: string; // of a row at the root (model/profile.ts): no function
	path: string[]; // names from below the root to the frame
	samples: number; // total
	weight: number; // total, in units
	share: number; // of everything
}

/** A profile whose functions are the tree's: some stand for a library. */
export function withFunctions(profile: Profile, tree: Tree): Profile {
	return profile.functions === tree.functions ? profile :
		{ ...profile, functions: tree.functions };
}

export function nameOf(tree: Tree, node: number): string {
	return tree.functions.names[tree.fn[node]];
}

export function frameOf(profile: Profile, tree: Tree, node: number): Frame {
	const texts = withFunctions(profile, tree);
	const fn = tree.fn[node];
	const all = tree.width[0] || 1;

	return {
		name: nameOf(tree, node),
		kind: kindOf(texts, fn),
		file: fileOf(texts, fn), line: texts.functions.lines[fn],
		module: moduleOf(texts, fn),
		unresolved: texts.functions.unresolved[fn] === 1,
		label: texts.functions.labels?.[fn],
		path: stackOf(tree, node).map((i) => nameOf(tree, i)),
		samples: tree.totalSamples[node],
		weight: tree.total[node] * profile.scale,
		share: tree.width[node] / all,
	};
}

/** How sure a node's frame is, and whether that is a doubt. */
export function statusOf(profile: Profile, tree: Tree,
			 node: number): [string, boolean] {
	const texts = withFunctions(profile, tree);
	const fn = tree.fn[node];
	const kind = kindOf(texts, fn);
	const doubt = tree.doubt[node];
	const whole = tree.totalSamples[node];

	if (texts.functions.unresolved[fn])
		return ["unresolved", true];
	if (profile.unsampled || profile.timed)
		return ["", false];
	if (!doubt || !node)
		return [kind === "python" ? "proven" : "", false];
	return [`${doubt < whole ? `${formatShare(doubt, whole)} ` : ""}` +
		`${kind === "python" ? "unproven" : "guessed"}`, true];
}

// In a time chart, what a call did itself stands between its callees.
function gapsOf(tree: Tree, values: Float64Array, node: number): number {
	let sum = 0;

	for (let i = 0; i < tree.kids[node]; i++) {
		const kid = tree.first[node] + i;

		if (tree.functions.kinds[tree.fn[kid]] === KIND_GAP)
			sum += values[kid];
	}
	return sum;
}

export function selfOf(tree: Tree, node: number): { samples: number;
						    weight: number } {
	const { samples, weight } = tree;

	if (!tree.timed)
		return { samples: samples[node], weight: weight[node] };
	return { samples: samples[node] + gapsOf(tree, samples, node),
		 weight: weight[node] + gapsOf(tree, weight, node) };
}

/** "900 samples, 9 s", or the value alone where nothing was sampled. */
export function describeAmount(profile: Profile, samples: number,
			       weight: number): string {
	const text = formatWeight(weight * profile.scale, profile.unit);

	if (profile.unsampled)
		return text;
	return profile.unit === "samples" ? formatSamples(samples) :
		`${formatSamples(samples)}, ${text}`;
}

/** "before 12.0 %, after 14.0 %": "" where nothing is compared. */
export function describeChange(tree: Tree, node: number): string {
	const before = shareBefore(tree, node);
	const after = shareAfter(tree, node);

	if (!tree.totalBefore)
		return "";
	const word = !tree.totalBefore[node] ? "new: " :
		!tree.totalSamples[node] ? "gone: " : "";

	return `${word}before ${formatShare(before, 1)} ` +
		`(${formatCount(tree.totalBefore[node])}), ` +
		`after ${formatShare(after, 1)} ` +
		`(${formatCount(tree.totalSamples[node])}), ` +
		`${formatChange(after - before)}`;
}

export function describeLines(profile: Profile, tree: Tree, node: number,
			      most: number): string {
	const lines = linesOf(profile, tree, node);
	const whole = tree.totalSamples[node];
	const shown = lines.slice(0, most).map(([line, samples]) =>
		`${line} (${formatShare(samples, whole)})`);

	if (!lines.length)
		return "";
	if (lines.length > shown.length)
		shown.push("…");
	return `line${lines.length > 1 ? "s" : ""} ${shown.join(", ")}`;
}

/** For those who do not see the canvas. */
export function announcementOf(profile: Profile, tree: Tree,
			       node: number): string {
	const all = tree.width[0];

	return [
		nameOf(tree, node),
		node ? kindOf(withFunctions(profile, tree), tree.fn[node]) : "",
		describeChange(tree, node) ||
			`total ${formatShare(tree.width[node], all)}`,
		`self ${formatShare(selfOf(tree, node).weight, tree.total[0])}`,
		`depth ${tree.depth[node]}`,
		plural(tree.kids[node], "callee"),
		statusOf(profile, tree, node)[0],
	].filter((text) => text).join(", ");
}

/** From the root, one frame a line, with where it is. */
export function stackText(profile: Profile, tree: Tree, node: number): string {
	const texts = withFunctions(profile, tree);

	return stackOf(tree, node).map((i) => {
		const place = placeOf(texts, tree.fn[i]);

		return place ? `${nameOf(tree, i)}  (${place})` : nameOf(tree, i);
	}).join("\n");
}
