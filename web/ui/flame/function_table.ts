// SPDX-License-Identifier: Apache-2.0
// The same profile as a table: functions by self or total. It is what a screen
// reader reads, and what answers "where does the time go" at once.
import { formatChange, formatCount, formatShare, formatWeight } from
	"../model/format";
import { baseName, kindOf, placeOf } from "../model/place";
import { KIND_GAP, type Profile } from "../model/profile";
import type { FunctionOrder } from "../model/state";
import type { FunctionSums } from "../model/sums";
import type { Controller } from "./controller";
import { make, name } from "./dom";
import { withFunctions } from "./frame";
import { RowsTable } from "./rows";

interface Heading {
	label: string;
	order?: FunctionOrder;
	className: string;
	unseen?: boolean; // what it is goes without saying
}

export function makeHead(label: string, className: string,
			 unseen = false): HTMLTableCellElement {
	return make("th", { scope: "col", className }, unseen ?
		make("span", { className: "unseen", textContent: label }) : label);
}

const HEADINGS: Heading[] = [
	{ label: "Self", order: "self", className: "number" },
	{ label: "samples", unseen: true, className: "number amount" },
	{ label: "Total", order: "total", className: "number" },
	{ label: "samples", unseen: true, className: "number amount" },
	{ label: "Change", order: "change", className: "number change" },
	{ label: "Function", order: "name", className: "" },
	{ label: "Where", className: "wide" },
	{ label: "Kind", className: "wide" },
	{ label: "doubt", unseen: true, className: "wide" },
];

export function makeShare(value: number, all: number): HTMLTableCellElement {
	const bar = make("span", { className: "fill" });

	bar.style.width = `${all ? 100 * value / all : 0}%`;
	return make("td", { className: "number" },
		    make("span", { className: "share" },
			 make("span", { className: "track" }, bar),
			 make("span", { textContent: formatShare(value, all) })));
}

export class FunctionTable {
	readonly element: HTMLElement;
	private table: RowsTable;
	private none = make("p", { className: "flame-none",
				   textContent: "No function matches." });
	private sums: FunctionSums | null = null;
	private profile!: Profile; // with the tree's functions
	private list: number[] = [];
	private all = { samples: 0, weight: 0, before: 0 };

	constructor(private controller: Controller) {
		this.table = new RowsTable({
			role: "table", label: "Functions by samples",
			row: (index) => this.makeRow(this.list[index]),
			onKey: (event, active) => {
				if (event.key !== "Enter" || !this.list.length)
					return false;
				controller.findFunction(this.list[active]);
				return true;
			},
		});
		this.element = make("div", { className: "flame-functions" },
				    this.table.element, this.none);
	}

	focus() {
		this.table.element.focus();
	}

	/** @sums: of the controller's tree. */
	show(sums: FunctionSums) {
		const { tree, profile } = this.controller;

		this.sums = sums;
		this.profile = withFunctions(profile, tree);
		this.all = { samples: tree.totalSamples[0], weight: tree.total[0],
			     before: tree.totalBefore?.[0] ?? 0 };
		this.element.classList.toggle("compared", !!tree.totalBefore);
		this.list = this.listed();
		this.showHead();
		this.table.setCount(this.list.length);
		this.none.hidden = this.list.length > 0;
	}

	private changeOf(fn: number): number {
		const { total, totalBefore } = this.sums!;

		return (this.all.samples ? total[fn] / this.all.samples : 0) -
			(this.all.before ? totalBefore![fn] / this.all.before : 0);
	}

	private compare(a: number, b: number): number {
		const { names } = this.profile.functions;
		const { selfWeight, totalWeight } = this.sums!;
		const { order } = this.controller.state;

		if (order === "name")
			return names[a] < names[b] ? -1 : names[a] > names[b] ? 1 : a - b;
		if (order === "change" && this.sums!.totalBefore)
			return Math.abs(this.changeOf(b)) -
				Math.abs(this.changeOf(a)) || a - b;
		const [one, two] = order === "total" ? [totalWeight, selfWeight] :
			[selfWeight, totalWeight];

		return one[b] - one[a] || two[b] - two[a] || a - b;
	}

	private listed(): number[] {
		const { search } = this.controller;
		const { totalWeight, totalBefore, places } = this.sums!;
		const list: number[] = [];

		// Function 0 is the root's, and mostly of nothing else.
		for (let fn = places[0] > 1 ? 0 : 1;
		     fn < this.profile.functions.count; fn++)
			if ((totalWeight[fn] || totalBefore?.[fn]) &&
			    this.profile.functions.kinds[fn] !== KIND_GAP &&
			    (!search || search.found[fn]))
				list.push(fn);
		return list.sort((a, b) => this.compare(a, b));
	}

	private showHead() {
		const { order } = this.controller.state;

		this.table.head.replaceChildren(make("tr", {}, ...HEADINGS.map(
			(heading) => {
				const { label, className, unseen } = heading;

				if (!heading.order)
					return makeHead(label, className, unseen);
				const cell = makeHead("", className);
				const isChosen = heading.order === order;
				const up = heading.order === "name";

				cell.append(make("button", {
					type: "button",
					textContent: label +
						(!isChosen ? "" : up ? " ↑" : " ↓"),
					onclick: () => this.sortBy(heading.order!),
				}));
				if (isChosen)
					cell.setAttribute("aria-sort", up ?
						"ascending" : "descending");
				return cell;
			})));
	}

	private sortBy(order: FunctionOrder) {
		this.controller.change({ order });
		this.table.head.querySelector<HTMLElement>("[aria-sort] button")
			?.focus();
	}

	private amount(samples: number, weight: number): string {
		const { profile } = this;

		return profile.unsampled || profile.timed ?
			formatWeight(weight * profile.scale, profile.unit) :
			formatCount(samples);
	}

	private makeRow(fn: number): HTMLTableRowElement {
		const { profile, all } = this;
		const sums = this.sums!;
		const kind = kindOf(profile, fn);
		const place = placeOf(profile, fn);
		const doubtful = sums.doubt[fn];
		const cell = (text: string, className: string) =>
			make("td", { className, textContent: text });

		return make("tr", {},
			makeShare(sums.selfWeight[fn], all.weight),
			cell(this.amount(sums.self[fn], sums.selfWeight[fn]),
			     "number amount"),
			makeShare(sums.totalWeight[fn], all.weight),
			cell(this.amount(sums.total[fn], sums.totalWeight[fn]),
			     "number amount"),
			cell(sums.totalBefore ? formatChange(this.changeOf(fn)) : "",
			     "number change"),
			make("td", { className: "function" },
			     make("span", { className: `flame-swatch ${kind}`,
					    title: kind }),
			     make("button", {
				type: "button", tabIndex: -1,
				title: "Find it in the flame graph",
				onclick: () => this.controller.findFunction(fn),
			     }, name(profile.functions.names[fn]))),
			make("td", { className: "place wide", title: place },
			     name(baseName(place))),
			cell(profile.unsampled ? "" : kind, "wide"),
			cell(doubtful ? `${formatShare(doubtful, sums.total[fn])} ` +
				"in doubt" : "", "wide"));
	}
}
