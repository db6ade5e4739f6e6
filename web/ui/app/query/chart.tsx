// SPDX-License-Identifier: Apache-2.0
// A result as lines over its first column.
import { useEffect, useRef, useState } from "preact/hooks";
import type { QueryResult } from "../api/types";
import { theme, utc } from "../state/preferences";
import { drawAxes, prepare, valueAt, xOf, yOf, type Area } from "../timeline/axes";
import { cssColor } from "../timeline/colors";
import { formatCount, makeVisible, timeText, zoneText } from "../words";
import { linesOf, pointsOf } from "./shape";

const LINES = 8;
const HEIGHT_LEAST = 160;

function amountText(value: number | null): string {
	return value === null
		? ""
		: Number.isInteger(value)
			? formatCount(value)
			: String(Number(value.toPrecision(6)));
}

// Where nothing is said there is no line.
function drawLine(
	context: CanvasRenderingContext2D,
	area: Area,
	x: number[],
	y: (number | null)[]
): void {
	let drawing = false;

	context.beginPath();
	for (const [i, value] of y.entries()) {
		if (value === null) {
			drawing = false;
			continue;
		}
		if (drawing)
			context.lineTo(xOf(area, x[i]), yOf(area, value));
		else
			context.moveTo(xOf(area, x[i]), yOf(area, value));
		drawing = true;
	}
	context.stroke();
}

/** Number of the point nearest to @value. */
function nearest(x: number[], value: number): number {
	let best = 0;

	for (let i = 1; i < x.length; i++) {
		if (Math.abs(x[i] - value) < Math.abs(x[best] - value))
			best = i;
	}
	return best;
}

export function ResultChart({ result }: { result: QueryResult }) {
	const host = useRef<HTMLDivElement>(null);
	const canvas = useRef<HTMLCanvasElement>(null);
	const area = useRef<Area | null>(null);
	const [size, setSize] = useState({ width: 0, height: 0 });
	const [at, setAt] = useState<number | null>(null);
	const lines = linesOf(result).slice(0, LINES);
	const { x, time } = pointsOf(result);
	const columns = lines.map((line) => result.rows.map((row) => row[line] as number | null));
	const shown = at ?? x.length - 1;

	useEffect(() => {
		const observer = new ResizeObserver(() =>
			setSize({
				width: host.current!.clientWidth,
				height: Math.max(HEIGHT_LEAST, host.current!.clientHeight),
			})
		);

		observer.observe(host.current!);
		return () => observer.disconnect();
	}, []);
	useEffect(() => {
		const numbers = columns.flat().filter((value): value is number => value !== null);
		const low = numbers.reduce((a, b) => Math.min(a, b), 0);
		const high = numbers.reduce((a, b) => Math.max(a, b), low);

		if (!size.width)
			return;
		const made = prepare(
			canvas.current!,
			size.width,
			size.height,
			{ left: 76, unit: "", time },
			{
				from: x[0],
				to: x[x.length - 1] > x[0] ? x[x.length - 1] : x[0] + 1,
				low,
				high: high > low ? low + (high - low) * 1.06 : low + 1,
			}
		);

		area.current = made.area;
		drawAxes(made.context, made.area, { left: 76, unit: "", time });
		made.context.lineWidth = 1.6;
		made.context.lineJoin = "round";
		for (const [i, column] of columns.entries()) {
			made.context.strokeStyle = cssColor(`--series-${i + 1}`);
			drawLine(made.context, made.area, x, column);
		}
		if (at !== null) {
			made.context.fillStyle = cssColor("--soft");
			made.context.fillRect(
				Math.round(xOf(made.area, x[at])),
				made.area.top,
				1,
				made.area.height
			);
		}
	}, [result, size, at, theme.value, utc.value]);
	const first = time
		? timeText(x[shown], { date: true })
		: makeVisible(result.columns[0].name);
	const label = `Lines of ${lines.length} columns; the table has the numbers`;
	const point = (event: MouseEvent) => {
		const { left } = canvas.current!.getBoundingClientRect();

		if (area.current)
			setAt(nearest(x, valueAt(area.current, event.clientX - left)));
	};

	return (
		<div class="result-chart">
			<ul class="series">
				<li class="soft">
					{first} {time ? zoneText(x[shown]) : amountText(x[shown])}
				</li>
				{lines.map((line, i) => (
					<li key={line}>
						<i class={`swatch series-${i + 1}`} />
						{makeVisible(result.columns[line].name)}{" "}
						<b>{amountText(columns[i][shown])}</b>
					</li>
				))}
			</ul>
			<div class="drawing" ref={host}>
				<canvas
					ref={canvas}
					role="img"
					aria-label={label}
					onMouseMove={point}
					onMouseLeave={() => setAt(null)}
				/>
			</div>
		</div>
	);
}
