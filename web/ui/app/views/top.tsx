// SPDX-License-Identifier: Apache-2.0
// Functions by their cost, and from each of them on: the sandwich, its lines.
import { useState } from "preact/hooks";
import { useAnswer } from "../api/answer";
import type { Top, TopRow } from "../api/types";
import { Find } from "../parts/find";
import { FUNCTION_COLUMNS, functionKey, showInGraph, showSandwich } from "../parts/function";
import { Empty, NothingHere, Show } from "../parts/show";
import { Share, sortRows, Table, type Column } from "../parts/table";
import { go, query } from "../state/location";
import { stackQuery } from "../state/selection";
import { formatCount, plural, formatShare, formatWeight } from "../words";

const LIMIT = "1000";

function costColumns(
	top: Top,
	of: "self" | "total",
	title: string,
	about: string
): Column<TopRow>[] {
	return [
		{
			key: of,
			title,
			about,
			number: true,
			order: (row) => row[of].weight,
			cell: (row) => (
				<Share part={row[of].weight} whole={top.weight}>
					{formatShare(row[of].weight, top.weight)}
				</Share>
			),
		},
		{
			key: `${of}-weight`,
			title: top.unit === "ns" ? "Time" : "Weight",
			number: true,
			minor: true,
			cell: (row) => formatWeight(row[of].weight, top.unit),
		},
	];
}

function columnsOf(top: Top): Column<TopRow>[] {
	return [
		...costColumns(top, "self", "Self", "In the function itself"),
		...costColumns(top, "total", "Total", "With all it called"),
		{
			key: "samples",
			title: "Samples",
			about: "As the innermost function",
			number: true,
			minor: true,
			order: (row) => row.self.samples,
			cell: (row) => formatCount(row.self.samples),
		},
		...FUNCTION_COLUMNS,
		{
			key: "graph",
			title: "",
			minor: true,
			cell: (row) => (
				<button
					type="button"
					class="link soft"
					title="All of it, found in the flame graph"
					onClick={() => showInGraph(row)}>
					in the graph
				</button>
			),
		},
	];
}

function Nothing({ sought }: { sought: boolean }) {
	return sought ? (
		<Empty title="No such function here">
			It may be in another range, or filtered out.
		</Empty>
	) : (
		<NothingHere />
	);
}

function Functions({ top, sort }: { top: Top; sort: string }) {
	const [text, setText] = useState("");
	const columns = columnsOf(top);
	const found = top.rows.filter((row) =>
		`${row.name} ${row.file ?? row.module ?? ""}`
			.toLowerCase()
			.includes(text.toLowerCase())
	);
	const self = found.reduce((sum, row) => sum + row.self.weight, 0);
	const said = text
		? `${plural(found.length, "function")}, ` +
			`${formatShare(self, top.weight)} by themselves`
		: `${plural(top.samples, "sample")}, ${formatWeight(top.weight, top.unit)}`;
	const setSort = (key: string) =>
		go({ sort: key === "self" ? undefined : key }, "replace");

	return (
		<div class="panel">
			<div class="tools">
				<Find label="Find a function" text={text} set={setText} />
				<output class="soft">{said}</output>
			</div>
			{found.length ? (
				<Table
					label="Functions"
					columns={columns}
					rows={sortRows(found, columns, sort)}
					rowKey={functionKey}
					sort={sort}
					onSort={setSort}
					onOpen={showSandwich}
				/>
			) : (
				<Nothing sought={text !== ""} />
			)}
		</div>
	);
}

export function TopView() {
	const sort = query.value.sort ?? "self";
	const answer = useAnswer<Top>("top", {
		...stackQuery.value,
		limit: LIMIT,
		sort: /total/.test(sort) ? "total" : "self",
	});

	return <Show answer={answer}>{(top) => <Functions top={top} sort={sort} />}</Show>;
}
