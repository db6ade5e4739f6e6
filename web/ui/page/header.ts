// SPDX-License-Identifier: Apache-2.0
// What the page says above the graph: where the profile is from, how good it
// is, and the long version of that.
import { make } from "../flame/dom";
import { FLAME_KEYS } from "../flame/keys";
import { capitalize, formatCount, formatDate, formatSamples, formatShare,
	 formatTime, formatWeight, plural } from "../model/format";
import type { PageDocument } from "./profile_document";

export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
	return document.getElementById(id) as T;
}

function describeTrust({ trust, samples }: PageDocument): string {
	const python = trust.proven + trust.unproven;

	if (!samples)
		return "no samples";
	if (!python)
		return "no Python";
	return `${formatShare(trust.proven, python)} of Python proven`;
}

function showTrust(page: PageDocument) {
	const bar = byId("trust");
	const words: string[] = [];

	for (const word of ["proven", "unproven", "native"] as const) {
		const count = page.trust[word];

		if (!count)
			continue;
		const part = make("span", { className: word });

		part.style.flexGrow = String(count);
		bar.append(part);
		words.push(`${formatCount(count)} ${word}`);
	}
	byId("trust-words").textContent = describeTrust(page);
	bar.title = words.join(", ");
	bar.setAttribute("aria-label", `Samples: ${bar.title || "none"}`);
}

// Nothing is left out without a word.
function allNotes(page: PageDocument): string[] {
	const notes = [...page.notes];

	if (page.least_samples)
		notes.push("Boxes of fewer than " +
			`${formatSamples(page.least_samples)} are left out: ` +
			"their samples are their callers' own here.");
	if (page.threads_left_out)
		notes.push("There are too many samples to tell threads apart " +
			"here: v_sample does.");
	return notes;
}

// When it was: of a part of a store, which part.
function spanTexts({ session, selection }: PageDocument): string[] {
	if (!selection || selection.whole)
		return [formatDate(session.start_wall_ns / 1000),
			formatTime(session.duration_ns)];
	return [`${formatDate(selection.from_us)} to ` +
			formatDate(selection.to_us),
		formatTime((selection.to_us - selection.from_us) * 1000),
		selection.filters];
}

function timeName({ session, weight_unit }: PageDocument): string {
	if (session.event === "off-cpu")
		return "Blocked";
	return weight_unit === "ns" ? "CPU time" : capitalize(session.event);
}

export function showHeader(page: PageDocument) {
	const { session } = page;
	const command = session.command || page.title;
	const meta = [
		page.title, session.host, `Linux ${session.kernel}`,
		plural(session.cpu_count, "CPU"), ...spanTexts(page),
		`${session.event} at ${session.frequency_hz} Hz`,
	].filter((text) => text).join("  ·  ");

	document.title = `${page.title || command} · brindle`;
	byId("command").textContent = command;
	byId("command").title = command;
	byId("meta").textContent = byId("meta").title = meta;
	byId("samples").textContent = formatCount(page.samples);
	byId("time-name").textContent = timeName(page);
	byId("time").textContent = formatWeight(page.time_ns, page.weight_unit);
	byId("lost").textContent = formatCount(page.lost);
	byId("lost").classList.toggle("bad", page.lost > 0);
	showTrust(page);
	byId("notes").append(...allNotes(page).map((textContent) =>
		make("li", { textContent })));
	byId("notes").hidden = !byId("notes").children.length;
}

function trustRows(page: PageDocument): [string, string][] {
	const rows = (["proven", "unproven", "native"] as const)
		.map((word): [string, string] => [capitalize(word),
			`${formatSamples(page.trust[word])}, ` +
			formatShare(page.trust[word], page.samples)]);

	for (const { meaning, samples } of page.trust.reasons)
		rows.push(["Unproven because", `${meaning}: ${formatCount(samples)}`]);
	return rows;
}

function fillTable(dialog: HTMLElement, rows: [string | Node, string][]) {
	dialog.querySelector("table")!.append(...rows.map(([title, value]) => {
		const head = make("th", {}, title);

		head.scope = "row";
		return make("tr", {}, head, make("td", { textContent: value }));
	}));
}

export function fillAbout(page: PageDocument) {
	const { session } = page;

	fillTable(byId("about"), [
		["Command", session.command],
		["Host", `${session.host}, Linux ${session.kernel} ` +
			`${session.architecture}, ${plural(session.cpu_count, "CPU")}`],
		["Recorded", `${formatDate(session.start_wall_ns / 1000)}, ` +
			`for ${formatTime(session.duration_ns)}` +
			(session.cut_short ? ", end unknown" : "")],
		["Event", `${session.event} at ${session.frequency_hz} Hz: ` +
			"a sample is " +
			formatWeight(session.period_ns, page.weight_unit)],
		["Samples", `${formatCount(page.samples)}, ` +
			`${formatCount(page.lost)} lost`],
		...trustRows(page),
		["Recorded by", `brindle ${session.brindle_version}`],
	]);
}

const PAGE_KEYS: [string, string][] = [
	["1 2 3 4", "show or leave out Python, native, kernel, other"],
	["p", "about this profile"], ["g", "light, dark, or as the system is"],
	["?", "this help"],
];

export function fillHelp() {
	fillTable(byId("help"), [...FLAME_KEYS, ...PAGE_KEYS].map(
		([key, what]): [Node, string] =>
			[make("kbd", { textContent: key }), what]));
}
