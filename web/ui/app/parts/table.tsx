// SPDX-License-Identifier: Apache-2.0
// A table that draws only the rows in sight, sorts by its columns and is
// walked through by the arrow keys.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export interface Column<Row> {
	key: string;
	title: string;
	/** Explains the title. */
	about?: string;
	number?: boolean;
	/** Takes what width there is. */
	wide?: boolean;
	/** Goes where the window is narrow. */
	minor?: boolean;
	cell: (row: Row) => ComponentChildren;
	/** What it is ordered by; none: it is not. */
	order?: (row: Row) => number | string;
}

interface Props<Row> {
	label: string;
	columns: Column<Row>[];
	rows: readonly Row[];
	rowKey: (row: Row) => string | number;
	sort?: string;
	onSort?: (key: string) => void;
	onOpen?: (row: Row) => void;
	current?: (row: Row) => boolean;
}

const ROW_HEIGHT = 28;
const MARGIN = 12;

function compare(a: number | string, b: number | string): number {
	return typeof a === "number" && typeof b === "number"
		? b - a
		: String(a).localeCompare(String(b));
}

/** Numbers: the greatest first; text: by the alphabet. "-key": the other way. */
export function sortRows<Row>(rows: readonly Row[], columns: Column<Row>[], sort: string): Row[] {
	const key = sort.replace(/^-/, "");
	const order = columns.find((column) => column.key === key)?.order;
	const sign = sort.startsWith("-") ? -1 : 1;

	return order ? [...rows].sort((a, b) => sign * compare(order(a), order(b))) : [...rows];
}

function useWindow(count: number) {
	const box = useRef<HTMLDivElement>(null);
	const [seen, setSeen] = useState({ first: 0, last: 60 });

	useLayoutEffect(() => {
		const element = box.current!;
		const look = () => {
			const first = Math.max(
				0,
				Math.floor(element.scrollTop / ROW_HEIGHT) - MARGIN
			);
			const last =
				first + Math.ceil(element.clientHeight / ROW_HEIGHT) + 2 * MARGIN;

			setSeen((old) =>
				old.first === first && old.last === last ? old : { first, last }
			);
		};
		const observer = new ResizeObserver(look);

		look();
		observer.observe(element);
		element.addEventListener("scroll", look, { passive: true });
		return () => {
			observer.disconnect();
			element.removeEventListener("scroll", look);
		};
	}, [count]);
	return { box, first: Math.min(seen.first, count), last: Math.min(seen.last, count) };
}

function Head<Row>({
	column,
	sort,
	onSort,
}: {
	column: Column<Row>;
	sort: string;
	onSort?: (key: string) => void;
}) {
	const sorted = sort.replace(/^-/, "") === column.key;
	const up = sorted && sort.startsWith("-") === Boolean(column.number);
	const next = sorted && !sort.startsWith("-") ? `-${column.key}` : column.key;

	return (
		<th
			scope="col"
			class={classOf(column)}
			title={column.about}
			aria-sort={sorted ? (up ? "ascending" : "descending") : undefined}>
			{column.order && onSort ? (
				<button type="button" onClick={() => onSort(next)}>
					{column.title}
					<span class="arrow" aria-hidden="true">
						{sorted ? (up ? "▲" : "▼") : ""}
					</span>
				</button>
			) : (
				column.title
			)}
		</th>
	);
}

function classOf(column: { number?: boolean; wide?: boolean; minor?: boolean }): string {
	return [column.number && "number", column.wide && "wide", column.minor && "minor"]
		.filter(Boolean)
		.join(" ");
}

function moveFocus(event: KeyboardEvent): void {
	const row = (event.target as Element).closest("tr");
	const next =
		event.key === "ArrowDown"
			? row?.nextElementSibling
			: event.key === "ArrowUp"
				? row?.previousElementSibling
				: null;

	if (!(next instanceof HTMLElement) || next.tabIndex < 0)
		return;
	event.preventDefault();
	next.focus();
}

export function Table<Row>(props: Props<Row>) {
	const { label, columns, rows, rowKey, sort = "", onSort, onOpen, current } = props;
	const { box, first, last } = useWindow(rows.length);
	const gap = (count: number) =>
		count > 0 && (
			<tr class="gap" aria-hidden="true">
				<td
					colSpan={columns.length}
					style={{ height: `${count * ROW_HEIGHT}px` }}
				/>
			</tr>
		);
	const open = (row: Row) => (event: Event) => {
		if ((event.target as Element).closest("button, a, select, input"))
			return;
		onOpen?.(row);
	};

	return (
		<div class="table" ref={box} tabIndex={0} role="region" aria-label={label}>
			<table aria-rowcount={rows.length + 1}>
				<thead>
					<tr>
						{columns.map((column) => (
							<Head
								key={column.key}
								{...{ column, sort, onSort }}
							/>
						))}
					</tr>
				</thead>
				<tbody onKeyDown={moveFocus}>
					{gap(first)}
					{rows.slice(first, last).map((row, i) => (
						<tr
							key={rowKey(row)}
							aria-rowindex={first + i + 2}
							class={
								current?.(row)
									? "current"
									: onOpen
										? "opens"
										: undefined
							}
							tabIndex={onOpen ? 0 : undefined}
							onClick={onOpen && open(row)}
							onKeyDown={
								onOpen &&
								((event) => {
									if (event.key === "Enter")
										open(row)(event);
								})
							}>
							{columns.map((column) => (
								<td
									key={column.key}
									class={classOf(column)}>
									{column.cell(row)}
								</td>
							))}
						</tr>
					))}
					{gap(rows.length - last)}
				</tbody>
			</table>
		</div>
	);
}

/** A number, its share, and the share as a bar. */
export function Share({
	part,
	whole,
	children,
}: {
	part: number;
	whole: number;
	children: ComponentChildren;
}) {
	const percent = whole ? Math.min(100, (100 * part) / whole) : 0;

	return (
		<span class="share">
			<span>{children}</span>
			<span class="track" aria-hidden="true">
				<span class="fill" style={{ width: `${percent}%` }} />
			</span>
		</span>
	);
}
