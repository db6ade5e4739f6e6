// SPDX-License-Identifier: Apache-2.0
// A canvas with an axis of time (or of numbers) below and one of amounts at
// the left; what stands between them is drawn by others.
import { utc } from "../state/preferences";
import { timeText } from "../words";
import { cssColor } from "./colors";
import { numberTicks, timeTicks } from "./ticks";

export const FONT = "11px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif";
const LABEL_PX = 92;
const APART_PX = 8;
const TICK_PX = 30;
const BELOW = 18;
const ABOVE = 8;

/** The rectangle between the axes, and what its edges mean. */
export interface Area {
	left: number;
	top: number;
	width: number;
	height: number;
	from: number;
	to: number;
	low: number;
	high: number;
}

export interface AxesLook {
	/** Pixels for labels at the left; 0: there are none. */
	left: number;
	unit: string;
	/** Microseconds of the wall clock below; else plain numbers. */
	time: boolean;
}

export function xOf(area: Area, value: number): number {
	return area.left + ((value - area.from) / (area.to - area.from)) * area.width;
}

export function yOf(area: Area, value: number): number {
	return area.top + area.height - ((value - area.low) / (area.high - area.low)) * area.height;
}

export function valueAt(area: Area, x: number): number {
	const share = Math.max(0, Math.min(1, (x - area.left) / area.width));

	return area.from + share * (area.to - area.from);
}

/** A canvas of that size in sharp pixels, empty, and the area in it. */
export function prepare(
	canvas: HTMLCanvasElement,
	width: number,
	height: number,
	look: AxesLook,
	range: Pick<Area, "from" | "to" | "low" | "high">
): { context: CanvasRenderingContext2D; area: Area } {
	const scale = devicePixelRatio || 1;
	const context = canvas.getContext("2d")!;

	canvas.width = Math.round(width * scale);
	canvas.height = Math.round(height * scale);
	canvas.style.width = `${width}px`;
	canvas.style.height = `${height}px`;
	context.scale(scale, scale);
	return {
		context,
		area: {
			left: look.left,
			top: ABOVE,
			width: Math.max(1, width - look.left),
			height: Math.max(1, height - BELOW - ABOVE),
			...range,
		},
	};
}

function dayOf(us: number): string {
	return timeText(us, { date: true }).slice(5, 10);
}

function labelOf(us: number, stepUs: number): string {
	return stepUs >= 86400e6
		? dayOf(us)
		: timeText(us, { seconds: stepUs < 60e6, milliseconds: stepUs < 1e6 });
}

// Labels stay on the canvas, and apart from each other.
export function drawTimes(context: CanvasRenderingContext2D, area: Area): void {
	const offset = utc.value ? 0 : -new Date(area.from / 1000).getTimezoneOffset() * 60e6;
	const { stepUs, at } = timeTicks(area.from, area.to, area.width / LABEL_PX, offset);
	const days = dayOf(area.from) !== dayOf(area.to) && stepUs < 86400e6;
	const right = area.left + area.width;
	let last = "";
	let end = -APART_PX;

	context.textAlign = "left";
	for (const us of at) {
		const day = dayOf(us);
		const text = labelOf(us, stepUs);
		const label = days && day !== last ? `${day} ${text}` : text;
		const { width } = context.measureText(label);
		const x = Math.max(area.left, Math.min(xOf(area, us) - width / 2, right - width));

		if (x < end + APART_PX)
			continue;
		context.fillText(label, x, area.top + area.height + 13);
		end = x + width;
		last = day;
	}
}

function drawNumbers(context: CanvasRenderingContext2D, area: Area): void {
	const count = Math.max(2, Math.floor(area.width / LABEL_PX));

	context.textAlign = "center";
	for (let i = 0; i <= count; i++) {
		const value = area.from + (i / count) * (area.to - area.from);

		context.textAlign = i === 0 ? "left" : i === count ? "right" : "center";
		context.fillText(
			String(Number(value.toPrecision(4))),
			xOf(area, value),
			area.top + area.height + 13
		);
	}
}

export function drawAxes(context: CanvasRenderingContext2D, area: Area, look: AxesLook): void {
	const ticks = numberTicks(area.high - area.low, area.height / TICK_PX).map(
		(tick) => tick + area.low
	);

	context.font = FONT;
	context.fillStyle = cssColor("--soft");
	context.strokeStyle = cssColor("--line");
	context.lineWidth = 1;
	if (look.time)
		drawTimes(context, area);
	else
		drawNumbers(context, area);
	context.textAlign = "right";
	for (const [i, tick] of ticks.entries()) {
		const y = Math.round(yOf(area, tick)) + 0.5;

		context.beginPath();
		context.moveTo(area.left, y);
		context.lineTo(area.left + area.width, y);
		context.stroke();
		if (look.left)
			context.fillText(
				i === ticks.length - 1 && look.unit
					? `${tick} ${look.unit}`
					: String(tick),
				area.left - 8,
				// The lowest stands on its line, off the labels below.
				y + (i && 4)
			);
	}
}
