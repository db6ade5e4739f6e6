// SPDX-License-Identifier: Apache-2.0
// The drawing of the timeline: piles of CPU time, and a range that is chosen
// by dragging, or by moving its edges.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { theme, utc } from "../state/preferences";
import { drawAxes, prepare, valueAt, xOf, yOf, type Area, type AxesLook } from "./axes";
import { cssColor, seriesName } from "./colors";
import type { Span } from "./context";
import type { Pile } from "./stack";

export interface PlotProps {
	pile: Pile;
	/** The times that are shown, and what of them is chosen. */
	context: Span;
	chosen: Span | null;
	height: number;
	look: AxesLook;
	label: string;
	onRange: (span: Span) => void;
	onWhole: () => void;
	/** Number of the bucket under the pointer. */
	onHover: (index: number | null) => void;
	/** What the area shows, and its axes; else piles. */
	paint?: (
		context: CanvasRenderingContext2D,
		area: Area,
		pile: Pile,
		look: AxesLook
	) => void;
}

const DRAG_LEAST_PX = 4;
const EDGE_PX = 5;
const ROOM_ABOVE = 1.06;

function drawPile(
	context: CanvasRenderingContext2D,
	area: Area,
	pile: Pile,
	look: AxesLook
): void {
	const bottom = area.top + area.height;
	const { starts, widthUs, tops } = pile;

	drawAxes(context, area, look);
	// The highest first: the lower ones are painted over it.
	for (let row = tops.length - 1; row >= 0; row--) {
		context.fillStyle = cssColor(seriesName(pile.names[row]));
		for (let i = 0; i < starts.length; i++) {
			if (!tops[row][i])
				continue;
			const left = Math.max(area.left, Math.round(xOf(area, starts[i])));
			const right = Math.min(
				area.left + area.width,
				Math.round(xOf(area, starts[i] + widthUs))
			);
			const top = yOf(area, tops[row][i]);

			if (right > left)
				context.fillRect(left, top, right - left, bottom - top);
		}
	}
}

// What was not chosen is veiled.
function drawVeil(context: CanvasRenderingContext2D, area: Area, chosen: Span): void {
	const right = area.left + area.width;
	const from = Math.max(area.left, Math.min(right, xOf(area, chosen.fromUs)));
	const to = Math.max(area.left, Math.min(right, xOf(area, chosen.toUs)));

	context.globalAlpha = 0.75;
	context.fillStyle = cssColor("--paper");
	context.fillRect(area.left, area.top, from - area.left, area.height);
	context.fillRect(to, area.top, right - to, area.height);
	context.globalAlpha = 1;
	context.fillStyle = cssColor("--accent");
	context.fillRect(from - 1, area.top, 2, area.height);
	context.fillRect(to - 1, area.top, 2, area.height);
}

type Drag = { anchor: number; at: number } | null;

// Where the other edge stays: at the far one when an edge is taken.
function anchorOf(area: Area, chosen: Span | null, x: number): number {
	if (chosen && Math.abs(xOf(area, chosen.fromUs) - x) <= EDGE_PX)
		return chosen.toUs;
	if (chosen && Math.abs(xOf(area, chosen.toUs) - x) <= EDGE_PX)
		return chosen.fromUs;
	return valueAt(area, x);
}

function spanOf(drag: { anchor: number; at: number }): Span {
	return { fromUs: Math.min(drag.anchor, drag.at), toUs: Math.max(drag.anchor, drag.at) };
}

/** Moved by a tenth, halved, doubled: what a key does to a range. */
function steered(span: Span, key: string): Span | null {
	const length = span.toUs - span.fromUs;
	const changes: Readonly<Record<string, [number, number]>> = {
		ArrowLeft: [-0.1, -0.1],
		ArrowRight: [0.1, 0.1],
		ArrowUp: [0.25, -0.25],
		ArrowDown: [-0.5, 0.5],
	};
	const change = changes[key];

	return change
		? { fromUs: span.fromUs + change[0] * length, toUs: span.toUs + change[1] * length }
		: null;
}

export function Plot(props: PlotProps) {
	const {
		pile,
		context: shown,
		chosen,
		height,
		look,
		label,
		onRange,
		onWhole,
		onHover,
		paint = drawPile,
	} = props;
	const host = useRef<HTMLDivElement>(null);
	const canvas = useRef<HTMLCanvasElement>(null);
	const area = useRef<Area | null>(null);
	const [width, setWidth] = useState(0);
	const [drag, setDrag] = useState<Drag>(null);
	const [hover, setHover] = useState<number | null>(null);
	const at = (event: PointerEvent) =>
		event.clientX - canvas.current!.getBoundingClientRect().left;
	const index = (x: number) =>
		area.current
			? Math.floor((valueAt(area.current, x) - pile.starts[0]) / pile.widthUs)
			: null;
	const moved = (event: PointerEvent) => {
		if (drag)
			setDrag({ ...drag, at: valueAt(area.current!, at(event)) });
		setHover(at(event));
		onHover(index(at(event)));
	};
	const ended = () => {
		const span = drag && spanOf(drag);

		setDrag(null);
		if (
			span &&
			xOf(area.current!, span.toUs) - xOf(area.current!, span.fromUs) >=
				DRAG_LEAST_PX
		)
			onRange(span);
	};

	useLayoutEffect(() => {
		const observer = new ResizeObserver(() => setWidth(host.current!.clientWidth));

		setWidth(host.current!.clientWidth);
		observer.observe(host.current!);
		return () => observer.disconnect();
	}, []);
	useEffect(() => {
		if (!width)
			return;
		const made = prepare(canvas.current!, width, height, look, {
			from: shown.fromUs,
			to: shown.toUs,
			low: 0,
			high: (pile.most || 1) * ROOM_ABOVE,
		});

		area.current = made.area;
		paint(made.context, made.area, pile, look);
		if (drag ?? chosen)
			drawVeil(made.context, made.area, drag ? spanOf(drag) : chosen!);
		if (hover !== null && hover >= made.area.left) {
			made.context.fillStyle = cssColor("--ink");
			made.context.globalAlpha = 0.45;
			made.context.fillRect(
				Math.round(hover),
				made.area.top,
				1,
				made.area.height
			);
		}
	}, [
		pile,
		shown.fromUs,
		shown.toUs,
		chosen?.fromUs,
		chosen?.toUs,
		width,
		height,
		drag,
		hover,
		theme.value,
		utc.value,
	]);
	return (
		<div class="plot" ref={host}>
			<canvas
				ref={canvas}
				tabIndex={0}
				role="application"
				aria-label={label}
				onPointerDown={(event) => {
					if (event.button !== 0 || !area.current)
						return;
					const x = at(event);

					canvas.current!.setPointerCapture(event.pointerId);
					setDrag({
						anchor: anchorOf(area.current, chosen, x),
						at: valueAt(area.current, x),
					});
				}}
				onPointerMove={moved}
				onPointerUp={ended}
				onPointerCancel={() => setDrag(null)}
				onPointerLeave={() => {
					setHover(null);
					onHover(null);
				}}
				onDblClick={onWhole}
				onKeyDown={(event) => {
					const next =
						event.ctrlKey || event.altKey
							? null
							: steered(chosen ?? shown, event.key);

					if (!next)
						return;
					event.preventDefault();
					event.stopPropagation();
					onRange(next);
				}}
			/>
		</div>
	);
}
