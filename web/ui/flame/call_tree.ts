// SPDX-License-Identifier: Apache-2.0
// The same tree as rows that open and close: what the graph shows, for those
// who do not see it, and for those who want numbers beside names.
import { formatChange, formatCount, formatShare, formatWeight } from
	"../model/format";
import { shareAfter, shareBefore } from "../model/diff";
import { stackOf } from "../model/path";
import { baseName, kindOf, placeOf } from "../model/place";
import { KIND_GAP } from "../model/profile";
import type { Controller } from "./controller";
import { make, name } from "./dom";
import { nameOf, selfOf, statusOf, withFunctions } from "./frame";
import { makeHead, makeShare } from "./function_table";
import { RowsTable } from "./rows";

const OPEN_MOST = 2000; // rows that "*" opens
const INDENT_MOST = 40; // levels; deeper ones are told by their number

export class CallTree {
	readonly element: HTMLElement;
	private table: RowsTable;
	private list: number[] = []; // nodes, in the order of the rows
	private open = new Set<number>();
	private shownTree: unknown = null;

	constructor(private controller: Controller) {
		this.table = new RowsTable({
			role: "treegrid", label: "Call tree",
			row: (index) => this.makeRow(index),
			onKey: (event, active) => this.onKey(event, active),
			onActive: (active) => controller.select(this.list[active]),
		});
		this.element = make("div", { className: "flame-tree" },
				    this.table.element);
	}

	focus() {
		this.table.element.focus();
	}

	show() {
		const { tree, zoomed } = this.controller;

		if (tree !== this.shownTree) {
			this.shownTree = tree;
			this.open.clear();
			this.openHeaviest(zoomed);
			for (const node of stackOf(tree, zoomed))
				this.open.add(tree.parent[node]);
		}
		this.element.classList.toggle("compared", !!tree.totalBefore);
		this.showHead();
		this.fill();
	}

	// The way down that takes most of the time, as far as it is one.
	private openHeaviest(node: number) {
		const { tree } = this.controller;
		const least = tree.width[node] / 2;

		for (let steps = 0; tree.kids[node] && steps < OPEN_MOST; steps++) {
			this.open.add(node);
			node = tree.first[node];
			if (tree.width[node] < least)
				break;
		}
	}

	private showHead() {
		const heads: [string, string, boolean?][] = [
			["Total", "number"], ["samples", "number amount", true],
			["Self", "number"], ["Change", "number change"],
			["Function", ""], ["Where", "wide"],
			["doubt", "wide", true],
		];

		this.table.head.replaceChildren(make("tr", {},
			...heads.map((head) => makeHead(...head))));
	}

	// Depth first, by hand: stacks may be deeper than recursion.
	private fill() {
		const { tree } = this.controller;
		const waiting = [0];

		this.list = [];
		while (waiting.length) {
			const node = waiting.pop()!;

			this.list.push(node);
			if (!this.open.has(node))
				continue;
			for (let i = tree.kids[node] - 1; i >= 0; i--) {
				const kid = tree.first[node] + i;

				if (tree.functions.kinds[tree.fn[kid]] !== KIND_GAP)
					waiting.push(kid);
			}
		}
		this.table.setCount(this.list.length);
	}

	private toggle(node: number, open: boolean) {
		const { tree } = this.controller;

		if (!tree.kids[node] || this.open.has(node) === open)
			return;
		if (open)
			this.open.add(node);
		else
			this.open.delete(node);
		this.fill();
	}

	// "*": everything below, as far as it is not too much.
	private openAll(node: number) {
		const { tree } = this.controller;
		const waiting = [node];

		for (let i = 0; i < waiting.length && i < OPEN_MOST; i++) {
			this.open.add(waiting[i]);
			for (let k = 0; k < tree.kids[waiting[i]]; k++)
				waiting.push(tree.first[waiting[i]] + k);
		}
		this.fill();
	}

	private onKey(event: KeyboardEvent, active: number): boolean {
		const { tree } = this.controller;
		const node = this.list[active];
		const isOpen = this.open.has(node);

		switch (event.key) {
		case "ArrowRight":
			if (isOpen && tree.kids[node])
				this.table.setActive(active + 1);
			else
				this.toggle(node, true);
			return true;
		case "ArrowLeft":
			if (isOpen && tree.kids[node])
				this.toggle(node, false);
			else
				this.table.setActive(this.list.indexOf(
					tree.parent[node]));
			return true;
		case " ":
			this.toggle(node, !isOpen);
			return true;
		case "*":
			this.openAll(node);
			return true;
		case "Enter":
			this.controller.change({ view: "graph" });
			this.controller.zoom(node);
			return true;
		case "ContextMenu":
			this.openMenu(active);
			return true;
		}
		return false;
	}

	private openMenu(active: number) {
		const row = this.table.element.querySelector(".active");
		const box = (row ?? this.element).getBoundingClientRect();

		if (this.list[active])
			this.controller.openFrameMenu(this.list[active],
						      box.left + 200, box.bottom);
	}

	private makeArrow(node: number): HTMLElement {
		const { tree } = this.controller;
		const isOpen = this.open.has(node);

		return make("span", {
			className: "arrow", aria: { hidden: "true" },
			textContent: !tree.kids[node] ? "" : isOpen ? "▾" : "▸",
			onclick: () => this.toggle(node, !isOpen),
		});
	}

	private makeName(node: number): HTMLTableCellElement {
		const { tree, profile } = this.controller;
		const kind = kindOf(withFunctions(profile, tree), tree.fn[node]);
		const depth = tree.depth[node];
		const cell = make("td", { className: "function" });

		cell.style.paddingLeft = `calc(${Math.min(depth, INDENT_MOST)} * var(--indent))`;
		if (depth > INDENT_MOST)
			cell.append(make("small", { textContent: `${depth} ` }));
		cell.append(this.makeArrow(node));
		if (node)
			cell.append(make("span", { className: `flame-swatch ${kind}`,
						   title: kind }));
		cell.append(name(nameOf(tree, node)));
		return cell;
	}

	private describe(row: HTMLElement, node: number) {
		const { tree } = this.controller;
		const above = tree.parent[node];

		row.setAttribute("aria-level", String(tree.depth[node] + 1));
		row.setAttribute("aria-posinset",
				 String(node ? node - tree.first[above] + 1 : 1));
		row.setAttribute("aria-setsize",
				 String(node ? tree.kids[above] : 1));
		if (tree.kids[node])
			row.setAttribute("aria-expanded",
					 String(this.open.has(node)));
	}

	private makeRow(index: number): HTMLTableRowElement {
		const { tree, profile, search } = this.controller;
		const node = this.list[index];
		const self = selfOf(tree, node);
		const texts = withFunctions(profile, tree);
		const place = placeOf(texts, tree.fn[node]);
		const cell = (text: string, className: string) =>
			make("td", { className, textContent: text });
		const row = make("tr", {},
			makeShare(tree.width[node], tree.width[0]),
			cell(profile.unsampled || profile.timed ?
				formatWeight(tree.total[node] * profile.scale,
					     profile.unit) :
				formatCount(tree.totalSamples[node]),
			     "number amount"),
			cell(formatShare(self.weight, tree.total[0]), "number"),
			cell(tree.totalBefore ? formatChange(shareAfter(tree, node) -
				shareBefore(tree, node)) : "", "number change"),
			this.makeName(node),
			make("td", { className: "place wide", title: place },
			     name(baseName(place))),
			cell(statusOf(profile, tree, node)[0], "wide"));

		this.describe(row, node);
		row.classList.toggle("match", !!search?.found[tree.fn[node]]);
		row.ondblclick = () => this.toggle(node, !this.open.has(node));
		row.oncontextmenu = (event) => {
			event.preventDefault();
			if (node)
				this.controller.openFrameMenu(node, event.clientX,
							      event.clientY);
		};
		return row;
	}
}
