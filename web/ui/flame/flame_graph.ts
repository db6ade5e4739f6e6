// SPDX-License-Identifier: Apache-2.0
// The component: see flame/api.ts. It holds the state and the tree that comes
// of it; the parts around show both, and ask for changes.
import { deriveTree } from "../model/derive";
import { emptyProfile, type Profile } from "../model/profile";
import { escapePattern, searchTree, type Search } from "../model/search";
import { nextTurn, runNow, runSliced, type Work } from "../model/slices";
import { keepSteady } from "../model/steady";
import { sumGroups, sumKinds, type FunctionSums, type GroupSum } from
	"../model/sums";
import type { Tree } from "../model/tree";
import { INITIAL_STATE, type ColorBy, type FlameGraphApi, type FlameOptions,
	 type FlameState, type Frame, type ProfileSource } from "./api";
import { Bar } from "./bar";
import type { CallTree } from "./call_tree";
import { paletteOf, type Palette } from "./colors";
import { Details } from "./details";
import { make } from "./dom";
import { announcementOf, frameOf, nameOf } from "./frame";
import { menuItems, type Target } from "./frame_menu";
import type { FunctionTable } from "./function_table";
import { Menu, type MenuItem } from "./menu";
import { Pane, type PaneEvents } from "./pane";
import { PathBar } from "./path_bar";
import { keyOf, placeIn, returnTo, type Place } from "./place_keeper";
import { Sides, sideTrees } from "./sides";
import { Steering, type Steered } from "./steering";

const LABEL = "Flame graph";
const KEYS_HINT = "Arrow keys move, Enter zooms, m opens a menu, t shows " +
	"the same as a table.";
const LARGE = 20000; // nodes
const EMPTY = { title: "No samples", text: ["Nothing was seen here."] };

// Changes of these make another tree.
const SHAPES = ["hidden", "presets", "transforms", "threads", "invert",
		"width", "grain"] as const;

// Both are there when one of them was wanted.
interface Tables {
	functions: FunctionTable;
	tree: CallTree;
	sumFunctions: typeof import("./tables").sumFunctions;
}

function makeEmpty({ title, text }: { title: string; text: string[] }) {
	return make("div", { className: "flame-empty", hidden: true },
		    make("b", { textContent: title }),
		    ...text.map((textContent) => make("span", { textContent })));
}

// What is not private is for the parts of the component; others have
// FlameGraphApi.
export class FlameGraph implements FlameGraphApi, Steered {
	profile: Profile = emptyProfile(); // that is shown
	private wanted: ProfileSource = this.profile; // that is to be
	kinds = runNow(sumKinds(this.profile));
	groups: GroupSum[] | null = null;
	private grouped: { profile: Profile; by: ColorBy } | null = null;
	palette: Palette;
	tree: Tree;
	search: Search | null = null;
	state: FlameState;
	private sums: { tree: Tree; sums: FunctionSums } | null = null;
	private element: HTMLElement;
	private main: HTMLElement;
	private graph: HTMLElement;
	private sides: Sides;
	private empty: HTMLElement;
	private live = make("div", { className: "unseen", role: "status",
				     aria: { live: "polite" } });
	private bar: Bar;
	private path: PathBar;
	private details = new Details();
	private menu = new Menu();
	private tables: Tables | null = null;
	private pane: Pane;
	active: Pane;
	private steering = new Steering(this);
	private match = -1; // of the search: the one that was shown last
	private generation = 0;
	private destroyed = false;
	private media: MediaQueryList[];

	constructor(host: HTMLElement, readonly options: FlameOptions = {}) {
		const label = `${options.label ?? LABEL}. ${KEYS_HINT}`;
		const none = runNow(deriveTree(this.profile, INITIAL_STATE));

		this.state = { ...INITIAL_STATE, ...options.state };
		this.tree = none;
		this.bind();
		this.bar = new Bar(this, options, () => this.focus());
		this.path = new PathBar(this, options.digits !== false);
		this.empty = makeEmpty(options.empty ?? EMPTY);
		this.graph = make("div", { className: "flame-graph" });
		this.main = make("div", { className: "flame-main" }, this.graph,
				 this.empty);
		this.element = make("div", { className: "flame" },
				    this.bar.element, this.path.element, this.main,
				    this.details.element, this.menu.element, this.live);
		this.bar.element.hidden = options.bar === false;
		this.details.element.hidden = options.details === false;
		host.append(this.element);
		const palette = this.palette = paletteOf(this.element);

		this.pane = this.active = new Pane(this.profile, none, palette,
						   this.events(), label);
		this.graph.append(this.pane.stage);
		this.sides = new Sides(this.profile, none, palette, this.events());
		this.graph.after(this.sides.element);
		this.pane.setFlipped(this.state.flip);
		this.media = ["(prefers-color-scheme: dark)",
			      "(forced-colors: active)"].map((query) => matchMedia(query));
		for (const query of this.media)
			query.addEventListener("change", this.refreshTheme);
		this.element.addEventListener("keydown", (event) => {
			if (this.handleKey(event)) {
				event.preventDefault();
				event.stopPropagation();
			}
		});
		this.showAll();
	}

	// Parts take these apart from the object.
	private bind() {
		this.change = this.change.bind(this);
		this.zoom = this.zoom.bind(this);
		this.refreshTheme = this.refreshTheme.bind(this);
	}

	get zoomed(): number {
		return this.pane.zoomed;
	}

	destroy() {
		this.destroyed = true;
		for (const query of this.media)
			query.removeEventListener("change", this.refreshTheme);
		for (const pane of this.panes())
			pane.destroy();
		this.element.remove();
	}

	private panes(): Pane[] {
		return [this.pane, ...this.sides.panes];
	}

	refreshTheme() {
		this.palette = paletteOf(this.element);
		for (const pane of this.panes())
			pane.setPalette(this.palette);
		this.path.show(this);
	}

	focus() {
		const { view } = this.state;

		if (view === "graph")
			this.active.stage.focus({ preventScroll: true });
		else
			void this.loadTables().then((tables) => {
				if (view === this.state.view)
					tables?.[view].focus();
			});
	}

	private async loadTables(): Promise<Tables | null> {
		const loaded = this.tables ? null :
			await this.options.tables?.().catch(() => null);

		// Somebody else may have waited for it, too.
		if (loaded && !this.tables) {
			this.tables = {
				functions: new loaded.FunctionTable(this),
				tree: new loaded.CallTree(this),
				sumFunctions: loaded.sumFunctions,
			};
			this.empty.before(this.tables.functions.element,
					  this.tables.tree.element);
			this.showAll();
		}
		return this.tables;
	}

	async setProfile(source: ProfileSource): Promise<void> {
		await this.rebuild(source);
	}

	async setState(change: Partial<FlameState>): Promise<void> {
		const old = this.state;

		this.state = { ...old, ...change };
		if (SHAPES.some((key) => JSON.stringify(old[key]) !==
					 JSON.stringify(this.state[key])))
			await this.rebuild(this.wanted);
		else
			await this.follow(old);
	}

	change(change: Partial<FlameState>) {
		// Who is told may change the address, for which browsers lay out
		// the page.
		void this.setState(change).then(() => this.breathe())
			.then(() => this.tellState());
	}

	private tellState() {
		if (!this.destroyed)
			this.options.onState?.(this.state);
	}

	// Only the last one that was asked for is worked on.
	private async work<T>(work: Work<T>, mine = this.generation):
			Promise<T | null> {
		const isWanted = () => mine === this.generation && !this.destroyed;

		return isWanted() ? runSliced(work, isWanted) : null;
	}

	// What comes next is enough for a task of its own.
	private async breathe(): Promise<void> {
		if (this.tree.count > LARGE)
			await nextTurn();
	}

	private async rebuild(source: ProfileSource): Promise<void> {
		const begin = performance.now();
		const mine = ++this.generation;

		this.wanted = source;
		// Where it came from has been long enough a task.
		if (source !== this.profile)
			await nextTurn();
		const profile = typeof source !== "function" ? source :
			await this.work(source(), mine);

		if (!profile || mine !== this.generation)
			return;
		this.wanted = profile;
		const fresh = await this.work(deriveTree(profile, this.state), mine);
		const isNext = this.tree.count > 1 && profile !== this.profile &&
			!profile.timed;
		const tree = fresh && isNext ? await this.work(
			keepSteady(fresh, this.tree, this.state.width), mine) : fresh;

		const kinds = profile === this.profile ? this.kinds :
			await this.work(sumKinds(profile), mine);

		if (tree && tree.count > LARGE)
			await nextTurn();
		if (!tree || !kinds || mine !== this.generation || this.destroyed)
			return;
		const place = this.tree.count > 1 ? placeIn(this.pane) : null;

		this.profile = profile;
		this.kinds = kinds;
		await this.place(tree, place);
		this.options.onDrawn?.(tree.count, performance.now() - begin);
	}

	private async place(tree: Tree, place: Place | null): Promise<void> {
		const isFirst = this.tree.count <= 1;

		this.tree = tree;
		this.pane.setTree(this.profile, tree);
		returnTo(this.pane, place, this.state.zoom);
		this.empty.hidden = tree.width[0] > 0;
		this.pane.resize();
		if (isFirst && this.pane.zoomed)
			this.pane.showRow(this.pane.zoomed);
		await this.find();
		await this.showSides();
		await this.showColors();
		this.showAll();
		await this.showView();
		const drawing = this.pane.drawing();

		await this.breathe();
		await this.work(drawing);
	}

	// A change that leaves the tree as it is.
	private async follow(old: FlameState): Promise<void> {
		const { state } = this;

		if (state.flip !== old.flip)
			this.pane.setFlipped(state.flip);
		if (state.search !== old.search) {
			await this.find();
			this.pane.requestDraw();
		}
		if (state.zoom !== old.zoom &&
		    state.zoom !== keyOf(this.tree, this.zoomed)) {
			returnTo(this.pane, null, state.zoom);
			this.pane.showRow(this.zoomed);
		}
		if (state.sandwich !== old.sandwich)
			await this.showSides();
		await this.showColors();
		this.showAll();
		if (state.view !== old.view || state.order !== old.order ||
		    state.search !== old.search)
			await this.showView();
	}

	private async find(): Promise<void> {
		const query = this.state.search.trim();

		this.match = -1;
		this.search = null;
		try {
			if (query)
				this.search = await this.work(
					searchTree(this.profile, this.tree, query));
		} catch {
			// No pattern yet: the search box says so.
		}
		for (const pane of this.panes()) {
			const fits = this.search?.found.length ===
				pane.tree.functions.count;

			pane.found = fits ? this.search!.found : null;
			pane.requestDraw();
		}
	}

	private async showColors(): Promise<void> {
		const { profile, grouped, state: { color: by } } = this;

		if (grouped?.profile === profile && grouped.by === by)
			return;
		const groups = by === "kind" ? null :
			await this.work(sumGroups(profile, by));

		// Another one may be wanted by now.
		if (this.profile !== profile || this.state.color !== by)
			return;
		this.grouped = { profile, by };
		this.groups = groups;
		for (const pane of this.panes())
			pane.setColorBy(by);
	}

	private async showView(): Promise<void> {
		const tables = this.state.view === "graph" ? null :
			await this.loadTables();

		if (tables && this.state.view === "functions") {
			if (this.sums?.tree !== this.tree) {
				const sums = await this.work(
					tables.sumFunctions(this.tree));

				if (!sums)
					return;
				this.sums = { tree: this.tree, sums };
				await this.breathe();
			}
			// Another view may be wanted by now.
			if (this.sums?.tree !== this.tree)
				return;
			tables.functions.show(this.sums.sums);
		} else if (tables && this.state.view === "tree") {
			tables.tree.show();
		}
	}

	private async showSides(): Promise<void> {
		const trees = await this.work(sideTrees(this.profile, this.tree,
							this.state));

		if (!this.state.sandwich)
			this.active = this.pane;
		if (!trees)
			return;
		this.sides.show(this.profile, trees, this.pane.found);
		this.active = this.sides.callees;
	}

	private showAll() {
		const { view, sandwich: sides } = this.state;
		const isGraph = view === "graph";

		this.graph.hidden = !isGraph || sides !== null;
		this.sides.element.hidden = !isGraph || sides === null;
		for (const one of ["functions", "tree"] as const)
			if (this.tables)
				this.tables[one].element.hidden = view !== one;
		this.bar.show(this);
		this.bar.showReset(!this.active.seesAll() || this.zoomed > 0);
		this.path.show(this);
		this.details.element.classList.toggle("off", view === "functions");
		if (isGraph)
			for (const pane of sides ? this.sides.panes : [this.pane])
				pane.resize();
		this.showDetails();
	}

	private showDetails() {
		const { hovered, selected, zoomed, tree } = this.active;

		this.details.show(this.profile, tree,
				  hovered >= 0 ? hovered : selected, zoomed,
				  this.active === this.pane &&
				  !this.state.threads.length && !this.state.invert &&
				  !tree.functions.by);
	}

	private announce(text: string) {
		this.live.textContent = text;
	}

	private events(): PaneEvents {
		return {
			hover: (pane) => {
				if (this.menu.isOpen)
					return;
				this.active = pane;
				this.showDetails();
			},
			pick: (pane, node) => {
				this.active = pane;
				if (node >= 0)
					this.zoomIn(pane, node);
			},
			menu: (pane, node, x, y) => {
				this.active = pane;
				this.mark(pane, node);
				this.openMenuAt(pane, node, x, y);
			},
			moved: (pane) => this.bar.showReset(!pane.seesAll() ||
							    pane.zoomed > 0),
		};
	}

	zoomIn(pane: Pane, node: number) {
		pane.selected = node;
		pane.zoom(node);
		if (pane === this.pane) {
			const zoom = keyOf(this.tree, node);

			if (zoom !== this.state.zoom) {
				this.state = { ...this.state, zoom };
				this.tellState();
			}
			this.path.show(this);
		}
		this.bar.showReset(node > 0);
		this.showDetails();
	}

	zoom(node: number) {
		this.zoomIn(this.active.tree === this.tree ? this.pane : this.active,
			    node);
	}

	private mark(pane: Pane, node: number) {
		pane.selected = node;
		pane.hovered = -1;
		pane.requestDraw();
		this.showDetails();
		this.announce(announcementOf(this.profile, pane.tree, node));
	}

	select(node: number) {
		this.active = this.pane;
		this.mark(this.pane, node);
	}

	reveal(pane: Pane, node: number) {
		this.mark(pane, node);
		if (!pane.isVisible(node)) {
			pane.reveal(node);
			this.path.show(this);
			this.bar.showReset(pane.zoomed > 0);
		}
		pane.showRow(node);
	}

	stepMatch(step: number) {
		const tops = this.search?.tops;

		if (!tops?.length)
			return;
		this.match = this.match < 0 && step < 0 ? tops.length - 1 :
			(this.match + step + tops.length) % tops.length;
		const node = tops[this.match];

		void this.setState({ view: "graph", sandwich: null }).then(() => {
			this.active = this.pane;
			this.reveal(this.pane, node);
		});
	}

	findFunction(fn: number) {
		const search = `/^${escapePattern(this.tree.functions.names[fn])}$/`;

		void this.setState({ view: "graph", sandwich: null, search })
			.then(() => {
				this.stepMatch(1);
				this.focus();
				this.tellState();
			});
	}

	openMenu(button: HTMLElement, items: (MenuItem | null)[]) {
		this.menu.openBelow(button, items);
	}

	openFrameMenu(node: number, x: number, y: number) {
		this.select(node);
		this.openMenuAt(this.pane, node, x, y);
	}

	openMenuAt(pane: Pane, node: number, x: number, y: number) {
		this.menu.open(x, y, menuItems(this.target(pane, node)),
			       nameOf(pane.tree, node));
	}

	target(pane: Pane, node: number): Target {
		return {
			profile: this.profile, tree: pane.tree, node,
			state: this.state,
			// They are about functions.
			actions: pane.tree.functions.by ? [] :
				this.options.actions ?? [],
			zoom: (to) => {
				this.change({ view: "graph" });
				this.zoomIn(pane, to);
			},
			change: this.change,
			find: (fn) => this.findFunction(fn),
			sandwich: (of) => this.openSandwich(pane, of),
			announce: (text) => this.announce(text),
		};
	}

	private openSandwich(pane: Pane, node: number) {
		const frame: Frame = frameOf(this.profile, pane.tree, node);

		if (this.options.onSandwich && !pane.tree.functions.by)
			this.options.onSandwich(frame);
		else
			this.change({ view: "graph", sandwich: {
				name: frame.name,
				place: frame.file || frame.module } });
	}

	isMenuOpen(): boolean {
		return this.menu.isOpen;
	}

	searchInput(): HTMLInputElement {
		return this.bar.search.input;
	}

	handleKey(event: KeyboardEvent): boolean {
		return this.steering.handle(event);
	}
}
