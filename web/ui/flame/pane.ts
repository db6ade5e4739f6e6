// SPDX-License-Identifier: Apache-2.0
// One drawn tree: which part of it is seen, what is selected, and what the
// pointer does to that. The canvas is as large as what is seen of it and stays
// in place; the element around it scrolls over the height of all rows.
import { nodeAt, type Window } from "../model/layout";
import { KIND_GAP, type Profile } from "../model/profile";
import { runNow, type Work } from "../model/slices";
import type { Tree } from "../model/tree";
import type { ColorBy } from "./api";
import type { Palette } from "./colors";
import { make } from "./dom";
import { Painter, ROW, type Scene } from "./painter";

const ZOOM_MS = 200;
const DRAG_LEAST = 4; // pixels; less is a click

export interface PaneEvents {
	hover(pane: Pane, node: number): void; // -1: nothing
	pick(pane: Pane, node: number): void; // clicked
	menu(pane: Pane, node: number, x: number, y: number): void;
	moved(pane: Pane): void; // another part is seen, by the person
}

// Where the animation goes.
interface Glide {
	begin: number;
	fromFrom: number;
	fromTo: number;
	from: number;
	to: number;
}

export class Pane {
	readonly stage: HTMLElement;
	tree: Tree;
	flipped = false;
	found: Uint8Array | null = null;
	zoomed = 0;
	selected = 0;
	hovered = -1;
	from = 0; // what is seen, in the tree's width
	to = 1;
	width = 0; // pixels
	height = 0;
	private extent: HTMLElement;
	private canvas: HTMLCanvasElement;
	private painter: Painter;
	private contentHeight = 0;
	private glide: Glide | null = null;
	private pending = 0;
	private observer: ResizeObserver;
	private ratio = 0; // of the screen's pixels
	private scrolled = 0; // of the stage, when it was last looked at

	constructor(profile: Profile, tree: Tree, palette: Palette,
		    private events: PaneEvents, label: string) {
		this.canvas = make("canvas");
		this.extent = make("div", { className: "flame-extent" },
				   this.canvas);
		this.stage = make("div", {
			className: "flame-stage", tabIndex: 0,
			role: "application", aria: { label },
		}, this.extent);
		this.painter = new Painter(this.canvas, profile, palette);
		this.tree = tree;
		this.setTree(profile, tree);
		this.listen();
		this.observer = new ResizeObserver(() => this.resize());
		this.observer.observe(this.stage);
	}

	destroy() {
		this.observer.disconnect();
		cancelAnimationFrame(this.pending);
		this.stage.remove();
	}

	setPalette(palette: Palette) {
		this.painter.setPalette(palette);
		this.requestDraw();
	}

	setColorBy(by: ColorBy) {
		this.painter.setColorBy(by);
		this.requestDraw();
	}

	/** Everything is seen, nothing is selected. */
	setTree(profile: Profile, tree: Tree) {
		this.tree = tree;
		this.painter.setProfile(profile, tree);
		this.zoomed = this.selected = 0;
		this.hovered = -1;
		this.found = null;
		this.glide = null;
		this.from = 0;
		this.to = tree.width[0] || 1;
		this.measure();
	}

	// With the root below, what is seen keeps its distance from there.
	private measure() {
		const rows = this.tree.levels.length - 1;
		const old = this.contentHeight;

		this.contentHeight = Math.max(rows * ROW + ROW / 2, this.height);
		this.extent.style.height = `${this.contentHeight}px`;
		if (this.flipped && this.height && old !== this.contentHeight)
			this.stage.scrollTop += this.contentHeight - old;
		this.requestDraw();
	}

	resize() {
		const { clientWidth, clientHeight } = this.stage;
		const wasBelow = this.flipped && this.height === 0;
		const ratio = devicePixelRatio || 1;

		if (!clientWidth || !clientHeight ||
		    (clientWidth === this.width && clientHeight === this.height &&
		     ratio === this.ratio))
			return;
		this.ratio = ratio;
		this.width = clientWidth;
		this.height = clientHeight;
		this.painter.resize(clientWidth, clientHeight, ratio);
		this.measure();
		if (wasBelow)
			this.stage.scrollTop = this.contentHeight;
		this.drawNow();
	}

	requestDraw() {
		if (!this.pending)
			this.pending = requestAnimationFrame((now) => {
				this.pending = 0;
				this.step(now);
				runNow(this.paint());
			});
	}

	// What is to be drawn, now instead of with the next frame.
	private drawNow() {
		if (!this.pending)
			return;
		runNow(this.drawing());
		if (this.glide)
			this.requestDraw();
	}

	/** The same in slices. */
	drawing(): Work<void> {
		cancelAnimationFrame(this.pending);
		this.pending = 0;
		return this.paint();
	}

	private paint(): Work<void> {
		return this.painter.draw(this.scene());
	}

	private scene(): Scene {
		// Asking for it may lay out the page: once for all rows.
		this.scrolled = this.stage.scrollTop;
		return {
			tree: this.tree, height: this.height, window: this.window(),
			rowTop: (depth) => this.topOf(depth) - this.scrolled,
			rows: this.visibleRows(),
			found: this.found, zoomed: this.zoomed,
			selected: this.selected, hovered: this.hovered,
		};
	}

	private window(): Window {
		return { from: this.from, to: this.to, pixels: this.width };
	}

	private visibleRows(): [number, number] {
		const count = this.tree.levels.length - 1;
		const first = this.depthAt(this.flipped ? this.height : 0);
		const last = this.depthAt(this.flipped ? 0 : this.height);

		return [Math.max(0, first), Math.min(count, last + 1)];
	}

	private depthAt(y: number): number {
		const content = y + this.stage.scrollTop;

		return Math.floor((this.flipped ?
			this.contentHeight - content : content) / ROW);
	}

	// Without what is scrolled.
	private topOf(depth: number): number {
		return this.flipped ?
			this.contentHeight - (depth + 1) * ROW : depth * ROW;
	}

	rowTop(depth: number): number {
		return this.topOf(depth) - this.stage.scrollTop;
	}

	setFlipped(flipped: boolean) {
		if (flipped === this.flipped)
			return;
		this.flipped = flipped;
		this.stage.scrollTop = flipped ? this.contentHeight : 0;
		this.requestDraw();
	}

	private step(now: number) {
		const { glide } = this;

		if (!glide)
			return;
		glide.begin = glide.begin || now;
		const time = Math.min(1, (now - glide.begin) / ZOOM_MS);
		const share = 1 - (1 - time) ** 3;

		this.from = glide.fromFrom + (glide.from - glide.fromFrom) * share;
		this.to = glide.fromTo + (glide.to - glide.fromTo) * share;
		if (time < 1)
			this.requestDraw();
		else
			this.glide = null;
	}

	private glideTo(from: number, to: number) {
		const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

		this.glide = { from, to, fromFrom: this.from, fromTo: this.to,
			       begin: still ? -ZOOM_MS : 0 };
		this.requestDraw();
	}

	/** Where a zoom goes, at once. */
	arrive() {
		if (!this.glide)
			return;
		this.setWindow(this.glide.from, this.glide.to);
		this.glide = null;
	}

	zoom(node: number) {
		const { start, width } = this.tree;

		this.zoomed = node;
		this.glideTo(start[node], start[node] + (width[node] || 1));
		this.showRow(node);
	}

	/** Nothing is left out to the sides. */
	seesAll(): boolean {
		return this.to - this.from >= (this.tree.width[0] || 1);
	}

	/** Scrolls so that the row of @node, and some of its callers, are seen. */
	showRow(node: number) {
		const top = this.rowTop(this.tree.depth[node]);
		const callers = 3 * ROW;

		if (top < 0 || top + ROW > this.height)
			this.stage.scrollTop += this.flipped ?
				top + ROW + callers - this.height :
				top - callers;
	}

	// Kept inside of the whole.
	setWindow(from: number, to: number) {
		const all = this.tree.width[0] || 1;
		const size = Math.min(all, Math.max(to - from, all / 1e9));

		this.glide = null;
		this.from = Math.min(Math.max(0, from), all - size);
		this.to = this.from + size;
		this.requestDraw();
	}

	zoomAbout(x: number, factor: number) {
		const size = this.to - this.from;
		const share = x / this.width;
		const pivot = this.from + size * share;

		this.setWindow(pivot - size * factor * share,
			       pivot + size * factor * (1 - share));
		this.events.moved(this);
	}

	shift(pixels: number) {
		const by = pixels * (this.to - this.from) / this.width;

		this.setWindow(this.from + by, this.to + by);
		this.events.moved(this);
	}

	/** Zooms to where @node is wide enough to be seen. */
	reveal(node: number) {
		const { parent, width } = this.tree;
		const wide = 20 / Math.max(this.width, 1);
		let around = parent[node];

		while (around && width[parent[around]] * wide < width[node])
			around = parent[around];
		this.zoom(around);
	}

	isVisible(node: number): boolean {
		const scale = this.width / (this.to - this.from);
		const left = (this.tree.start[node] - this.from) * scale;
		const right = left + this.tree.width[node] * scale;

		return right > 0 && left < this.width && right - left >= 3;
	}

	private nodeOf(event: MouseEvent): number {
		const box = this.stage.getBoundingClientRect();
		const { tree } = this;
		const value = this.from + (this.to - this.from) *
			(event.clientX - box.left) / this.width;
		const node = nodeAt(tree, this.depthAt(event.clientY - box.top),
				    value);

		return node >= 0 && tree.functions.kinds[tree.fn[node]] === KIND_GAP ?
			-1 : node;
	}

	private setHovered(node: number) {
		if (node === this.hovered)
			return;
		this.hovered = node;
		this.stage.classList.toggle("over", node >= 0);
		this.requestDraw();
		this.events.hover(this, node);
	}

	// A press that moves is a shift of the graph, one that does not is a
	// click. Fingers scroll up and down by themselves.
	private listen() {
		const { canvas, stage } = this;
		let last: { x: number; y: number; moved: number } | null = null;

		canvas.onpointerdown = (event) => {
			if (event.button === 0)
				last = { x: event.clientX, y: event.clientY, moved: 0 };
		};
		canvas.onpointermove = (event) => {
			if (!last || !(event.buttons & 1)) {
				this.setHovered(this.nodeOf(event));
				return;
			}
			const byX = last.x - event.clientX;
			const byY = last.y - event.clientY;

			if (last.moved < DRAG_LEAST &&
			    Math.hypot(byX, byY) < DRAG_LEAST)
				return;
			last = { x: event.clientX, y: event.clientY,
				 moved: DRAG_LEAST };
			canvas.setPointerCapture(event.pointerId);
			stage.classList.add("panning");
			this.shift(byX);
			if (event.pointerType === "mouse")
				stage.scrollTop += byY;
		};
		canvas.onpointerup = (event) => {
			const isClick = last && last.moved < DRAG_LEAST;

			last = null;
			stage.classList.remove("panning");
			if (isClick && event.button === 0)
				this.events.pick(this, this.nodeOf(event));
		};
		canvas.onpointercancel = () => {
			last = null;
			stage.classList.remove("panning");
		};
		canvas.onpointerleave = () => this.setHovered(-1);
		stage.onscroll = () => this.requestDraw();
		stage.addEventListener("wheel", (event) => this.onWheel(event),
				       { passive: false });
		stage.oncontextmenu = (event) => {
			const node = this.nodeOf(event);

			event.preventDefault();
			if (node > 0)
				this.events.menu(this, node, event.clientX,
						 event.clientY);
		};
	}

	// Ctrl and the wheel zoom, and so does a pinch on a touch pad; Shift or a
	// sideways wheel shifts.
	private onWheel(event: WheelEvent) {
		const sideways = event.shiftKey ? event.deltaY : event.deltaX;

		if (event.ctrlKey || event.metaKey) {
			event.preventDefault();
			this.zoomAbout(event.clientX -
				       this.stage.getBoundingClientRect().left,
				       Math.exp(event.deltaY / 300));
		} else if (Math.abs(sideways) > (event.shiftKey ? 0 :
			   Math.abs(event.deltaY)) && !this.seesAll()) {
			event.preventDefault();
			this.shift(sideways);
		}
	}
}
