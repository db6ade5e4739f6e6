// SPDX-License-Identifier: Apache-2.0
// Above the graph: views, search, and the switches.
import { formatCount, formatShare, plural } from "../model/format";
import type { ThreadShare } from "../model/profile";
import type { ColorBy, FlameOptions, FlameState, Grain, Preset,
	 View } from "./api";
import type { Controller, Part } from "./controller";
import { make, setPressed } from "./dom";
import type { MenuItem } from "./menu";

const VIEWS: Record<View, string> = {
	graph: "Flame graph", functions: "Functions", tree: "Call tree",
};

const PRESETS: [Preset, string][] = [
	["python", "Python only"],
	["interpreter", "Hide interpreter internals"],
	["import", "Hide import machinery"],
	["recursion", "Collapse direct recursion"],
];

const GRAINS: [Grain, string][] = [
	["function", "Boxes are functions"], ["line", "Boxes are lines"],
	["file", "Boxes are files"], ["module", "Boxes are binaries"],
];

const COLORS: [ColorBy, string][] = [
	["kind", "Colour by kind"], ["file", "Colour by file"],
	["module", "Colour by binary"],
];

const WIDTHS = [["both", "Width: before and after"], ["before", "Width: before"],
		["after", "Width: after"]] as const;

let nextId = 0;

class Tabs implements Part {
	readonly element = make("div", { className: "flame-tabs", role: "tablist",
					 aria: { label: "View" } });
	private buttons = new Map<View, HTMLButtonElement>();

	constructor(views: View[], private controller: Controller) {
		for (const view of views) {
			const button = make("button", {
				type: "button", role: "tab",
				textContent: VIEWS[view],
				onclick: () => controller.change({ view }),
			});

			this.buttons.set(view, button);
			this.element.append(button);
		}
		this.element.hidden = views.length < 2;
		this.element.onkeydown = (event) => this.onKey(event);
	}

	private onKey(event: KeyboardEvent) {
		const views = [...this.buttons.keys()];
		const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];

		if (!step)
			return;
		const at = views.indexOf(this.controller.state.view);
		const view = views[(at + step + views.length) % views.length];

		event.stopPropagation();
		event.preventDefault();
		this.controller.change({ view });
		this.buttons.get(view)!.focus();
	}

	show({ state }: Controller) {
		for (const [view, button] of this.buttons) {
			button.setAttribute("aria-selected",
					    String(view === state.view));
			button.tabIndex = view === state.view ? 0 : -1;
		}
	}
}

export class SearchBox implements Part {
	readonly element: HTMLElement;
	readonly input: HTMLInputElement;
	private found: HTMLOutputElement;
	private previous: HTMLButtonElement;
	private next: HTMLButtonElement;

	constructor(private controller: Controller, leave: () => void) {
		const id = `flame-search-${++nextId}`;

		this.input = make("input", {
			id, type: "search", className: "flame-query",
			placeholder: "Search: name or /pattern/",
			spellcheck: false, autocomplete: "off",
			aria: { label: "Search functions" },
			oninput: () => controller.change({ search: this.input.value }),
			onkeydown: (event) => this.onKey(event, leave),
		});
		this.found = make("output", { className: "flame-found" });
		this.found.htmlFor.value = id;
		this.previous = this.makeStep("↑", "Previous match (N)", -1);
		this.next = this.makeStep("↓", "Next match (n)", 1);
		this.element = make("div", { className: "flame-search", role: "search" },
				    this.input, this.found, this.previous, this.next);
	}

	private makeStep(text: string, title: string, step: number) {
		return make("button", {
			type: "button", title, textContent: text, hidden: true,
			aria: { label: title },
			onclick: () => this.controller.stepMatch(step),
		});
	}

	private onKey(event: KeyboardEvent, leave: () => void) {
		if (event.key === "Enter") {
			this.controller.stepMatch(event.shiftKey ? -1 : 1);
		} else if (event.key === "Escape") {
			this.controller.change({ search: "" });
			leave();
			event.preventDefault();
			event.stopPropagation();
		}
	}

	show({ state, search }: Controller) {
		const wrong = state.search.trim() !== "" && !search;

		if (this.input.value !== state.search)
			this.input.value = state.search;
		this.input.classList.toggle("wrong", wrong);
		this.input.setAttribute("aria-invalid", String(wrong));
		this.next.hidden = this.previous.hidden = !search?.tops.length;
		this.found.replaceChildren();
		if (wrong)
			this.found.append("not a pattern yet");
		else if (search && !search.tops.length)
			this.found.append("no match");
		else if (search)
			this.found.append(make("b", { textContent:
				formatShare(search.share, 1) }),
				` of all, ${plural(search.functionCount, "function")}, ` +
				plural(search.places, "place"));
		this.found.title = this.found.textContent ?? "";
	}
}

function threadLabel(thread: ThreadShare): string {
	return thread.tid ? `${thread.thread} (${thread.tid}), ` +
		formatCount(thread.total) :
		`${thread.thread}, ${formatCount(thread.total)}`;
}

// Choices: everything, each process that has several threads, each thread.
class Threads implements Part {
	readonly element = make("select", {
		className: "flame-threads", aria: { label: "Threads shown" },
		hidden: true,
	});
	private shown: ThreadShare[] = [];
	private choices: number[][] = [[]];

	constructor(controller: Controller) {
		this.element.onchange = () => controller.change({
			threads: this.choices[Number(this.element.value)] ?? [],
			zoom: "",
		});
	}

	private add(parent: HTMLElement, label: string, threads: number[]) {
		parent.append(make("option", {
			value: String(this.choices.length), textContent: label }));
		this.choices.push(threads);
	}

	private fill(threads: ThreadShare[]) {
		const processes = new Map<string, number[]>();
		let all = 0;

		threads.forEach((thread, i) => {
			const process = thread.tid ?
				`${thread.process} (${thread.pid})` : "";

			processes.set(process, [...processes.get(process) ?? [], i]);
			all += thread.total;
		});
		this.choices = [];
		this.element.replaceChildren();
		this.add(this.element, `All threads, ${formatCount(all)}`, []);
		for (const [process, list] of processes) {
			const group = process ? make("optgroup", { label: process }) :
				this.element;
			const total = list.reduce((sum, i) => sum + threads[i].total, 0);

			if (list.length > 1 && process)
				this.add(group, `all of ${process}, ` +
					 formatCount(total), list);
			for (const i of list)
				this.add(group, threadLabel(threads[i]), [i]);
			if (process)
				this.element.append(group);
		}
	}

	show({ profile, state }: Controller) {
		const { threads } = profile;

		if (threads !== this.shown) {
			this.shown = threads;
			this.fill(threads);
		}
		this.element.hidden = threads.length < 2;
		this.element.value = String(Math.max(0, this.choices.findIndex(
			(choice) => choice.join() === state.threads.join())));
	}
}

// One of a few is so: choosing it makes @key say so.
function choices<Key extends "grain" | "color">({ state, change }: Controller,
		key: Key, all: [FlameState[Key], string][]): (MenuItem | null)[] {
	return [null, ...all.map(([value, label]) => ({
		label, checked: state[key] === value,
		run: () => change(key === "grain" ? { [key]: value, zoom: "" } :
			{ [key]: value }),
	}))];
}

// Presets, and switches that have no button of their own.
function framesItems(controller: Controller, lines = false): (MenuItem | null)[] {
	const { state, change, tree } = controller;
	const presets = PRESETS.map(([preset, label]) => ({
		label, checked: state.presets.includes(preset),
		run: () => change({
			presets: state.presets.includes(preset) ?
				state.presets.filter((other) => other !== preset) :
				[...state.presets, preset],
			zoom: "",
		}),
	}));

	return [...presets, ...choices(controller, "grain",
		GRAINS.filter(([grain]) => lines || grain !== "line")),
		...tree.totalBefore ? [] : choices(controller, "color", COLORS)];
}

export class Bar implements Part {
	readonly element: HTMLElement;
	readonly search: SearchBox;
	private parts: Part[];
	private frames: HTMLButtonElement;
	private invert: HTMLButtonElement;
	private flip: HTMLButtonElement;
	private reset: HTMLButtonElement;
	private widths: HTMLSelectElement;

	constructor(controller: Controller, options: FlameOptions,
		    leaveSearch: () => void) {
		const button = (text: string, title: string, run: () => void) =>
			make("button", { type: "button", textContent: text, title,
					 onclick: run });
		const tabs = new Tabs(options.views ?? ["graph", "functions", "tree"],
				      controller);
		const threads = new Threads(controller);

		this.search = new SearchBox(controller, leaveSearch);
		this.parts = [tabs, this.search, threads];
		this.frames = button("Frames ▾", "What is left out, what a box is, what colours mean",
			() => controller.openMenu(this.frames,
						  framesItems(controller, options.lines)));
		this.frames.setAttribute("aria-haspopup", "menu");
		this.frames.hidden = options.presets === false;
		this.invert = button("Bottom-up",
			"What was on a CPU first, its callers below (i)",
			() => controller.change({ invert: !controller.state.invert,
						  zoom: "" }));
		this.flip = button("Flip", "Root below instead of above (v)",
			() => controller.change({ flip: !controller.state.flip }));
		this.reset = button("Reset zoom", "Show everything (0)",
			() => controller.zoom(0));
		this.widths = make("select", {
			aria: { label: "Width of boxes" }, hidden: true,
			onchange: () => controller.change({
				width: this.widths.value as "both" }),
		}, ...WIDTHS.map(([value, label]) =>
			make("option", { value, textContent: label })));
		this.element = make("div", { className: "flame-bar" }, tabs.element,
			this.search.element,
			make("div", { className: "flame-end" }, threads.element,
			     this.widths, this.frames, this.invert, this.flip,
			     this.reset));
	}

	show(controller: Controller) {
		const { state, tree, profile } = controller;
		const isGraph = state.view === "graph";

		for (const part of this.parts)
			part.show(controller);
		setPressed(this.invert, state.invert);
		setPressed(this.flip, state.flip);
		this.frames.classList.toggle("on", state.presets.length > 0 ||
			state.grain !== "function" || state.color !== "kind");
		this.invert.hidden = profile.timed;
		this.invert.disabled = state.view === "functions";
		this.flip.disabled = !isGraph || state.sandwich !== null;
		this.widths.hidden = !tree.totalBefore;
		this.widths.value = state.width;
	}

	showReset(isPossible: boolean) {
		this.reset.disabled = !isPossible;
	}
}
