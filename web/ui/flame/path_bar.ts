// SPDX-License-Identifier: Apache-2.0
// Below the bar: the path to what is zoomed, what was left out or put
// together, and which kinds of frames there are.
import { capitalize, formatShare } from "../model/format";
import { stackOf } from "../model/path";
import { baseName, type GroupBy } from "../model/place";
import { KINDS, type Kind, type Profile } from "../model/profile";
import { describeTransform, groupTransform } from "../model/transform";
import type { Transform } from "./api";
import { colorsOfGroup } from "./colors";
import type { Controller, Part } from "./controller";
import { make, name, setPressed } from "./dom";
import { nameOf } from "./frame";

const PATH_MOST = 8; // of a longer one the ends are shown
const GROUPS_SHOWN = 6; // in the legend; the rest of them are in a menu
const GROUPS_MOST = 200;
const MARKS = ["●", "▲", "■", "○"]; // as flame/marks.ts draws them

class Crumbs implements Part {
	readonly element = make("nav", { className: "flame-crumbs",
					 aria: { label: "Zoomed into" } });

	show({ tree, zoomed, zoom }: Controller) {
		const path = [0, ...stackOf(tree, zoomed)];
		const parts: HTMLElement[] = [];
		const step = (text: string) =>
			parts.push(make("span", { className: "step",
						  textContent: text }));

		path.forEach((node, i) => {
			if (path.length > PATH_MOST && i >= 2 && i < path.length - 5) {
				if (i === 2)
					step("› …");
				return;
			}
			if (i)
				step("›");
			parts.push(node === zoomed ?
				make("b", {}, name(nameOf(tree, node))) :
				make("button", {
					type: "button", onclick: () => zoom(node),
				}, name(nameOf(tree, node))));
		});
		this.element.replaceChildren(...parts);
	}
}

class Chips implements Part {
	readonly element = make("div", { className: "flame-chips", role: "group",
					 aria: { label: "Changes to the graph" } });

	private chip(text: string, remove: () => void): HTMLElement {
		return make("button", {
			type: "button", title: "Take back", onclick: remove,
			aria: { label: `Take back: ${text}` },
		}, name(text), make("span", { textContent: "×",
					      aria: { hidden: "true" } }));
	}

	show({ state, change }: Controller) {
		const { transforms, sandwich } = state;
		const chips = transforms.map((transform) =>
			this.chip(describeTransform(transform), () => change({
				transforms: transforms.filter(
					(other) => other !== transform),
				zoom: "",
			})));

		if (sandwich)
			chips.push(this.chip(`all calls of ${sandwich.name}`,
				() => change({ sandwich: null })));
		this.element.replaceChildren(...chips);
		this.element.hidden = chips.length === 0;
	}
}

// A kind of frames, a file or a binary.
interface Entry {
	key: string;
	kind: number;
	self: number; // samples
}

function without<T>(list: T[], isMeant: (one: T) => boolean, made: T): T[] {
	return list.some(isMeant) ? list.filter((one) => !isMeant(one)) :
		[...list, made];
}

class Legend implements Part {
	readonly element = make("div", { className: "flame-legend", role: "group" });
	private shown: unknown[] = [];
	private buttons: HTMLElement[] = [];

	constructor(private controller: Controller, private keys: boolean) {}

	// What leaves out the frames of a file, or a binary, is a transform.
	private isHiding(key: string) {
		const { color } = this.controller.state;

		return ({ type, name, place }: Transform) => type === "hide" &&
			name === key && place === `*${color}`;
	}

	private isShown(key: string): boolean {
		const { groups, state } = this.controller;

		return groups ? !state.transforms.some(this.isHiding(key)) :
			!state.hidden.includes(key as Kind);
	}

	private toggle(key: string) {
		const { groups, state, change } = this.controller;
		const { color, hidden, transforms } = state;

		change({ zoom: "", ...groups ? {
			transforms: without(transforms, this.isHiding(key),
				groupTransform("hide", key, color as GroupBy)),
		} : {
			hidden: without(hidden, (kind) => kind === key, key as Kind),
		} });
	}

	private entries(): Entry[] {
		const { profile, kinds, groups } = this.controller;

		if (profile.unsampled)
			return [];
		return groups?.map(({ name: key, kind, self }) =>
			({ key, kind, self })) ??
			KINDS.map((key, kind) => ({ key, kind,
						    self: kinds.selfs[kind] }))
				.filter(({ kind }) => kinds.present[kind]);
	}

	private makeButton({ key, kind, self }: Entry): HTMLElement {
		const { groups, palette, kinds } = this.controller;
		const digit = this.keys && !groups ? ` (${kind + 1})` : "";
		const swatch = make("span", {
			className: `flame-swatch ${KINDS[kind]}`,
			textContent: MARKS[kind], aria: { hidden: "true" } });
		const button = make("button", {
			type: "button", onclick: () => this.toggle(key),
			title: `Show or leave out ${key} frames${digit}; ` +
				"the share is that of their own samples",
		}, swatch, groups ? name(baseName(key)) : capitalize(key),
		make("small", { textContent: formatShare(self, kinds.all) }));

		if (groups)
			Object.assign(swatch.style, colorsOfGroup(palette, key));
		button.dataset.key = key;
		return button;
	}

	private makeMore(entries: Entry[]): HTMLElement {
		const { kinds } = this.controller;
		const button = make("button", {
			type: "button", aria: { haspopup: "menu" },
			textContent: `${entries.length} more ▾`,
			onclick: () => this.controller.openMenu(button,
				entries.slice(0, GROUPS_MOST).map(({ key, self }) => ({
					label: `${key}  ${formatShare(self, kinds.all)}`,
					checked: this.isShown(key),
					run: () => this.toggle(key),
				}))),
		});

		return button;
	}

	private fill(profile: Profile, doubt: number) {
		const entries = this.entries();
		const rest = entries.slice(GROUPS_SHOWN);

		this.buttons = entries.slice(0, GROUPS_SHOWN).map((entry) =>
			this.makeButton(entry));
		this.element.replaceChildren(...this.buttons);
		if (rest.length)
			this.element.append(this.makeMore(rest));
		if (profile.unsampled)
			return;
		if (doubt)
			this.element.append(make("span", {
				className: "hint",
				title: "Hatched as far as frames are unproven, " +
					"unresolved or guessed",
			}, make("span", { className: "flame-swatch doubt" }),
			"in doubt"));
		if (profile.nodes.before)
			this.element.append(make("span", { className: "hint" },
				"less", make("span", { className: "flame-scale" }),
				"more"));
	}

	show({ profile, kinds, groups, palette, state }: Controller) {
		const shown = [kinds, groups, palette];

		if (shown.some((one, i) => one !== this.shown[i])) {
			this.shown = shown;
			this.fill(profile, kinds.doubt);
		}
		this.element.setAttribute("aria-label", { kind: "Kinds of frames shown",
			file: "Files shown", module: "Binaries shown" }[state.color]);
		for (const button of this.buttons)
			setPressed(button, this.isShown(button.dataset.key!));
	}
}

export class PathBar implements Part {
	readonly element: HTMLElement;
	private parts: Part[];

	constructor(controller: Controller, keys: boolean) {
		this.parts = [new Crumbs(), new Chips(),
			      new Legend(controller, keys)];
		this.element = make("div", { className: "flame-path" },
				    ...this.parts.map((part) => part.element));
	}

	show(controller: Controller) {
		for (const part of this.parts)
			part.show(controller);
	}
}
