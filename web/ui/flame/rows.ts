// SPDX-License-Identifier: Apache-2.0
// A table of any length: only rows that are seen are elements, what is above
// and below them is room. One place in the tab order; the row that is active
// is told by aria-activedescendant.
import { make } from "./dom";

export const ROW_HEIGHT = 26;
const SPARE = 8; // rows beyond the edges

let nextTable = 0;

export interface RowsOptions {
	role: "table" | "grid" | "treegrid";
	label: string;
	row(index: number): HTMLTableRowElement;
	/** Keys that are not for moving; true: it was one. */
	onKey?(event: KeyboardEvent, active: number): boolean;
	onActive?(active: number): void;
}

export class RowsTable {
	readonly element: HTMLElement;
	readonly head = make("thead");
	private table: HTMLTableElement;
	private above = make("tbody", { className: "room",
					aria: { hidden: "true" } });
	private body = make("tbody", { className: "rows" });
	private below = make("tbody", { className: "room",
					aria: { hidden: "true" } });
	private rooms: HTMLElement[];
	private id = `flame-table-${++nextTable}`;
	private count = 0;
	private active = 0;
	private shown = [0, -1];
	private pending = 0;

	constructor(private options: RowsOptions) {
		this.rooms = [this.above, this.below].map((body) => {
			const cell = make("td");

			cell.colSpan = 20;
			body.append(make("tr", {}, cell));
			return cell;
		});
		this.table = make("table", { role: options.role,
					     aria: { label: options.label } },
				  this.head, this.above, this.body, this.below);
		this.element = make("div", { className: "flame-rows", tabIndex: 0,
					     role: "group",
					     aria: { label: options.label } },
				    this.table);
		this.element.onscroll = () => this.renderSoon();
		this.element.onkeydown = (event) => this.onKey(event);
		new ResizeObserver(() => this.renderSoon()).observe(this.element);
	}

	get activeRow(): number {
		return this.active;
	}

	/** Rows have changed; how many there are now. */
	setCount(count: number) {
		this.count = count;
		this.active = Math.max(0, Math.min(this.active, count - 1));
		this.table.setAttribute("aria-rowcount", String(count + 1));
		this.shown = [0, -1];
		this.render();
	}

	setActive(index: number) {
		if (index < 0 || index >= this.count)
			return;
		this.active = index;
		this.scrollTo(index);
		this.shown = [0, -1];
		this.render();
		this.options.onActive?.(index);
	}

	private scrollTo(index: number) {
		const { element } = this;
		const head = this.head.offsetHeight;
		const top = index * ROW_HEIGHT;
		const room = element.clientHeight - head;

		if (top < element.scrollTop)
			element.scrollTop = top;
		else if (top + ROW_HEIGHT > element.scrollTop + room)
			element.scrollTop = top + ROW_HEIGHT - room;
	}

	private renderSoon() {
		if (!this.pending)
			this.pending = requestAnimationFrame(() => {
				this.pending = 0;
				this.render();
			});
	}

	private render() {
		const { scrollTop, clientHeight } = this.element;
		const from = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - SPARE);
		const to = Math.min(this.count, Math.ceil((scrollTop +
			(clientHeight || 800)) / ROW_HEIGHT) + SPARE);

		if (from === this.shown[0] && to === this.shown[1])
			return;
		this.shown = [from, to];
		this.rooms[0].style.height = `${from * ROW_HEIGHT}px`;
		this.rooms[1].style.height = `${(this.count - to) * ROW_HEIGHT}px`;
		this.above.hidden = from === 0;
		this.below.hidden = to === this.count;
		this.body.replaceChildren();
		for (let i = from; i < to; i++)
			this.body.append(this.makeRow(i));
		this.element.setAttribute("aria-activedescendant",
					  this.count ? `${this.id}-${this.active}` : "");
	}

	private makeRow(index: number): HTMLTableRowElement {
		const row = this.options.row(index);

		row.id = `${this.id}-${index}`;
		row.setAttribute("aria-rowindex", String(index + 2));
		row.classList.toggle("active", index === this.active);
		row.addEventListener("pointerdown", () => {
			if (index !== this.active)
				this.setActive(index);
		});
		return row;
	}

	private onKey(event: KeyboardEvent) {
		const page = Math.max(1, Math.floor(this.element.clientHeight /
						    ROW_HEIGHT) - 2);
		const moves: Record<string, number> = {
			ArrowDown: this.active + 1, ArrowUp: this.active - 1,
			PageDown: Math.min(this.active + page, this.count - 1),
			PageUp: Math.max(this.active - page, 0),
			Home: 0, End: this.count - 1,
		};

		if (event.ctrlKey || event.metaKey || event.altKey ||
		    event.target !== this.element)
			return;
		if (event.key in moves)
			this.setActive(moves[event.key]);
		else if (!this.options.onKey?.(event, this.active))
			return;
		event.preventDefault();
		event.stopPropagation();
	}
}
