// SPDX-License-Identifier: Apache-2.0
// Whose time was it? Processes and threads, and on from each: its graph, its
// chart.
import { useState } from "preact/hooks";
import { useAnswer } from "../api/answer";
import type { ProcessRow, ThreadRow } from "../api/types";
import { Find } from "../parts/find";
import { Empty, NothingHere, Show } from "../parts/show";
import { Switches } from "../parts/switches";
import { Share, sortRows, Table, type Column } from "../parts/table";
import { ProcessLink, PROCESS_OF_THREAD, several, THREAD } from "../parts/thread";
import { go, query } from "../state/location";
import { selectionQuery } from "../state/selection";
import { unit } from "../state/session";
import {
	baseName,
	formatCount,
	formatShare,
	timeText,
	makeVisible,
	formatWeight,
	zoneText,
} from "../words";

type Row = ProcessRow & Partial<ThreadRow>;

function provenText(row: Row): string {
	const python = (row.proven ?? 0) + (row.unproven ?? 0);

	return python ? formatShare(row.proven ?? 0, python) : "";
}

function sharedColumns(all: number): Column<Row>[] {
	return [
		{
			key: "weight",
			title: unit.value === "ns" ? "CPU time" : "Weight",
			number: true,
			order: (row) => row.weight,
			cell: (row) => (
				<Share part={row.weight} whole={all}>
					{formatShare(row.weight, all)}
				</Share>
			),
		},
		{
			key: "amount",
			title: "",
			number: true,
			minor: true,
			cell: (row) => formatWeight(row.weight, unit.value),
		},
		{
			key: "samples",
			title: "Samples",
			number: true,
			minor: true,
			order: (row) => row.samples,
			cell: (row) => formatCount(row.samples),
		},
		{
			key: "proven",
			title: "Proven",
			about: "Of the samples with Python frames",
			number: true,
			minor: true,
			order: (row) => Number.parseFloat(provenText(row)) || 0,
			cell: provenText,
		},
	];
}

function startText(us: number | null | undefined): string {
	return us ? `${timeText(us, { date: true })} ${zoneText(us)}` : "";
}

function placeOf(row: Row): string {
	return row.systemd_unit ?? row.container ?? baseName(row.cgroup ?? "");
}

/** Only samples of that user, or container. */
function Narrow({ by, value, text }: { by: "user" | "cgroup"; value: string; text: string }) {
	return (
		<button
			type="button"
			class="link soft cut"
			title={`Only ${makeVisible(value)}`}
			onClick={() => go({ [by]: value })}>
			<bdi>{makeVisible(text)}</bdi>
		</button>
	);
}

const PROCESS: Column<Row>[] = [
	{
		key: "process",
		title: "Process",
		order: (row) => row.process,
		cell: (row) => <ProcessLink row={row} />,
	},
	{
		key: "pid",
		title: "PID",
		number: true,
		order: (row) => -row.pid,
		cell: (row) => row.pid || several,
	},
	{
		key: "command",
		title: "Command",
		wide: true,
		cell: (row) => (
			<bdi class="mono soft" title={makeVisible(row.command ?? "")}>
				{makeVisible(row.command ?? row.executable ?? "")}
			</bdi>
		),
	},
	{
		key: "user",
		title: "User",
		minor: true,
		order: (row) => row.user ?? "",
		cell: (row) =>
			row.user ? <Narrow by="user" value={row.user} text={row.user} /> : "",
	},
	{
		key: "python",
		title: "Python",
		minor: true,
		order: (row) => row.python ?? "",
		cell: (row) => row.python ?? "",
	},
	{
		key: "threads",
		title: "Threads",
		number: true,
		minor: true,
		order: (row) => row.threads ?? 0,
		cell: (row) => row.threads ?? "",
	},
	{
		key: "started",
		title: "Started",
		minor: true,
		order: (row) => row.started_us ?? 0,
		cell: (row) => <span class="soft">{startText(row.started_us)}</span>,
	},
	{
		key: "cgroup",
		title: "Container",
		minor: true,
		order: (row) => row.cgroup ?? "",
		cell: (row) =>
			row.cgroup ? (
				<Narrow by="cgroup" value={row.cgroup} text={placeOf(row)} />
			) : (
				""
			),
	},
];

const ROWS = [
	[undefined, "Processes"],
	["threads", "Threads"],
] as const;

// Of what has no number of its own, what tells it from its like.
function keyOf(row: Row): string {
	return [row.pid, row.tid, row.started_us, row.process, row.cgroup, row.samples].join("/");
}

function has(row: Row, text: string): boolean {
	return [row.process, row.pid, row.thread, row.tid, row.command, row.user, placeOf(row)]
		.join(" ")
		.toLowerCase()
		.includes(text.toLowerCase());
}

interface RowsProps {
	rows: Row[];
	threads: boolean;
	text: string;
}

function Rows({ rows, threads, text }: RowsProps) {
	const sort = query.value.sort ?? "weight";
	const all = rows.reduce((sum, row) => sum + row.weight, 0);
	const found = text ? rows.filter((row) => has(row, text)) : rows;
	const columns: Column<Row>[] = threads
		? [...THREAD, PROCESS_OF_THREAD, ...sharedColumns(all)]
		: [...PROCESS.slice(0, 3), ...sharedColumns(all), ...PROCESS.slice(3)];

	// Of too many threads nobody counts it.
	const told = columns.filter(({ key }) => key !== "proven" || rows.some(provenText));

	if (!rows.length)
		return <NothingHere title="Nothing ran in this range" />;
	if (!found.length)
		return <Empty title="None of that name here" />;
	return (
		<Table
			label={threads ? "Threads" : "Processes"}
			columns={told}
			rows={sortRows(found, columns, sort)}
			rowKey={keyOf}
			sort={sort}
			onSort={(key) => go({ sort: key }, "replace")}
		/>
	);
}

export function ProcessesView() {
	const [text, setText] = useState("");
	const threads = query.value.of === ROWS[1][0];
	const answer = useAnswer<{ rows: Row[] }>(
		threads ? "threads" : "processes",
		selectionQuery.value
	);

	return (
		<div class="panel">
			<div class="tools">
				<Switches
					label="Rows"
					of={ROWS}
					chosen={query.value.of}
					choose={(of) => go({ of, sort: undefined })}
				/>
				<Find
					label={threads ? "Find a thread" : "Find a process"}
					hint={threads ? undefined : "Find: name, PID, command, user"}
					text={text}
					set={setText}
				/>
			</div>
			<Show answer={answer}>
				{({ rows }) => <Rows {...{ rows, threads, text }} />}
			</Show>
		</div>
	);
}
