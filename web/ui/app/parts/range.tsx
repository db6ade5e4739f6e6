// SPDX-License-Identifier: Apache-2.0
// Which time: the last so many minutes, or from then to then, by keyboard too.
import { useState } from "preact/hooks";
import { go, query } from "../state/location";
import { utc } from "../state/preferences";
import { isOpen, parseSpan, pointText, spanWords } from "../state/range";
import { LIVE_FROM, pausedUs, shownRange } from "../state/selection";
import { status } from "../state/session";
import { rangeText, formatTime, timeText, zoneText } from "../words";
import { Popup } from "./popup";

const SPANS = ["-1m", "-5m", "-15m", "-1h", "-6h", "-1d", "-7d"];
const HALF = 0.5;

/** "Last 15 minutes", "Whole recording", or the instants. */
function words(): string {
	const { from, to } = query.value;
	const range = shownRange.value;
	const live = status.value?.live;
	const span = parseSpan(from ?? (live ? LIVE_FROM : ""));

	if (span !== null && isOpen(to) && pausedUs.value)
		return `${spanWords(span)} until ${timeText(pausedUs.value)} ${zoneText(pausedUs.value)}`;
	if (span !== null && isOpen(to))
		return `Last ${spanWords(span)}`;
	if (!from && !to)
		return "Whole recording";
	return range ? rangeText(range.fromUs, range.toUs) : `${from ?? ""} to ${to ?? "now"}`;
}

// Half a range on or back; twice as much around the middle.
function shift(by: number): void {
	const range = shownRange.value;

	if (!range)
		return;
	const length = range.toUs - range.fromUs;

	go({
		from: pointText(range.fromUs + by * length),
		to: pointText(range.toUs + by * length),
	});
}

function widen(): void {
	const range = shownRange.value;

	if (!range)
		return;
	const half = (range.toUs - range.fromUs) / 2;

	go({ from: pointText(range.fromUs - half), to: pointText(range.toUs + half) });
}

export const rangeKeys: Record<string, () => void> = {
	"[": () => shift(-HALF),
	"]": () => shift(HALF),
	"-": widen,
};

// What a datetime-local input holds, in the zone that is shown.
function inputText(us: number): string {
	const date = new Date(us / 1000);
	const shifted = utc.value
		? date
		: new Date(date.getTime() - date.getTimezoneOffset() * 60000);

	return shifted.toISOString().slice(0, 19);
}

function inputPoint(text: string): number | null {
	const ms = Date.parse(utc.value ? `${text}Z` : text);

	return Number.isNaN(ms) ? null : ms * 1000;
}

function Dates({ close }: { close: () => void }) {
	const range = shownRange.peek();
	const [from, setFrom] = useState(range ? inputText(range.fromUs) : "");
	const [to, setTo] = useState(range ? inputText(range.toUs) : "");
	const fromUs = inputPoint(from);
	const toUs = inputPoint(to);
	const fine = fromUs !== null && toUs !== null && fromUs < toUs;
	const apply = (event: Event) => {
		event.preventDefault();
		if (!fine)
			return;
		go({ from: pointText(fromUs), to: pointText(toUs) });
		close();
	};

	return (
		<form class="dates" onSubmit={apply}>
			<label>
				From{" "}
				<input
					type="datetime-local"
					step="1"
					value={from}
					onInput={(event) => setFrom(event.currentTarget.value)}
				/>
			</label>
			<label>
				To{" "}
				<input
					type="datetime-local"
					step="1"
					value={to}
					onInput={(event) => setTo(event.currentTarget.value)}
				/>
			</label>
			<p class="note">
				{fine
					? `Times are ${zoneText(fromUs)}.`
					: "“From” has to be before “To”."}
			</p>
			<button type="submit" class="primary" disabled={!fine}>
				Show this range
			</button>
		</form>
	);
}

function Spans({ close }: { close: () => void }) {
	const { from, to } = query.value;
	const chosen = isOpen(to) ? (from ?? LIVE_FROM) : "";
	const choose = (span?: string) => {
		go({ from: span, to: undefined, paused: undefined });
		close();
	};

	return (
		<div class="spans">
			{status.value?.live ? (
				SPANS.map((span) => (
					<button
						type="button"
						key={span}
						onClick={() => choose(span)}
						aria-pressed={span === chosen}>
						Last {spanWords(parseSpan(span)!)}
					</button>
				))
			) : (
				<button type="button" onClick={() => choose()}>
					Whole recording
				</button>
			)}
		</div>
	);
}

export function RangePicker() {
	const range = shownRange.value;
	const length = range && formatTime((range.toUs - range.fromUs) * 1e3);

	return (
		<div class="range">
			<button
				type="button"
				class="icon"
				title="Earlier ([)"
				aria-label="Earlier"
				onClick={() => shift(-HALF)}>
				‹
			</button>
			<Popup
				class="pick"
				label={
					<>
						<span>{words()}</span>
						{!isOpen(query.value.to) && <small>{length}</small>}
					</>
				}
				title="Choose a range of time">
				{(close) => (
					<div class="ranges">
						<Spans close={close} />
						<Dates close={close} />
					</div>
				)}
			</Popup>
			<button
				type="button"
				class="icon"
				title="Later (])"
				aria-label="Later"
				onClick={() => shift(HALF)}>
				›
			</button>
		</div>
	);
}
