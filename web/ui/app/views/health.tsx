// SPDX-License-Identifier: Apache-2.0
// How good this profile is, and what it costs: the facts behind the corner.
import type { ComponentChildren } from "preact";
import { useAnswer } from "../api/answer";
import { post } from "../api/client";
import type { QueryResult, Status, StoreReach } from "../api/types";
import { useEffect, useState } from "preact/hooks";
import { Words } from "../parts/show";
import { ticks, status } from "../state/session";
import { gaugesOf } from "./gauges";
import { lossesOf } from "./losses";
import { formatBytes, formatCount, rangeText, formatShare, makeVisible, recordingText } from "../words";

const LEVELS = {
	good: "All is well: what was sampled is here, and can be believed.",
	warning: "Usable, but look at this first:",
	bad: "Do not believe this profile before this is mended:",
};

const HEALTH_SQL = "SELECT name, value, meaning FROM v_health";
const INCIDENT_SQL =
	"SELECT kind, wall_ns / 1000, seconds, detail FROM v_incident " +
	"ORDER BY start_id DESC LIMIT 50";
const EVERY = 10;

/** Rows of a query of our own; null: not there yet, or not to be had. */
function useRows(sql: string): unknown[][] | null {
	const [rows, setRows] = useState<unknown[][] | null>(null);
	const beat = Math.floor(ticks.value / EVERY);

	useEffect(() => {
		const abort = new AbortController();

		post<QueryResult>("query", { sql }, abort.signal).then(
			(result) => setRows(result?.rows ?? null),
			() => undefined
		);
		return () => abort.abort();
	}, [sql, beat]);
	return rows;
}

/** What, how much, and what that means. */
type PairRow = [string, ComponentChildren, string?];

function Pairs({ rows }: { rows: PairRow[] }) {
	return (
		<table class="pairs">
			<tbody>
				{rows.map(([name, value, meaning], i) => (
					<tr key={i}>
						<th scope="row">{name}</th>
						{typeof value === "number" ? (
							<td class="number">{formatCount(value)}</td>
						) : (
							<td>{value}</td>
						)}
						<td class="soft">{meaning}</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

function word(value: unknown): string {
	return makeVisible(String(value ?? ""));
}

function Facts({ known }: { known: Status }) {
	const { proven = 0, unproven, samples } = known;
	const python = proven + (unproven ?? 0);
	const when = known.live ? ", last minute" : "";
	const rows: PairRow[] = [
		[`Samples${when}`, formatCount(samples)],
		...lossesOf(known),
		[
			`Python proven${when}`,
			python
				? `${formatShare(proven, python)} of ${formatCount(python)}`
				: null,
		],
		[`Unproven${when}`, unproven === undefined ? null : formatCount(unproven)],
		["Rate", known.frequency_hz ? `${known.frequency_hz} Hz` : null],
		[
			"Its own CPU",
			known.own?.cpu_percent != null
				? `${known.own.cpu_percent.toFixed(2)} % of one CPU`
				: null,
		],
		[
			"Its own memory",
			known.own?.memory_bytes != null
				? formatBytes(known.own.memory_bytes)
				: null,
		],
		[
			"What is there",
			known.range
				? rangeText(known.range.from_us, known.range.to_us)
				: "no samples yet",
		],
		["Database", `${known.database.path}, ${formatBytes(known.database.bytes)}`],
		["Command", known.command ? recordingText(known.command) : null],
		[
			"Host",
			[known.host, known.kernel && `Linux ${known.kernel}`]
				.filter(Boolean)
				.join(", "),
		],
		["Events", known.events.map(({ name, unit }) => `${name} (${unit})`).join(", ")],
		["brindle", known.version],
	];

	return <Pairs rows={rows.filter(([, value]) => value !== null && value !== "")} />;
}

function Store({ known, store }: { known: Status; store: StoreReach }) {
	const gauges = gaugesOf(store, known.database.bytes, known.now_us);
	const rows = gauges.map(({ name, words, share, meaning }): PairRow => [
		name,
		<>
			{share !== null && (
				<>
					<meter value={share} aria-label={`${name}: ${words}`} />{" "}
				</>
			)}
			{words}
		</>,
		meaning,
	]);

	return (
		<section class="store">
			<h2>How far back it goes</h2>
			<Pairs rows={rows} />
		</section>
	);
}

function counter([name, value, meaning]: unknown[]): PairRow {
	return [
		word(name),
		typeof value === "number" ? value : word(value),
		word(meaning),
	];
}

function incident([kind, us, seconds, detail]: unknown[]): PairRow {
	const from = Number(us);

	return [
		word(kind),
		(seconds === null ? "since " : "") + rangeText(from, from + Number(seconds) * 1e6),
		word(detail),
	];
}

export function HealthView() {
	const fresh = useAnswer<Status>("status", {}, { pace: 2000 });
	const known = fresh.value ?? status.value!;
	const counters = useRows(HEALTH_SQL);
	const incidents = useRows(INCIDENT_SQL);

	return (
		<div class="page" tabIndex={0} role="region" aria-label="Health of the profile">
			<section class={`verdict ${known.level}`}>
				<h2>{LEVELS[known.level]}</h2>
				{known.problems.length > 0 && (
					<ul>
						{known.problems.map((problem) => (
							<li key={problem}>
								<Words text={problem} />
							</li>
						))}
					</ul>
				)}
			</section>
			<section>
				<h2>This profile</h2>
				<Facts known={known} />
			</section>
			{known.store && <Store known={known} store={known.store} />}
			{incidents && incidents.length > 0 && (
				<section>
					<h2>What went wrong or changed</h2>
					<Pairs rows={incidents.map(incident)} />
				</section>
			)}
			{counters && counters.length > 0 && (
				<section>
					<h2>{known.live ? "Counted since it started" : "Counted"}</h2>
					<Pairs rows={counters.map(counter)} />
				</section>
			)}
		</div>
	);
}
