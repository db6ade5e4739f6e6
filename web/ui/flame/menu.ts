// SPDX-License-Identifier: Apache-2.0
// A menu where the pointer is, or below a button. Keys: arrows, Home, End,
// Enter, Escape, and the first letter of a line.
import { make } from "./dom";

export interface MenuItem {
	label: string;
	key?: string; // the key that does the same
	checked?: boolean; // a switch
	run(): void;
}

export class Menu {
	readonly element = make("div", { className: "flame-menu", role: "menu",
					 hidden: true });
	private back: HTMLElement | null = null; // gets the focus again

	constructor() {
		this.element.addEventListener("keydown", (event) => this.onKey(event));
		this.element.addEventListener("focusout", (event) => {
			const to = event.relatedTarget as Node | null;

			if (!this.element.contains(to))
				this.close(false);
		});
	}

	get isOpen(): boolean {
		return !this.element.hidden;
	}

	close(giveFocusBack = true) {
		if (!this.isOpen)
			return;
		this.element.hidden = true;
		if (giveFocusBack)
			this.back?.focus();
		this.back = null;
	}

	private makeButton({ label, key, checked, run }: MenuItem) {
		const button = make("button", {
			type: "button", tabIndex: -1,
			role: checked === undefined ? "menuitem" :
				"menuitemcheckbox",
			onclick: () => {
				this.close();
				run();
			},
		}, label, key ? make("kbd", { textContent: key }) : "");

		if (checked !== undefined)
			button.setAttribute("aria-checked", String(checked));
		return button;
	}

	/** null: a line between groups. Coordinates are those of the window. */
	open(x: number, y: number, items: (MenuItem | null)[], label: string) {
		const { element } = this;

		this.back = document.activeElement as HTMLElement | null;
		element.setAttribute("aria-label", label);
		element.replaceChildren(...items.map((item) => item ?
			this.makeButton(item) : make("hr", { role: "separator" })));
		element.hidden = false;
		const { width, height } = element.getBoundingClientRect();

		element.style.left =
			`${Math.max(4, Math.min(x, innerWidth - width - 4))}px`;
		element.style.top =
			`${Math.max(4, Math.min(y, innerHeight - height - 4))}px`;
		this.buttons()[0]?.focus();
	}

	openBelow(button: HTMLElement, items: (MenuItem | null)[]) {
		const { left, bottom } = button.getBoundingClientRect();

		this.open(left, bottom + 2, items, button.textContent ?? "");
	}

	private buttons(): HTMLElement[] {
		return [...this.element.querySelectorAll("button")];
	}

	private onKey(event: KeyboardEvent) {
		const buttons = this.buttons();
		const { length } = buttons;
		const at = buttons.indexOf(document.activeElement as HTMLElement);
		const moves: Record<string, number> = {
			ArrowDown: (at + 1) % length,
			ArrowUp: (at - 1 + length) % length,
			Home: 0, End: length - 1,
		};
		const letter = event.key.length === 1 ? event.key.toLowerCase() : "";

		event.stopPropagation();
		if (event.key === "Escape" || event.key === "Tab")
			this.close();
		else if (event.key in moves)
			buttons[moves[event.key]]?.focus();
		else if (letter && letter !== " ")
			this.focusLetter(buttons, at, letter);
		else
			return;
		event.preventDefault();
	}

	private focusLetter(buttons: HTMLElement[], at: number, letter: string) {
		const { length } = buttons;

		for (let step = 1; step <= length; step++) {
			const button = buttons[(at + step) % length];

			if (button.textContent!.toLowerCase().startsWith(letter)) {
				button.focus();
				return;
			}
		}
	}
}

