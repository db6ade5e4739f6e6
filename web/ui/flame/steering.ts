// SPDX-License-Identifier: Apache-2.0
// By keyboard: moving the selection, zooming, and all that has a letter.
import { KINDS } from "../model/profile";
import type { Controller } from "./controller";
import type { FlameOptions, View } from "./api";
import { runFrameKey, type Target } from "./frame_menu";
import { isForControl } from "./keys";
import type { Pane } from "./pane";

/** What is steered. */
export interface Steered extends Controller {
	readonly options: FlameOptions;
	readonly active: Pane; // of several graphs, the one that keys mean
	isMenuOpen(): boolean;
	searchInput(): HTMLInputElement;
	zoomIn(pane: Pane, node: number): void;
	/** Selects a node, and goes to where it can be seen. */
	reveal(pane: Pane, node: number): void;
	openMenuAt(pane: Pane, node: number, x: number, y: number): void;
	target(pane: Pane, node: number): Target;
	focus(): void;
}

const ALL_VIEWS: View[] = ["graph", "functions", "tree"];

export class Steering {
	private readonly keys: Record<string, () => void> = {
		"/": () => this.graph.searchInput().select(),
		n: () => this.graph.stepMatch(1),
		N: () => this.graph.stepMatch(-1),
		Enter: () => this.zoom(this.graph.active.selected),
		Escape: () => this.stepOut(),
		Backspace: () => this.zoom(this.caller()),
		0: () => this.zoom(0),
		v: () => this.graph.change({ flip: !this.graph.state.flip }),
		i: () => this.graph.change({ invert: !this.graph.state.invert,
					     zoom: "" }),
		t: () => this.nextView(),
		u: () => this.takeBack(),
		m: () => this.openMenu(),
		ContextMenu: () => this.openMenu(),
		1: () => this.toggleKind(0), 2: () => this.toggleKind(1),
		3: () => this.toggleKind(2), 4: () => this.toggleKind(3),
		ArrowUp: () => this.move("ArrowUp"),
		ArrowDown: () => this.move("ArrowDown"),
		ArrowLeft: () => this.move("ArrowLeft"),
		ArrowRight: () => this.move("ArrowRight"),
	};

	constructor(private graph: Steered) {}

	/** True: @event was one of the graph's keys. */
	handle(event: KeyboardEvent): boolean {
		const { key } = event;
		const { state, options } = this.graph;
		const needsGraph = /^(?:Arrow|Enter|Backspace)/.test(key);

		if (event.ctrlKey && key === "c" && !getSelection()?.toString())
			return this.runOnSelected("c");
		if (isForControl(event) || this.graph.isMenuOpen() ||
		    (needsGraph && state.view !== "graph") ||
		    (options.digits === false && /^[1-9]$/.test(key)))
			return false;
		if (!Object.hasOwn(this.keys, key))
			return this.runOnSelected(key);
		this.keys[key]();
		return true;
	}

	private runOnSelected(key: string): boolean {
		const { active } = this.graph;

		return runFrameKey(this.graph.target(active, active.selected), key);
	}

	private zoom(node: number) {
		this.graph.zoomIn(this.graph.active, node);
	}

	private caller(): number {
		const { tree, zoomed } = this.graph.active;

		return tree.parent[zoomed];
	}

	private move(key: string) {
		const { tree, selected: node, flipped } = this.graph.active;
		const down = flipped ? "ArrowUp" : "ArrowDown";
		const up = flipped ? "ArrowDown" : "ArrowUp";
		const isSibling = (other: number) => other > 0 &&
			other < tree.count && tree.parent[other] === tree.parent[node];
		const targets: Record<string, number> = {
			[down]: tree.kids[node] ? tree.first[node] : node,
			[up]: tree.parent[node],
			ArrowLeft: isSibling(node - 1) ? node - 1 : node,
			ArrowRight: isSibling(node + 1) ? node + 1 : node,
		};

		this.graph.reveal(this.graph.active,
				  node || key === down ? targets[key] : node);
	}

	// Of the search, then of the zoom, then of callers and callees.
	private stepOut() {
		const { state, change, active } = this.graph;

		if (state.search)
			change({ search: "" });
		else if (active.zoomed)
			this.zoom(this.caller());
		else if (state.sandwich)
			change({ sandwich: null });
		else
			this.zoom(0);
	}

	private nextView() {
		const views = this.graph.options.views ?? ALL_VIEWS;
		const at = views.indexOf(this.graph.state.view);

		this.graph.change({ view: views[(at + 1) % views.length] });
		requestAnimationFrame(() => this.graph.focus());
	}

	private takeBack() {
		const { transforms } = this.graph.state;

		if (transforms.length)
			this.graph.change({ transforms: transforms.slice(0, -1),
					    zoom: "" });
	}

	private toggleKind(kind: number) {
		const { hidden } = this.graph.state;
		const word = KINDS[kind];

		this.graph.change({ zoom: "", hidden: hidden.includes(word) ?
			hidden.filter((other) => other !== word) :
			[...hidden, word] });
	}

	private openMenu() {
		const { active } = this.graph;
		const { selected, stage, tree } = active;
		const box = stage.getBoundingClientRect();

		if (selected)
			this.graph.openMenuAt(active, selected, box.left + 40,
				box.top + active.rowTop(tree.depth[selected]) + 20);
	}
}
