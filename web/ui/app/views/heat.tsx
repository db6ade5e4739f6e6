// SPDX-License-Identifier: Apache-2.0
// When, within each second? A column is a second, a row 20 ms of it, or more of
// a low rate. What comes in beats shows as lines; a cell opens as a flame graph.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { decodeReals } from "../../model/columns";
import { formatTime } from "../../model/format";
import { useAnswer } from "../api/answer";
import type { Heatmap } from "../api/types";
import { Empty, Show } from "../parts/show";
import { go } from "../state/location";
import { theme } from "../state/preferences";
import { pointText } from "../state/range";
import { selectionQuery } from "../state/selection";
import { cssColor } from "../timeline/colors";
import { plural, timeText, zoneText } from "../words";

interface Cell {
	column: number;
	row: number;
}

/** Of one cell, in pixels. */
interface Size {
	width: number;
	height: number;
}

const CELL_HEIGHT_LEAST = 8;
const CELL_HEIGHT_MOST = 16;
/** Of a map of few rows, whose cells may be higher. */
const HEIGHT_PX = 480;
/** The times and the words below. */
const BELOW_PX = 110;
const CELL_LEAST = 4;
/** Below that, two times do not fit under it. */
const WIDE_PX = 180;
const CELL_MOST = 120;
/** Darker sooner: a little is something, too. */
const GAMMA = 0.55;

function mostOf(cells: Float64Array): number {
	return cells.reduce((greatest, value) => Math.max(greatest, value), 0);
}

function draw(
	canvas: HTMLCanvasElement,
	map: Heatmap,
	cells: Float64Array,
	{ width, height }: Size,
	from: Cell | null,
	to: Cell | null
): void {
	const scale = devicePixelRatio || 1;
	const context = canvas.getContext("2d")!;
	const most = mostOf(cells);

	canvas.width = Math.round(width * map.columns * scale);
	canvas.height = Math.round(height * map.rows * scale);
	canvas.style.width = `${width * map.columns}px`;
	canvas.style.height = `${height * map.rows}px`;
	context.scale(scale, scale);
	context.fillStyle = cssColor("--tint");
	context.fillRect(0, 0, width * map.columns, height * map.rows);
	context.fillStyle = cssColor("--accent");
	for (let column = 0; column < map.columns; column++) {
		for (let row = 0; row < map.rows; row++) {
			const value = cells[column * map.rows + row]!;

			if (!value)
				continue;
			context.globalAlpha = 0.12 + 0.88 * (value / most) ** GAMMA;
			context.fillRect(
				column * width,
				(map.rows - 1 - row) * height,
				width - (width > 5 ? 1 : 0),
				height - 1
			);
		}
	}
	context.globalAlpha = 1;
	if (from && to)
		frame(context, map, { width, height }, from, to);
}

/** Cells from one to the other, in the order of time. */
function ordered(map: Heatmap, a: Cell, b: Cell): [Cell, Cell] {
	return a.column * map.rows + a.row <= b.column * map.rows + b.row ? [a, b] : [b, a];
}

function frame(
	context: CanvasRenderingContext2D,
	map: Heatmap,
	{ width, height }: Size,
	a: Cell,
	b: Cell
): void {
	const [from, to] = ordered(map, a, b);

	context.strokeStyle = cssColor("--ink");
	context.lineWidth = 2;
	for (let column = from.column; column <= to.column; column++) {
		const low = column === from.column ? from.row : 0;
		const high = column === to.column ? to.row : map.rows - 1;

		context.strokeRect(
			column * width + 1,
			(map.rows - 1 - high) * height + 1,
			width - 2,
			(high - low + 1) * height - 2
		);
	}
}

function valueText(map: Heatmap, value: number): string {
	return map.cell_unit === "us"
		? `${formatTime(value * 1000)} of CPU time`
		: plural(value, "sample");
}

function timeOf(map: Heatmap, cell: Cell): number {
	return map.from_us + cell.column * map.column_us + cell.row * map.row_us;
}

const LABEL =
	"Heat map. Arrow keys move, Enter opens a cell as a flame graph, Shift-Enter its second.";

const STEPS: Readonly<Record<string, [number, number]>> = {
	ArrowLeft: [-1, 0],
	ArrowRight: [1, 0],
	ArrowUp: [0, 1],
	ArrowDown: [0, -1],
};

function Times({ map, px }: { map: Heatmap; px: number }) {
	const toUs = map.from_us + map.columns * map.column_us;

	return (
		<div class="heat-x soft" aria-hidden="true" style={{ width: `${px}px` }}>
			<span>{timeText(map.from_us)}</span>
			{px > WIDE_PX && (
				<span>
					{timeText(toUs)} {zoneText(toUs)}
				</span>
			)}
		</div>
	);
}

interface WordsProps {
	map: Heatmap;
	cells: Float64Array;
	at: Cell | null;
}

/** The cell that is pointed at, or how to read them all. */
function Words({ map, cells, at }: WordsProps) {
	const us = at ? timeOf(map, at) : map.from_us;
	const zone = zoneText(us);

	if (at)
		return (
			<>
				{timeText(us, { date: true, milliseconds: true })} {zone}{" "}
				<b>{valueText(map, cells[at.column * map.rows + at.row]!)}</b>
			</>
		);
	return (
		<span class="soft">
			{timeText(us, { date: true })} {zone} at the left; a column is{" "}
			{map.column_us / 1e6} s, from its beginning at the bottom to its end at the
			top, a row {map.row_us / 1000} ms; the fullest cell has{" "}
			{valueText(map, mostOf(cells))}. Click a cell, or drag, to open its flame
			graph.
		</span>
	);
}

function Map({ map }: { map: Heatmap }) {
	const canvas = useRef<HTMLCanvasElement>(null);
	const box = useRef<HTMLDivElement>(null);
	const cells = useMemo(() => decodeReals(map.cells, map.columns * map.rows), [map]);
	const [at, setAt] = useState<Cell | null>(null);
	const [begun, setBegun] = useState<Cell | null>(null);
	const [room, setRoom] = useState({ width: 0, height: 0 });
	const width = Math.max(
		CELL_LEAST,
		Math.min(CELL_MOST, Math.floor(room.width / Math.max(1, map.columns)))
	);
	const height = Math.max(
		CELL_HEIGHT_LEAST,
		Math.min(
			Math.max(CELL_HEIGHT_MOST, Math.floor(HEIGHT_PX / map.rows)),
			Math.floor((room.height - BELOW_PX) / map.rows)
		)
	);
	const cellAt = (event: MouseEvent): Cell => {
		const edge = canvas.current!.getBoundingClientRect();
		const clamp = (value: number, count: number) =>
			Math.max(0, Math.min(count - 1, Math.floor(value)));

		return {
			column: clamp((event.clientX - edge.left) / width, map.columns),
			row:
				map.rows -
				1 -
				clamp((event.clientY - edge.top) / height, map.rows),
		};
	};
	const open = (a: Cell, b: Cell) => {
		const [from, to] = ordered(map, a, b);

		go({
			view: "flame",
			from: pointText(timeOf(map, from)),
			to: pointText(timeOf(map, to) + map.row_us),
		});
	};
	const key = (event: KeyboardEvent) => {
		const step = STEPS[event.key];
		const here = at ?? { column: map.columns - 1, row: 0 };

		if (event.key === "Enter")
			open(
				event.shiftKey ? { column: here.column, row: 0 } : here,
				event.shiftKey ? { column: here.column, row: map.rows - 1 } : here
			);
		else if (step)
			setAt({
				column: Math.max(
					0,
					Math.min(map.columns - 1, here.column + step[0])
				),
				row: Math.max(0, Math.min(map.rows - 1, here.row + step[1])),
			});
		else
			return;
		event.preventDefault();
		event.stopPropagation();
	};

	useEffect(() => {
		const panel = box.current!.closest(".panel")!;
		const observer = new ResizeObserver(() =>
			setRoom({ width: box.current!.clientWidth, height: panel.clientHeight })
		);

		observer.observe(box.current!);
		observer.observe(panel);
		return () => observer.disconnect();
	}, []);
	useEffect(() => {
		if (room.width)
			draw(canvas.current!, map, cells, { width, height }, begun ?? at, at);
	}, [map, at, begun, room, theme.value]);

	return (
		<>
			<div class="heat">
				<div class="heat-y soft" aria-hidden="true">
					<span>{map.column_us / 1e6} s</span>
					<span>0</span>
				</div>
				<div class="heat-map" ref={box}>
					<canvas
						ref={canvas}
						tabIndex={0}
						role="application"
						aria-label={LABEL}
						onKeyDown={key}
						onMouseMove={(event) => setAt(cellAt(event))}
						onMouseDown={(event) => setBegun(cellAt(event))}
						onMouseUp={(event) => {
							const end = cellAt(event);

							setBegun(null);
							open(begun ?? end, end);
						}}
						onMouseLeave={() => {
							setAt(null);
							setBegun(null);
						}}
					/>
					<Times map={map} px={width * map.columns} />
				</div>
			</div>
			<p class="caption" role="status">
				<Words map={map} cells={cells} at={at} />
			</p>
		</>
	);
}

export function HeatView() {
	const answer = useAnswer<Heatmap>("heatmap", selectionQuery.value);

	return (
		<Show answer={answer}>
			{(map) =>
				map.columns ? (
					<div class="panel scroll">
						<Map map={map} />
					</div>
				) : (
					<Empty title="Nothing in this range">
						Single samples are needed: choose a newer or a
						longer range.
					</Empty>
				)
			}
		</Show>
	);
}
