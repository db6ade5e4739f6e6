// SPDX-License-Identifier: Apache-2.0
// Colours of the canvas, from the tokens of style/tokens.css: whatever theme
// is at hand. Kinds differ in lightness too, and have a mark (flame/marks.ts),
// so that they stay apart for colour-blind eyes. A comparison goes from blue
// (less) to orange (more), never from red to green. Files and binaries have
// the hues of the timeline: by their names, so that they keep them. So have names
// of which nothing is known, not even a kind.
import { groupOf } from "../model/place";
import { KINDS, KIND_GAP, type Profile } from "../model/profile";
import type { ColorBy } from "../model/state";

const SHADES = 4;
const FILL_GROUP = KINDS.length * SHADES;
const HUES = 8;
const GROUP_SHADES = 3;
const PLAIN = FILL_GROUP + HUES * GROUP_SHADES;
const CHANGES = 8; // steps to each side of "as before"

// One list of fills: kind by kind and shade by shade, those of files and
// binaries, the same dimmed, the root's, that of matches, changes, changes dimmed.
export const FILL_DIMMED = PLAIN;
export const FILL_ROOT = 2 * PLAIN;
export const FILL_MATCH = FILL_ROOT + 1;
const FILL_CHANGE = FILL_MATCH + 1 + CHANGES;
const CHANGE_DIMMED = 2 * CHANGES + 1;
const FILL_COUNT = FILL_MATCH + 1 + 2 * CHANGE_DIMMED;

type Color = [number, number, number];

export interface Palette {
	fills: Uint32Array; // as pixels of an ImageData
	inks: string[]; // of labels on each fill
	paper: number; // as a pixel
	edge: number; // between boxes; the paper, mostly
	outline: string;
	hatch: string;
}

// Registered properties are answered as rgb(); before styles are there, as
// they are written.
function parseColor(text: string): Color {
	const numbers = /^rgba?\(([^)]+)\)/.exec(text.trim());
	const hex = /^#([0-9a-f]{6})/i.exec(text.trim());

	if (numbers) {
		const [r, g, b] = numbers[1].split(/[\s,/]+/).map(Number);

		return [r, g, b];
	}
	if (!hex)
		return [128, 128, 128];
	const value = parseInt(hex[1], 16);

	return [value >> 16, value >> 8 & 255, value & 255];
}

function mix(from: Color, to: Color, share: number): Color {
	return from.map((part, i) =>
		Math.round(part + (to[i] - part) * share)) as Color;
}

function toText(color: Color): string {
	return `rgb(${color.join(", ")})`;
}

// Bytes in the order red, green, blue, alpha, whatever the machine's is.
function toPixel(color: Color): number {
	return new Uint32Array(Uint8Array.from([...color, 255]).buffer)[0];
}

// WCAG 2.1, relative luminance.
function luminance(color: Color): number {
	const [r, g, b] = color.map((part) => {
		const share = part / 255;

		return share <= 0.03928 ? share / 12.92 :
			((share + 0.055) / 1.055) ** 2.4;
	});

	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: Color, b: Color): number {
	const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);

	return (high + 0.05) / (low + 0.05);
}

const BLACK: Color = [22, 18, 14];
const WHITE: Color = [255, 252, 247];

function inkOn(fill: Color): Color {
	return contrast(fill, BLACK) >= contrast(fill, WHITE) ? BLACK : WHITE;
}

// The lighter shades of a kind in light, the darker ones in dark: labels keep
// their contrast.
function shadesOf(color: Color, isDark: boolean): Color[] {
	const toward = isDark ? BLACK : WHITE;

	return [0.08, 0.18, 0, 0.28].map((share) =>
		mix(color, toward, share + (isDark ? 0.1 : 0)));
}

// Far enough from the paper, and with ink of 4.5:1 on each of them.
function groupFills(hue: (name: string) => Color, isDark: boolean): Color[] {
	const shares = isDark ? [0.25, 0.37, 0.5] : [0, 0.25, 0.5];

	return shares.flatMap((share) => Array.from({ length: HUES }, (_, i) =>
		mix(hue(`series-${i + 1}`), isDark ? BLACK : WHITE, share)));
}

function changeFills(neutral: Color, before: Color, after: Color): Color[] {
	const side = (color: Color, step: number) =>
		mix(neutral, color, 0.15 + 0.85 * step / CHANGES);
	const fills: Color[] = [];

	for (let step = CHANGES; step > 0; step--)
		fills.push(side(before, step));
	fills.push(neutral);
	for (let step = 1; step <= CHANGES; step++)
		fills.push(side(after, step));
	return fills;
}

function readPalette(style: CSSStyleDeclaration): Palette {
	const token = (name: string) =>
		parseColor(style.getPropertyValue(`--${name}`));
	const paper = token("paper");
	const isDark = luminance(paper) < 0.2;
	const plain = [...KINDS.flatMap((kind) => shadesOf(token(kind), isDark)),
		       ...groupFills(token, isDark)];
	const changes = changeFills(mix(token("other"), paper, 0.45),
				    token("before"), token("after"));
	const dim = (color: Color) => mix(color, paper, 0.7);
	const fills = [...plain, ...plain.map(dim),
		       mix(token("tint"), token("ink"), 0.06), token("match"),
		       ...changes, ...changes.map(dim)];
	const soft = token("soft");
	const inks = fills.map((fill, i) => {
		const isDim = (i >= PLAIN && i < FILL_ROOT) ||
			i >= FILL_MATCH + 1 + CHANGE_DIMMED;

		return isDim && contrast(fill, soft) >= 4.5 ? soft : inkOn(fill);
	});

	return { fills: Uint32Array.from(fills, toPixel), inks: inks.map(toText),
		 paper: toPixel(paper), edge: toPixel(paper),
		 outline: toText(token("ink")),
		 hatch: isDark ? "rgba(255, 235, 210, 0.34)" :
			 "rgba(40, 20, 0, 0.32)" };
}

// CSS Color 4, system colours: what the person has chosen for everything. All
// boxes look alike, with lines between them and marks for their kind.
function systemPalette(element: Element): Palette {
	const probe = element.ownerDocument.createElement("span");
	const color = (name: string) => {
		probe.style.color = name;
		return parseColor(getComputedStyle(probe).color);
	};

	probe.hidden = true;
	element.append(probe);
	const inks = new Array<string>(FILL_COUNT).fill("CanvasText");
	const fills = new Uint32Array(FILL_COUNT).fill(toPixel(color("Canvas")));

	fills[FILL_MATCH] = toPixel(color("Highlight"));
	inks[FILL_MATCH] = "HighlightText";
	for (let i = PLAIN; i < FILL_ROOT; i++)
		inks[i] = "GrayText";
	const edge = toPixel(color("CanvasText"));

	probe.remove();
	return { fills, inks, edge, paper: fills[0], outline: "Highlight",
		 hatch: "CanvasText" };
}

export function paletteOf(element: Element): Palette {
	return matchMedia("(forced-colors: active)").matches ?
		systemPalette(element) : readPalette(getComputedStyle(element));
}

// The same name has the same colour everywhere, in every profile.
function hashOf(name: string): number {
	let hash = 7;

	for (let i = 0; i < name.length; i++)
		hash = (hash * 31 + name.charCodeAt(i)) | 0;
	return hash ^ hash >>> 11;
}

function fillOfGroup(group: string): number {
	return FILL_GROUP +
		(Math.imul(hashOf(group), 0x9e3779b1) >>> 8) % (PLAIN - FILL_GROUP);
}

/** A result of SQL that says of nothing what kind it is. */
export function isKindless({ functions: { kinds }, unsampled }: Profile): boolean {
	return unsampled && kinds.every((kind) => KINDS[kind] === "other");
}

export function fillsOfFunctions(profile: Profile, by: ColorBy): Uint8Array {
	const { functions } = profile;
	const byName = isKindless(profile);
	const fills = new Uint8Array(functions.count);
	const known = new Map<string, number>(); // paths are long, and few
	const fillOf = (group: string) => {
		const fill = known.get(group) ?? fillOfGroup(group);

		known.set(group, fill);
		return fill;
	};

	for (let fn = 0; fn < functions.count; fn++)
		if (functions.kinds[fn] !== KIND_GAP)
			fills[fn] = byName ? fillOf(functions.names[fn]) :
				by === "kind" ? functions.kinds[fn] * SHADES +
				(hashOf(functions.names[fn]) & (SHADES - 1)) :
				fillOf(groupOf(profile, fn, by));
	return fills;
}

/** Of a legend: the fill of a group, and the ink on it. */
export function colorsOfGroup({ fills, inks }: Palette, group: string) {
	const fill = fillOfGroup(group);
	const [r, g, b] = new Uint8Array(fills.buffer, fill * 4);

	return { background: toText([r, g, b]), color: inks[fill] };
}

/** @change: from -1 (has gone) to 1 (is new). */
export function fillOfChange(change: number, isDimmed: boolean): number {
	const step = Math.sign(change) * Math.ceil(Math.abs(change) * CHANGES - 0.25);

	return FILL_CHANGE + Math.max(-CHANGES, Math.min(CHANGES, step)) +
		(isDimmed ? CHANGE_DIMMED : 0);
}
