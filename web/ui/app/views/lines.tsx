// SPDX-License-Identifier: Apache-2.0
// What each source line cost, in its margin.
import type { Ref } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useAnswer } from "../api/answer";
import { samplesOf, weightOf, type FileRow, type LineRow, type Lines } from "../api/types";
import { Find } from "../parts/find";
import { showSandwich } from "../parts/function";
import { Empty, Show } from "../parts/show";
import { go, query } from "../state/location";
import { stackQuery } from "../state/selection";
import { unit } from "../state/session";
import { baseName, formatShare, formatWeight, makeVisible, plural } from "../words";

const AROUND = 3;
const WHOLE_FILE = 1500;
const MANY_FILES = 12;

/** What tells files of one name apart: their folder, too. */
function shortNames(rows: FileRow[]): Map<string, string> {
	const count = new Map<string, number>();

	for (const { file } of rows)
		count.set(baseName(file), (count.get(baseName(file)) ?? 0) + 1);
	return new Map(
		rows.map(({ file }) => [
			file,
			count.get(baseName(file))! > 1
				? file.split("/").slice(-2).join("/")
				: baseName(file),
		])
	);
}

function Files({ rows, chosen }: { rows: FileRow[]; chosen: string | undefined }) {
	const [text, setText] = useState("");
	const all = rows.reduce((sum, row) => sum + weightOf(row.self), 0);
	const names = shortNames(rows);
	const found = rows.filter(({ file }) =>
		file.toLowerCase().includes(text.toLowerCase())
	);

	return (
		<nav class="files" aria-label="Source files">
			{rows.length > MANY_FILES && (
				<Find label="Find a file" text={text} set={setText} />
			)}
			{found.map((row) => (
				<button
					type="button"
					key={row.file}
					title={makeVisible(row.file)}
					aria-current={row.file === chosen ? "true" : undefined}
					onClick={() => go({ source: row.file, line: undefined })}>
					<bdi>{makeVisible(names.get(row.file)!)}</bdi>
					<span class="number">
						{formatShare(weightOf(row.self), all)}
					</span>
				</button>
			))}
		</nav>
	);
}

interface Line {
	number: number;
	text: string | null;
	cost: LineRow | null;
	/** Said where it is another than above. */
	name: string;
	gap: boolean;
}

function nameLines(lines: Omit<Line, "name">[]): Line[] {
	let last = "";

	return lines.map((line) => {
		const name = line.cost?.functions?.[0] ?? "";
		const told = name === last ? "" : name;

		last = name || last;
		return { ...line, name: told };
	});
}

// A long file: what costs, and a little around it.
function linesOf(said: Lines): Omit<Line, "name">[] {
	const costs = new Map(said.rows.map((row) => [row.line, row]));
	const texts = said.source?.split("\n") ?? null;

	if (!texts)
		return [...said.rows]
			.sort((a, b) => a.line - b.line)
			.map((row) => ({ number: row.line, text: null, cost: row, gap: false }));
	const near = (number: number) =>
		texts.length <= WHOLE_FILE ||
		[...Array(2 * AROUND + 1).keys()].some((i) => costs.has(number + i - AROUND));
	let last = 0;

	return texts
		.map((text, i) => ({
			number: i + 1,
			text,
			cost: costs.get(i + 1) ?? null,
			gap: false,
		}))
		.filter(({ number }) => near(number))
		.map((line) => {
			const gap = line.number !== last + 1 && last > 0;

			last = line.number;
			return { ...line, gap };
		});
}

/** Whose line it is, and on to its callers and callees. */
function Owner({ name, file }: { name: string; file: string }) {
	return (
		<button
			type="button"
			class="link mono soft"
			title={`${makeVisible(name)}: its callers and callees`}
			onClick={() => showSandwich({ name, file })}>
			<bdi>{makeVisible(name)}</bdi>
		</button>
	);
}

interface LineProps {
	line: Line;
	file: string;
	/** Where to scroll to, if it is here. */
	place: Ref<HTMLTableRowElement>;
	current: boolean;
	/** Own weights: the heaviest line's, all of the file's; their unit. */
	most: number;
	all: number;
	scale: string;
}

function SourceLine({ line, file, place, current, most, all, scale }: LineProps) {
	const { cost, text, name } = line;
	const own = weightOf(cost?.self);
	const words = (value: LineRow["self"] | undefined) =>
		samplesOf(value) ? formatWeight(weightOf(value), scale) : "";

	return (
		<tr
			ref={place}
			class={[current && "current", line.gap && "after-gap"]
				.filter(Boolean)
				.join(" ")}>
			<td
				class="number cost"
				title={cost ? `${formatShare(own, all)} of the file` : undefined}>
				<span class="heatbar" style={{ width: `${(100 * own) / most}%` }} />
				<span>{words(cost?.self)}</span>
			</td>
			<td class="number minor soft">{words(cost?.total)}</td>
			<td class="number soft">{line.number}</td>
			<td class="code">
				<code>{text !== null && makeVisible(text.replace(/\t/g, "    "))}</code>
			</td>
			<td class="owner">{name && <Owner {...{ name, file }} />}</td>
		</tr>
	);
}

function Source({ said }: { said: Lines }) {
	const lines = nameLines(linesOf(said));
	const most = Math.max(1, ...said.rows.map((row) => weightOf(row.self)));
	const all = said.rows.reduce((sum, row) => sum + weightOf(row.self), 0);
	const hottest = said.rows.reduce(
		(best, row) => (weightOf(row.self) > weightOf(best.self) ? row : best),
		said.rows[0]
	);
	const wanted = Number(query.value.line ?? 0);
	const shown = wanted || hottest.line;
	const place = useRef<HTMLTableRowElement>(null);
	const scale = said.unit ?? unit.value;
	const target = lines.find(({ number }) => number === shown);

	useEffect(() => {
		const box = place.current?.closest(".source");

		// Not scrollIntoView(), which moves the boxes around this one, too.
		if (box)
			box.scrollTop = place.current!.offsetTop - box.clientHeight / 2;
	}, [said.file, shown]);
	return (
		<>
			<p class="caption">
				<bdi class="mono">{makeVisible(said.file)}</bdi>{" "}
				<span class="soft">
					{plural(said.rows.length, "line")} with samples,{" "}
					{formatWeight(all, scale)} by themselves
					{said.note ? `. ${makeVisible(said.note)}` : ""}
				</span>
			</p>
			<div
				class="source"
				tabIndex={0}
				role="region"
				aria-label={`Lines of ${makeVisible(said.file)}`}>
				<table>
					<thead>
						<tr>
							<th class="number" scope="col">
								Self
							</th>
							<th class="number minor" scope="col">
								Total
							</th>
							<th class="number" scope="col">
								Line
							</th>
							<th scope="col">Source</th>
							<th scope="col">Function</th>
						</tr>
					</thead>
					<tbody>
						{lines.map((line) => (
							<SourceLine
								key={line.number}
								line={line}
								file={said.file}
								place={
									line === target
										? place
										: null
								}
								current={line.number === wanted}
								{...{ most, all, scale }}
							/>
						))}
					</tbody>
				</table>
			</div>
		</>
	);
}

function showSource(said: Lines) {
	return said.rows.length ? (
		<Source said={said} />
	) : (
		<Empty title="No line of this file was seen here">
			Choose another range or file.
		</Empty>
	);
}

export function LinesView() {
	const files = useAnswer<{ rows: FileRow[] }>("files", stackQuery.value, { pace: 3000 });
	const chosen = query.value.source ?? files.value?.rows[0]?.file;
	const answer = useAnswer<Lines>(chosen ? "lines" : null, {
		...stackQuery.value,
		file: chosen ?? "",
	});

	return (
		<Show answer={files}>
			{({ rows }) =>
				rows.length || chosen ? (
					<div class="split">
						<Files rows={rows} chosen={chosen} />
						<div class="panel">
							<Show answer={answer}>{showSource}</Show>
						</div>
					</div>
				) : (
					<Empty title="No source lines in this range">
						Lines are known of Python functions, and of native
						ones with debug information.
					</Empty>
				)
			}
		</Show>
	);
}
