// SPDX-License-Identifier: Apache-2.0
// Draws rows of a tree on a canvas as large as what is seen of it. Boxes are
// written as pixels, one line of each row, which is then copied down: tens of
// thousands of boxes cost as much as few. Text and hatches are drawn upon it.
import { changeOf, shareAfter, shareBefore } from "../model/diff";
import { formatChange } from "../model/format";
import { visitRow, type Window } from "../model/layout";
import { baseName, placeOf } from "../model/place";
import { KIND_GAP, type Profile } from "../model/profile";
import type { Work } from "../model/slices";
import type { Tree } from "../model/tree";
import { isPlain } from "../model/visible";
import type { ColorBy } from "./api";
import { FILL_DIMMED, FILL_MATCH, FILL_ROOT, fillOfChange, fillsOfFunctions, isKindless,
	 type Palette } from "./colors";
import { MARKS, MARK_SIZE } from "./marks";

export const ROW = 20;
const FONT = "12px ui-monospace, 'DejaVu Sans Mono', 'Liberation Mono', " +
	"Menlo, Consolas, monospace";
const LABEL_LEAST = 24; // pixels
const MARK_LEAST = 46;
const KIND_OTHER = 3; // that of "all"; the root may be a function, too
const GAP_LEAST = 3; // boxes of more have a line of paper between them

export interface Scene {
	tree: Tree;
	window: Window;
	height: number;
	rowTop(depth: number): number;
	rows: [number, number]; // depths that can be seen: [from, to)
	found: Uint8Array | null; // functions that a search means
	zoomed: number;
	selected: number;
	hovered: number;
}

// What is to be written on boxes; four numbers each: node, x, y, width.
type Quads = number[];

export class Painter {
	private context: CanvasRenderingContext2D;
	private fillOf: Uint8Array = new Uint8Array();
	private colorBy: ColorBy = "kind";
	private plain: Uint8Array = new Uint8Array();
	private markLeast = MARK_LEAST;
	private pattern: CanvasPattern | null = null;
	private advance = 7;
	private ratio = 1;
	private image = new ImageData(1, 1);
	private pixels = new Uint32Array(1);
	private below = 0; // of the row at hand: its last line in the pixels
	private colors: Uint32Array | null = null; // of functions, see colorsOf()
	private dimmed = 0; // what was added to them
	private labels: Quads = [];
	private hatched: Quads = [];
	private scene!: Scene;

	constructor(private canvas: HTMLCanvasElement, private profile: Profile,
		    private palette: Palette) {
		this.context = canvas.getContext("2d", { alpha: false })!;
		this.setPalette(palette);
	}

	setPalette(palette: Palette) {
		this.palette = palette;
		this.pattern = this.makePattern();
	}

	setProfile(profile: Profile, tree: Tree) {
		const { functions } = tree;

		this.profile = { ...profile, functions };
		this.plain = new Uint8Array(functions.count).fill(2);
		this.fillOf = fillsOfFunctions(this.profile, this.colorBy);
		this.markLeast = isKindless(this.profile) ? Infinity : MARK_LEAST;
	}

	setColorBy(by: ColorBy) {
		if (by === this.colorBy)
			return;
		this.colorBy = by;
		this.fillOf = fillsOfFunctions(this.profile, by);
	}

	resize(width: number, height: number, ratio: number) {
		const { canvas } = this;

		this.ratio = ratio;
		canvas.width = Math.max(1, Math.round(width * ratio));
		canvas.height = Math.max(1, Math.round(height * ratio));
		canvas.style.width = `${width}px`;
		canvas.style.height = `${height}px`;
		this.image = new ImageData(canvas.width, canvas.height);
		this.pixels = new Uint32Array(this.image.data.buffer);
		this.context.font = FONT;
		this.advance = this.context.measureText("0").width;
	}

	// Diagonal lines for what is unproven, unresolved or guessed.
	private makePattern(): CanvasPattern | null {
		const tile = document.createElement("canvas");
		const pen = tile.getContext("2d")!;

		tile.width = tile.height = 6;
		pen.strokeStyle = this.palette.hatch;
		pen.lineWidth = 1.4;
		for (const shift of [-6, 0, 6]) {
			pen.beginPath();
			pen.moveTo(shift - 1, 7);
			pen.lineTo(shift + 7, -1);
			pen.stroke();
		}
		return this.context.createPattern(tile, "repeat");
	}

	/** In slices, unless another scene is to be drawn meanwhile. */
	draw(scene: Scene): Work<void> {
		this.scene = scene;
		return this.steps(scene);
	}

	private *steps(scene: Scene): Work<void> {
		const { context } = this;

		if (this.scene !== scene || !scene.window.pixels)
			return;
		this.colors = null;
		this.labels.length = this.hatched.length = 0;
		this.pixels.fill(this.palette.paper);
		for (let depth = scene.rows[0]; depth < scene.rows[1]; depth++) {
			this.fillRow(depth, scene.rowTop(depth));
			yield;
			if (this.scene !== scene)
				return;
		}
		context.putImageData(this.image, 0, 0);
		context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
		this.drawHatches();
		this.drawMarks();
		this.drawLabels();
		this.drawOutline(scene.selected, 2);
		if (scene.hovered > 0 && scene.hovered !== scene.selected)
			this.drawOutline(scene.hovered, 1);
	}

	// Where the function alone says it, as it mostly does; else null.
	private colorsOf(depth: number): Uint32Array | null {
		const { fillOf, palette, scene: { tree, found, zoomed } } = this;
		const dimmed = depth < tree.depth[zoomed] ? FILL_DIMMED : 0;

		if (!depth || found || tree.totalBefore || tree.timed)
			return null;
		if (!this.colors || dimmed !== this.dimmed)
			this.colors = Uint32Array.from(fillOf,
				(fill) => palette.fills[fill + dimmed]);
		this.dimmed = dimmed;
		return this.colors;
	}

	// One line of pixels, then as many copies as the row is high. Nearly all
	// that there is of a large tree are runs.
	private fillRow(depth: number, top: number) {
		const { tree, window } = this.scene;
		const { pixels, ratio, palette } = this;
		const { width, height } = this.canvas;
		const line = Math.max(1, Math.round(ratio));
		const from = Math.max(0, Math.round(top * ratio));
		const end = Math.round((top + ROW) * ratio);
		const to = Math.min(height, end - line);
		const begin = from * width;
		const colors = this.colorsOf(depth);

		if (to <= from)
			return;
		this.below = end <= height ? to * width : -1;
		visitRow(tree, depth, window,
			 (node, left, right) =>
				this.addBox(node, left, right, top, begin),
			 (first, last, left) => {
				const at = begin + Math.min(width - 1, Math.max(0,
					Math.floor(left * ratio)));

				if (colors) {
					pixels[at] = colors[tree.fn[first]];
					return;
				}
				const fill = this.fillOfRun(first, last);

				if (fill >= 0)
					pixels[at] = palette.fills[fill];
			 });
		for (let y = from + 1; y < to; y++)
			pixels.copyWithin(y * width, begin, begin + width);
	}

	// What a search does not mean, and the callers of what is zoomed, step
	// back.
	private isDimmed(node: number): boolean {
		const { tree, found, zoomed } = this.scene;

		if (node === 0)
			return false;
		return found ? !found[tree.fn[node]] : tree.depth[node] < tree.depth[zoomed];
	}

	private fillFor(node: number): number {
		const { tree, found } = this.scene;
		const fn = tree.fn[node];
		const isDimmed = this.isDimmed(node);

		if (node === 0 && tree.functions.kinds[fn] === KIND_OTHER)
			return FILL_ROOT;
		if (found && node && !isDimmed)
			return FILL_MATCH;
		if (tree.totalBefore && node)
			return fillOfChange(changeOf(tree, node), isDimmed);
		return this.fillOf[fn] + (isDimmed ? FILL_DIMMED : 0);
	}

	// A run is a match when anything in it is: a match must not vanish.
	private fillOfRun(from: number, to: number): number {
		const { tree, found } = this.scene;

		if (found)
			for (let i = from; i < to; i++)
				if (found[tree.fn[i]])
					return FILL_MATCH;
		for (let i = from; i < to; i++)
			if (tree.functions.kinds[tree.fn[i]] !== KIND_GAP)
				return this.fillFor(i);
		return -1;
	}

	// @begin: of the row's line in the pixels.
	private addBox(node: number, left: number, right: number, top: number,
		       begin: number) {
		const { tree } = this.scene;
		const { ratio, pixels, palette } = this;
		const from = Math.round(left * ratio);
		const end = Math.max(Math.round(right * ratio), from + 1);
		const full = (end - from) / ratio;
		const line = full > GAP_LEAST ? Math.max(1, Math.round(ratio)) : 0;
		const x = from / ratio;
		const width = (end - line - from) / ratio;

		if (tree.functions.kinds[tree.fn[node]] === KIND_GAP)
			return;
		const color = palette.fills[this.fillFor(node)];

		// Most are a few pixels wide: a loop is sooner done than a call.
		for (let i = begin + from; i < begin + end - line; i++)
			pixels[i] = color;
		for (let i = begin + end - line; i < begin + end; i++)
			pixels[i] = palette.edge;
		if (palette.edge !== palette.paper && this.below >= 0)
			pixels.fill(palette.edge, this.below + from,
				    this.below + end);
		if (line && (tree.doubt[node] ||
			     tree.functions.unresolved[tree.fn[node]]))
			this.hatched.push(node, x, top, width);
		if (full >= LABEL_LEAST)
			this.labels.push(node, x, top, width);
	}

	// The share of the box that is hatched is the share that is in doubt.
	private drawHatches() {
		const { context, hatched } = this;
		const { doubt, totalSamples, functions, fn } = this.scene.tree;

		if (!this.pattern)
			return;
		context.fillStyle = this.pattern;
		for (let i = 0; i < hatched.length; i += 4) {
			const node = hatched[i];
			const width = hatched[i + 3];
			const share = functions.unresolved[fn[node]] ? 1 :
				Math.min(1, doubt[node] / (totalSamples[node] || 1));
			const part = Math.max(width * share, Math.min(4, width));

			context.fillRect(hatched[i + 1] + width - part,
					 hatched[i + 2], part, ROW - 1);
		}
	}

	// One path for all marks of one ink.
	private drawMarks() {
		const { context, labels, palette } = this;
		const { functions, fn } = this.scene.tree;
		const paths = new Map<string, Path2D>();

		for (let i = 0; i < labels.length; i += 4) {
			const node = labels[i];
			const draw = MARKS[functions.kinds[fn[node]]];

			if (labels[i + 3] < this.markLeast || !node || !draw)
				continue;
			const ink = palette.inks[this.fillFor(node)];
			const path = paths.get(ink) ?? new Path2D();

			paths.set(ink, path);
			draw(path, labels[i + 1] + 5 + MARK_SIZE / 2,
			     labels[i + 2] + ROW / 2 - 0.5);
		}
		context.globalAlpha = 0.5;
		for (const [ink, path] of paths) {
			context.fillStyle = ink;
			context.fill(path);
		}
		context.globalAlpha = 1;
	}

	private drawLabels() {
		const { context, labels, palette } = this;

		context.textBaseline = "middle";
		context.font = FONT;
		context.direction = "ltr";
		for (let i = 0; i < labels.length; i += 4) {
			const node = labels[i];
			const width = labels[i + 3];
			const marked = node && width >= this.markLeast ?
				MARK_SIZE + 4 : 0;

			context.fillStyle = palette.inks[this.fillFor(node)];
			this.drawLabel(node, labels[i + 1] + 5 + marked,
				       labels[i + 2] + ROW / 2, width - 9 - marked);
		}
	}

	// "+1.25 % name" in a comparison, or "+name": never by colour alone.
	private textOf(node: number, room: number): string {
		const { tree } = this.scene;
		const text = tree.functions.names[tree.fn[node]];

		if (!tree.totalBefore || !node)
			return text;
		const change = formatChange(shareAfter(tree, node) -
					    shareBefore(tree, node));

		return change.length + 1 + text.length > room ?
			change[0] + text : `${change} ${text}`;
	}

	private isPlain(fn: number): boolean {
		const { plain } = this;

		if (plain[fn] === 2)
			plain[fn] = isPlain(this.profile.functions.names[fn]) ? 1 : 0;
		return plain[fn] === 1;
	}

	// The name, cut to fit; where there is room, where it is from.
	private drawLabel(node: number, x: number, y: number, width: number) {
		const { context, advance } = this;
		const fn = this.scene.tree.fn[node];
		const room = Math.floor(width / advance);
		const text = this.textOf(node, room);

		if (!this.isPlain(fn)) {
			context.fillText(this.cutWide(text, width), x, y);
			return;
		}

		if (text.length > room) {
			if (room > 2)
				context.fillText(`${text.slice(0, room - 1)}…`, x, y);
			return;
		}
		context.fillText(text, x, y);
		if (text.length + 4 > room)
			return;
		const place = baseName(placeOf(this.profile, fn));

		// A box of a file is called after it.
		if (!place || text.endsWith(place) || text.length + 2 + place.length > room)
			return;
		context.globalAlpha = 0.62;
		context.fillText(place, x + (text.length + 2) * advance, y);
		context.globalAlpha = 1;
	}

	// Names with characters of any width are measured.
	private cutWide(text: string, width: number): string {
		const characters = [...text.slice(0, 2 * width)];
		let keep = characters.length;

		if (keep <= width && this.context.measureText(text).width <= width)
			return text;
		while (keep > 1) {
			keep = Math.min(keep - 1, Math.floor(keep * 0.9));
			const cut = `${characters.slice(0, keep).join("")}…`;

			if (this.context.measureText(cut).width <= width)
				return cut;
		}
		return "";
	}

	private drawOutline(node: number, thickness: number) {
		const { context } = this;
		const { tree, window, rowTop } = this.scene;
		const scale = window.pixels / (window.to - window.from);
		const left = (tree.start[node] - window.from) * scale;
		const right = left + tree.width[node] * scale;
		const inset = thickness / 2;
		const x = Math.max(left, -4);
		const width = Math.max(Math.min(right, window.pixels + 4) - x - 1, 2);

		if (node <= 0 || right < 0 || left > window.pixels)
			return;
		context.strokeStyle = this.palette.outline;
		context.lineWidth = thickness;
		context.strokeRect(x + inset, rowTop(tree.depth[node]) + inset,
				   Math.max(width - thickness, 1),
				   ROW - 1 - thickness);
	}
}

