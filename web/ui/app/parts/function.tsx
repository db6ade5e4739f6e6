// SPDX-License-Identifier: Apache-2.0
// A function as it stands in tables: its kind by colour and by word, its name,
// where it is; and the ways on from there, its sandwich and its lines.
import { escapePattern } from "../../model/search";
import type { FunctionRow } from "../api/types";
import { go } from "../state/location";
import { baseName, makeVisible } from "../words";
import type { Column } from "./table";

export function placeText(row: FunctionRow): string {
	if (row.file)
		return makeVisible(
			row.line ? `${baseName(row.file)}:${row.line}` : baseName(row.file)
		);
	return row.module ? makeVisible(baseName(row.module)) : "";
}

/** What leads to a view of one function. */
type Named = Pick<FunctionRow, "name" | "file"> & Partial<Pick<FunctionRow, "kind">>;

export function showSandwich({ name, kind, file }: Named): void {
	go({
		view: "sandwich",
		function: name,
		kind,
		file: file || undefined,
		zoom: undefined,
		of: undefined,
	});
}

export function showLines({ file, line }: Pick<FunctionRow, "file" | "line">): void {
	go({
		view: "lines",
		source: file || undefined,
		line: line ? String(line) : undefined,
	});
}

/** All of the function, found in the flame graph. */
export function showInGraph({ name }: Pick<FunctionRow, "name">): void {
	go({ view: "flame", q: `/^${escapePattern(name)}$/`, zoom: undefined, as: undefined, sort: undefined });
}

const MARKS = { python: "py", native: "nat", kernel: "krn", other: "" };

export function KindMark({ kind }: { kind: FunctionRow["kind"] }) {
	return (
		<span class={`kind ${kind}`} title={kind}>
			{MARKS[kind]}
		</span>
	);
}

export function FunctionName({ row }: { row: FunctionRow }) {
	const name = makeVisible(row.name) || "(no name)";

	return (
		<span class="fn">
			<KindMark kind={row.kind} />
			<button
				type="button"
				class="link mono"
				title={`${name}: its callers and callees`}
				onClick={() => showSandwich(row)}>
				<bdi>{name}</bdi>
			</button>
			{row.unresolved && <span class="in-doubt">unresolved</span>}
		</span>
	);
}

function Place({ row }: { row: FunctionRow }) {
	if (!row.file)
		return (
			<bdi class="soft" title={row.module ?? ""}>
				{placeText(row)}
			</bdi>
		);
	return (
		<button
			type="button"
			class="link"
			title="Source lines"
			onClick={() => showLines(row)}>
			<bdi>{placeText(row)}</bdi>
		</button>
	);
}

export const FUNCTION_COLUMNS: readonly Column<FunctionRow>[] = [
	{
		key: "name",
		title: "Function",
		wide: true,
		order: (row) => row.name,
		cell: (row) => <FunctionName row={row} />,
	},
	{
		key: "place",
		title: "Where",
		minor: true,
		order: placeText,
		cell: (row) => <Place row={row} />,
	},
];

/** For one row among others. */
export function functionKey(row: FunctionRow): string {
	return [row.name, row.file, row.line, row.module].join("\n");
}
