// SPDX-License-Identifier: Apache-2.0
// What threads wait for: off the CPU, and for the interpreter's lock.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useAnswer } from "../api/answer";
import { Empty, Show, Words } from "../parts/show";
import { Share, sortRows, Table, type Column } from "../parts/table";
import { PROCESS_OF_THREAD, THREAD, type ThreadName } from "../parts/thread";
import { go, query } from "../state/location";
import { selectionQuery } from "../state/selection";
import { status } from "../state/session";
import { formatCount, formatShare, formatTime } from "../words";

interface GilRow extends ThreadName {
	held: number;
	waiting: number;
	without: number;
}

interface OffCpuRow extends ThreadName {
	waits: number;
	waited_ns: number;
}

interface Answer<Row> {
	rows?: Row[];
	note?: string | null;
}

/** @about: samples in which the thread did so. */
function counts<Row>(
	key: string,
	title: string,
	about: string,
	of: (row: Row) => number
): Column<Row> {
	return { key, title, about, number: true, order: of, cell: (row) => formatCount(of(row)) };
}

const wanted = (row: GilRow) => row.held + row.waiting;

const GIL: Column<GilRow>[] = [
	...THREAD,
	{
		key: "waiting",
		title: "Waiting",
		about: "Of the samples in which it held the lock or waited for it",
		number: true,
		order: (row) => row.waiting / wanted(row) || 0,
		cell: (row) => (
			<Share part={row.waiting} whole={wanted(row)}>
				{formatShare(row.waiting, wanted(row))}
			</Share>
		),
	},
	{
		...counts<GilRow>(
			"waits",
			"Waited",
			"Samples: it waited for the lock",
			(row) => row.waiting
		),
		minor: true,
	},
	counts("held", "Held", "Samples: it had the lock", (row) => row.held),
	{
		...counts<GilRow>(
			"without",
			"Without",
			"Samples: it ran without the lock, as extensions do that release it",
			(row) => row.without
		),
		minor: true,
	},
	PROCESS_OF_THREAD,
];

function offCpuColumns(rows: readonly OffCpuRow[]): Column<OffCpuRow>[] {
	const most = Math.max(...rows.map((row) => row.waited_ns));

	return [
		...THREAD,
		{
			key: "waited",
			title: "Waited",
			about: "Time off the CPU",
			number: true,
			order: (row) => row.waited_ns,
			cell: (row) => (
				<Share part={row.waited_ns} whole={most}>
					{formatTime(row.waited_ns)}
				</Share>
			),
		},
		{
			...counts<OffCpuRow>("waits", "Samples", "Waits that were seen", (row) => row.waits),
			minor: true,
		},
		PROCESS_OF_THREAD,
	];
}

interface PartProps<Row> {
	title: string;
	path: string;
	sorted: string;
	columns: (rows: readonly Row[]) => Column<Row>[];
	/** Stands there when nothing of it is in the profile. */
	children: ComponentChildren;
}

function Part<Row extends ThreadName>({ title, path, sorted, columns, children }: PartProps<Row>) {
	const answer = useAnswer<Answer<Row>>(path, selectionQuery.value, { pace: 3000 });
	const [sort, setSort] = useState(sorted);
	const table = (rows: readonly Row[]) => {
		const known = columns(rows);

		return (
			<Table
				label={title}
				columns={known}
				rows={sortRows(rows, known, sort)}
				rowKey={(row) => `${row.pid}/${row.tid}/${rows.indexOf(row)}`}
				sort={sort}
				onSort={setSort}
			/>
		);
	};

	return (
		<section>
			<h2>{title}</h2>
			<Show answer={answer}>
				{({ rows, note }) =>
					rows?.length ? (
						<>
							{note && <p class="soft">{note}</p>}
							{table(rows)}
						</>
					) : (
						<Empty title="Not in this profile">
							{note ? <Words text={note} /> : children}
						</Empty>
					)
				}
			</Show>
		</section>
	);
}

export function WaitsView() {
	const off = status.value?.events.some(({ name }) => name === "off-cpu");

	return (
		<div class="page" tabIndex={0} role="region" aria-label="Waits">
			<Part<OffCpuRow>
				title="Off the CPU"
				path="offcpu"
				sorted="waited"
				columns={offCpuColumns}>
				Nothing waited in this range, or not for long enough to be seen.
			</Part>
			{off && query.value.event !== "off-cpu" && (
				<p>
					<button
						type="button"
						class="primary"
						onClick={() =>
							go({ view: "flame", event: "off-cpu" })
						}>
						Flame graph of what threads wait for
					</button>
				</p>
			)}
			<Part<GilRow>
				title="The interpreter’s lock (GIL)"
				path="gil"
				sorted="waits"
				columns={() => GIL}>
				No Python thread was seen that held it or waited for it.
			</Part>
		</div>
	);
}
