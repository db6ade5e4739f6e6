// SPDX-License-Identifier: Apache-2.0
// The timeline with a lane for each process, or thread: what is small or comes and goes
// is seen beside what is large. All lanes are of one scale.
import { makeVisible } from "../words";
import { drawTimes, FONT, xOf, type Area, type AxesLook } from "./axes";
import { cssColor, seriesName } from "./colors";
import { Plot, type PlotProps } from "./plot";
import type { Pile } from "./stack";

const LANE_PX = 15;
const AXES_PX = 26;
const NAMES_PX = 128;
const APART_PX = 8;
/** Names take this share of a narrow window at most. */
const NAMES_SHARE = 0.24;

/** The most that any lane has in a bucket. */
export function laneMost(pile: Pick<Pile, "values">): number {
	return pile.values.reduce(
		(most, row) => row.reduce((a, b) => Math.max(a, b), most),
		0
	);
}

/** As much of @text as fits, by @widthOf. */
export function fitted(text: string, room: number, widthOf: (text: string) => number): string {
	let least = 0;
	let most = text.length;

	if (widthOf(text) <= room)
		return text;
	while (least < most) {
		const middle = Math.ceil((least + most) / 2);

		if (widthOf(`${text.slice(0, middle)}…`) <= room)
			least = middle;
		else
			most = middle - 1;
	}
	return `${text.slice(0, least)}…`;
}

function drawLane(
	context: CanvasRenderingContext2D,
	area: Area,
	pile: Pile,
	row: number,
	most: number
): void {
	const height = area.height / pile.names.length;
	const bottom = area.top + (row + 1) * height;

	context.fillStyle = cssColor(seriesName(pile.names[row]!));
	for (const [i, value] of pile.values[row]!.entries()) {
		const left = Math.max(area.left, Math.round(xOf(area, pile.starts[i]!)));
		const right = Math.min(
			area.left + area.width,
			Math.round(xOf(area, pile.starts[i]! + pile.widthUs))
		);
		// A little is not nothing.
		const tall = value > 0 ? Math.max(1, (value / most) * (height - 2)) : 0;

		if (right > left && tall)
			context.fillRect(left, bottom - tall, right - left, tall);
	}
	context.fillStyle = cssColor("--line");
	context.fillRect(0, Math.round(bottom), area.left + area.width, 1);
}

function drawLanes(
	context: CanvasRenderingContext2D,
	area: Area,
	pile: Pile,
	look: AxesLook
): void {
	const most = laneMost(pile) || 1;
	const height = area.height / pile.names.length;
	const room = area.left - APART_PX;
	const say = (text: string, y: number) =>
		context.fillText(
			fitted(text, room, (part) => context.measureText(part).width),
			0,
			y
		);

	for (const row of pile.names.keys())
		drawLane(context, area, pile, row, most);
	context.font = FONT;
	context.fillStyle = cssColor("--soft");
	drawTimes(context, area);
	context.textAlign = "left";
	say(`↕ ${Number(most.toPrecision(2))} ${look.unit}`, area.top + area.height + 13);
	context.fillStyle = cssColor("--ink");
	for (const [row, name] of pile.names.entries())
		say(
			name === null ? "others" : makeVisible(name),
			area.top + (row + 1) * height - 3
		);
}

export function Lanes(props: PlotProps) {
	const left = Math.min(NAMES_PX, Math.round(innerWidth * NAMES_SHARE));

	return (
		<Plot
			{...props}
			height={props.pile.names.length * LANE_PX + AXES_PX}
			look={{ ...props.look, left }}
			label={props.label.replace(".", ", a lane for each.")}
			paint={drawLanes}
		/>
	);
}
