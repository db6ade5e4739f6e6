// SPDX-License-Identifier: Apache-2.0
// The views by name, in the order of their tabs.
import type { FunctionComponent } from "preact";
import { later } from "../later";
import { go, query, type Patch } from "../state/location";
import { FlameView } from "./flame";
import { OverviewView } from "./overview";

export interface View {
	name: string;
	title: string;
	about: string;
	view: FunctionComponent;
	/** About the samples in the range, so the timeline stands above it. */
	timeline: boolean;
	/** Stacks are filtered here. */
	filters: boolean;
}

const samples = { timeline: true, filters: true };
const alone = { timeline: false, filters: false };

export const VIEWS: readonly View[] = [
	{
		name: "overview",
		title: "Overview",
		about: "What was busy, and with what",
		view: OverviewView,
		timeline: false,
		filters: true,
	},
	{
		name: "flame",
		title: "Flame graph",
		about: "All stacks at once",
		view: FlameView,
		...samples,
	},
	{
		name: "top",
		title: "Top",
		about: "Functions by their cost",
		view: later("TopView"),
		...samples,
	},
	{
		name: "tree",
		title: "Tree",
		about: "Who calls what, row by row",
		view: later("TreeView"),
		...samples,
	},
	{
		name: "sandwich",
		title: "Sandwich",
		about: "Callers and callees of one function",
		view: later("SandwichView"),
		...samples,
	},
	{
		name: "diff",
		title: "Diff",
		about: "What is different between two ranges",
		view: later("DiffView"),
		timeline: false,
		filters: true,
	},
	{
		name: "chart",
		title: "Chart",
		about: "One thread in the order of time",
		view: later("ChartView"),
		...samples,
	},
	{
		name: "heat",
		title: "Heat map",
		about: "When, within each second",
		view: later("HeatView"),
		...samples,
	},
	{
		name: "lines",
		title: "Lines",
		about: "Source lines by their cost",
		view: later("LinesView"),
		...samples,
	},
	{
		name: "processes",
		title: "Processes",
		about: "Processes and threads",
		view: later("ProcessesView"),
		...samples,
	},
	{
		name: "waits",
		title: "Waits",
		about: "Off CPU, and the lock of the interpreter",
		view: later("WaitsView"),
		...samples,
	},
	{ name: "sql", title: "SQL", about: "Ask the database", view: later("SqlView"), ...alone },
	{
		name: "health",
		title: "Health",
		about: "How good this profile is",
		view: later("HealthView"),
		...alone,
	},
];

export function currentView(): View {
	return VIEWS.find(({ name }) => name === query.value.view) ?? VIEWS[0]!;
}

/** What belongs to one view does not follow to the next. */
const OF_ONE_VIEW = ["zoom", "sql", "as", "sort", "of"];

/** Values of a query's parameters, as ":name". */
export function goneValues(): Patch {
	return Object.fromEntries(
		Object.keys(query.value)
			.filter((name) => name.startsWith(":"))
			.map((name) => [name, undefined])
	);
}

/** To the view of that name, with all that belongs to several views. */
export function viewPatch(name: string): Patch {
	return {
		...Object.fromEntries(OF_ONE_VIEW.map((key) => [key, undefined])),
		...goneValues(),
		view: name === VIEWS[0]!.name ? undefined : name,
	};
}

export function showView(name: string): void {
	go(viewPatch(name));
}
