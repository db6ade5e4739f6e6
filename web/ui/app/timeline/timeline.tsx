// SPDX-License-Identifier: Apache-2.0
// When was what busy? The timeline above every view: it shows some time
// around the chosen range, and dragging chooses another.
import { useMemo, useState } from "preact/hooks";
import { useAnswer } from "../api/answer";
import type { Timeline as Answer } from "../api/types";
import { later } from "../later";
import { Failure } from "../parts/show";
import { go, query } from "../state/location";
import { isOpen, pointText } from "../state/range";
import { pausedUs, selectionQuery, shownRange } from "../state/selection";
import { nowUs, status } from "../state/session";
import { formatShare, timeText, makeVisible, formatWeight, zoneText } from "../words";
import { giveColors, seriesName } from "./colors";
import { contextOf, covers, type Span } from "./context";
import { Plot } from "./plot";
import { pileUp, unitOf, type Pile } from "./stack";

const BUCKET_PX = 4;
/** As many as there are colours, and the others. */
const LEGEND_ROWS = 9;
const NARROW_PX = 760;

const Lanes = later("Lanes");

function chooseRange(span: Span): void {
	go({ from: pointText(span.fromUs), to: pointText(span.toUs) });
}

function wholeOf(): Span | null {
	const known = status.value;

	if (!known?.range)
		return null;
	return {
		fromUs: known.range.from_us,
		toUs: known.live ? pausedUs.value || nowUs.value : known.range.to_us,
	};
}

/** What to ask for, and what of it is chosen. */
function useContext(): { context: Span; chosen: Span; ask: Record<string, string> } | null {
	const chosen = shownRange.value;
	const whole = wholeOf();
	const { from, to, ...others } = selectionQuery.value;
	const live = Boolean(status.value?.live);
	const open = isOpen(to);

	if (!chosen || !whole)
		return null;
	const context = contextOf(chosen, whole, live, open);
	const ask: Record<string, string> = { ...others };

	// A range that moves is asked for as it was said.
	if (open && live && from)
		ask.from = from;
	if (!open || !live) {
		ask.from = pointText(context.fromUs);
		ask.to = pointText(context.toUs);
	}
	return { context, chosen, ask };
}

// Weights as they were, from what is drawn of them.
function readout(answer: Answer, pile: Pile, index: number | null) {
	const unit = unitOf(answer);
	const at = index !== null && index < answer.count ? index : null;

	return pile.names.map((name, row) => {
		const values = pile.values[row]!;
		const weight =
			at === null
				? values.reduce((sum, value) => sum + value, 0) * unit
				: values[at]! * unit;

		return { name, weight };
	});
}

function LegendRow({ by, name, share }: { by: string; name: string | null; share: string }) {
	return (
		<li>
			<i class={`swatch ${seriesName(name).slice(2)}`} />
			{name === null ? (
				<span class="name">others</span>
			) : (
				<button
					type="button"
					class="name"
					title={`Only ${makeVisible(name)}`}
					onClick={() => go({ [by]: name })}>
					{makeVisible(name)}
				</button>
			)}
			<span class="number">{share}</span>
		</li>
	);
}

function Legend({
	answer,
	pile,
	index,
	by,
}: {
	answer: Answer;
	pile: Pile;
	index: number | null;
	by: string;
}) {
	const rows = readout(answer, pile, index);
	const all = rows.reduce((sum, row) => sum + row.weight, 0);
	const at =
		index !== null && index < answer.count
			? answer.from_us + index * answer.bucket_us
			: null;
	const shown = rows.slice(0, LEGEND_ROWS);
	const more = rows.slice(LEGEND_ROWS);

	return (
		<div class="legend">
			<p class="when">
				{at === null ? (
					<>
						All shown: <b>{formatWeight(all, answer.unit)}</b>
					</>
				) : (
					<>
						{timeText(at, {
							milliseconds: answer.bucket_us < 1e6,
						})}{" "}
						{zoneText(at)}{" "}
						<b>{formatWeight(all, answer.unit)}</b>
					</>
				)}
			</p>
			<ul>
				{shown.map((row) => (
					<LegendRow
						key={row.name ?? ""}
						by={by}
						name={row.name}
						share={formatShare(row.weight, all)}
					/>
				))}
				{more.length > 0 && (
					<li>
						<i class="swatch series-rest" />
						<span class="name">{more.length} more</span>
						<span class="number">
							{formatShare(
								more.reduce(
									(sum, row) =>
										sum + row.weight,
									0
								),
								all
							)}
						</span>
					</li>
				)}
			</ul>
		</div>
	);
}

export function Timeline({ tall }: { tall?: boolean }) {
	const place = useContext();
	const lanes = Boolean(query.value.lanes);
	// Of one process there would be one lane.
	const by = lanes && query.value.process ? "thread" : "process";
	const Shown = lanes ? Lanes : Plot;
	const look = `timeline${tall ? " tall" : ""}${lanes ? " lanes" : ""}`;
	const [hover, setHover] = useState<number | null>(null);
	const buckets = Math.max(60, Math.min(480, Math.round(innerWidth / BUCKET_PX)));
	const answer = useAnswer<Answer>(place && "timeline", {
		...place?.ask,
		by,
		buckets: String(buckets),
		rows: lanes && innerWidth < NARROW_PX ? "5" : lanes && tall ? "12" : "8",
	});
	const value = answer.value;
	const pile = useMemo(() => {
		const made = value && pileUp(value);

		giveColors(made?.names ?? []);
		return made;
	}, [value]);
	const label =
		`Timeline: CPU time by ${by}. Drag to choose a range. Arrow keys: left and ` +
		"right move it, up and down make it shorter and longer.";

	if (!value || !pile || !place)
		return (
			<section class={look} aria-label="Timeline">
				{answer.problem && (
					<Failure problem={answer.problem} again={answer.again} />
				)}
			</section>
		);
	// What was answered, which while live is a moment ago.
	const context = place.ask.to
		? place.context
		: {
				fromUs: value.from_us,
				toUs: value.from_us + value.count * value.bucket_us,
			};
	const chosen = covers(place.chosen, place.context) ? null : place.chosen;

	return (
		<section class={look} aria-label="Timeline">
			<Shown
				{...{ pile, context, chosen, label }}
				height={tall ? 148 : 62}
				onHover={setHover}
				look={{
					left: tall ? 58 : 0,
					unit: value.unit === "ns" ? "CPU" : "/s",
					time: true,
				}}
				onRange={chooseRange}
				onWhole={() => go({ from: undefined, to: undefined })}
			/>
			<button
				type="button"
				class="plain"
				aria-label="Lanes"
				aria-pressed={lanes}
				title="A lane for each"
				onClick={() => go({ lanes: lanes ? undefined : "yes" })}>
				≡
			</button>
			{tall && <Legend answer={value} pile={pile} index={hover} by={by} />}
		</section>
	);
}
