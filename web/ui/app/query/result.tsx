// SPDX-License-Identifier: Apache-2.0
// What a query answered: as a table, as lines, as a flame graph, as a file.
import { useMemo } from "preact/hooks";
import { pprofOf } from "../../model/pprof";
import { profileOfRows, type Cell } from "../../model/rows";
import { urlOfAnswer } from "../api/client";
import type { QueryResult } from "../api/types";
import { Graph } from "../graph/graph";
import { Empty } from "../parts/show";
import { Switches } from "../parts/switches";
import { sortRows, Table, type Column } from "../parts/table";
import { go, query, type Query } from "../state/location";
import { formatCount, makeVisible, plural } from "../words";
import { ResultChart } from "./chart";
import { firstShape, shapesOf, type Shape } from "./shape";

const TITLES: Record<Shape, string> = { table: "Table", chart: "Lines", flame: "Flame graph" };

function cellText(value: unknown): string {
	if (value === null)
		return "NULL";
	return typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 1e12
		? formatCount(value)
		: makeVisible(String(value));
}

function ResultTable({ result }: { result: QueryResult }) {
	const sort = query.value.sort ?? "";
	const columns = useMemo(
		() =>
			result.columns.map(({ name }, i): Column<unknown[]> => {
				const number =
					result.rows.every(
						(row) =>
							row[i] === null ||
							typeof row[i] === "number"
					) && result.rows.some((row) => row[i] !== null);

				return {
					key: String(i),
					title: makeVisible(name),
					number,
					order: (row) =>
						number
							? Number(row[i] ?? -Infinity)
							: String(row[i] ?? ""),
					cell: (row) => (
						<span
							class={row[i] === null ? "soft" : undefined}
							title={
								typeof row[i] === "string"
									? makeVisible(
											row[
												i
											] as string
										)
									: undefined
							}>
							{cellText(row[i])}
						</span>
					),
				};
			}),
		[result]
	);
	const numbered = useMemo(() => new Map(result.rows.map((row, i) => [row, i])), [result]);

	return (
		<Table
			label="Result"
			columns={columns}
			rows={sortRows(result.rows, columns, sort)}
			rowKey={(row) => numbered.get(row)!}
			sort={sort}
			onSort={(key) => go({ sort: key }, "replace")}
		/>
	);
}

function profileOf(result: QueryResult) {
	return profileOfRows({
		columns: result.columns.map(({ name }) => name),
		rows: result.rows as Cell[][],
	});
}

function Flame({ result }: { result: QueryResult }) {
	const profile = useMemo(() => profileOf(result), [result]);

	return (
		<Graph
			profile={profile}
			free
			label="Flame graph of the result"
			options={{ presets: false, actions: [] }}
		/>
	);
}

// Made here, of the rows that are here: all, unless the result was cut off.
function savePprof(result: QueryResult): void {
	const url = URL.createObjectURL(new Blob([pprofOf(profileOf(result))]));
	const link = document.createElement("a");

	link.href = url;
	link.download = "query.pb";
	link.click();
	setTimeout(() => URL.revokeObjectURL(url), 1000);
}

interface DownloadsProps {
	sql: string;
	params: Query;
	stacks: QueryResult | null;
}

function Downloads({ sql, params, stacks }: DownloadsProps) {
	const ask = { sql, ...params };

	return (
		<span class="downloads">
			{stacks && (
				<button
					type="button"
					class="link"
					onClick={() => savePprof(stacks)}>
					pprof
				</button>
			)}
			<a href={urlOfAnswer("query.csv", ask)} download="query.csv">
				CSV
			</a>
			<a href={urlOfAnswer("query.json", ask)} download="query.json">
				JSON
			</a>
		</span>
	);
}

interface ResultProps {
	result: QueryResult;
	sql: string;
	/** Values of its parameters, as ":name". */
	params: Query;
}

export function Result({ result, sql, params }: ResultProps) {
	const shapes = shapesOf(result);
	const said = query.value.of as Shape | undefined;
	const choices = shapes.map((one) => [one, TITLES[one]] as const);
	const shape = said && shapes.includes(said) ? said : firstShape(result);

	return (
		<section class="result" aria-label="Result">
			<div class="tools">
				{shapes.length > 1 && (
					<Switches
						label="Shown as"
						of={choices}
						chosen={shape}
						choose={(of) => go({ of }, "replace")}
					/>
				)}
				<output class="soft">
					{plural(result.row_count, "row")}
					{result.truncated && (
						<b class="warn"> — cut off here</b>
					)}, {Math.round(result.elapsed_ms)} ms
				</output>
				<Downloads
					{...{ sql, params }}
					stacks={shapes.includes("flame") ? result : null}
				/>
			</div>
			{!result.rows.length ? (
				<Empty title="No rows">
					The query is fine; nothing matches it.
				</Empty>
			) : shape === "flame" ? (
				<Flame result={result} />
			) : shape === "chart" ? (
				<ResultChart result={result} />
			) : (
				<ResultTable result={result} />
			)}
		</section>
	);
}
