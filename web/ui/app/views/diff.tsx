// SPDX-License-Identifier: Apache-2.0
// Before and after: two ranges, or two choices of processes, loudly labelled.
import { useAnswer } from "../api/answer";
import { weightOf, type DiffRow, type DiffSide } from "../api/types";
import { guesses, isChosen, sidesQuery, swapped } from "../diff/choice";
import { Side } from "../diff/side";
import { Graph, type FlameDocument } from "../graph/graph";
import { FUNCTION_COLUMNS, functionKey } from "../parts/function";
import { Empty, Show } from "../parts/show";
import { Switches } from "../parts/switches";
import { sortRows, Table, type Column } from "../parts/table";
import { go, query } from "../state/location";
import { formatShare, formatWeight } from "../words";

interface Answer {
	a: DiffSide;
	b: DiffSide;
	functions: DiffRow[];
	graph: FlameDocument;
	unit?: string;
}

const SHAPES = [
	[undefined, "One graph"],
	["sides", "Side by side"],
	["functions", "Functions"],
] as const;

function columnsOf(unit: string): Column<DiffRow>[] {
	const change = (row: DiffRow) => row.share_after - row.share_before;
	const points = (row: DiffRow) => {
		const value = 100 * change(row);

		return (
			<span class={value > 0 ? "more" : value < 0 ? "less" : ""}>
				{value > 0 ? "+" : value < 0 ? "−" : ""}
				{Math.abs(value).toFixed(2)}
			</span>
		);
	};

	return [
		{
			key: "change",
			title: "Change",
			about: "In percentage points of all",
			number: true,
			order: (row) => Math.abs(change(row)),
			cell: points,
		},
		{
			key: "before",
			title: "Before",
			number: true,
			order: (row) => row.share_before,
			cell: (row) => formatShare(row.share_before, 1),
		},
		{
			key: "after",
			title: "After",
			number: true,
			order: (row) => row.share_after,
			cell: (row) => formatShare(row.share_after, 1),
		},
		{
			key: "weights",
			title: unit === "ns" ? "Times" : "Weights",
			number: true,
			minor: true,
			cell: (row) =>
				[row.before, row.after]
					.map((side) => formatWeight(weightOf(side), unit))
					.join(" → "),
		},
		...FUNCTION_COLUMNS,
		{
			key: "verdict",
			title: "Sure?",
			about: "Whether chance alone would give as much",
			minor: true,
			order: (row) => row.p ?? 1,
			cell: (row) => <span class="soft">{row.verdict}</span>,
		},
	];
}

function Functions({ said, unit }: { said: Answer; unit: string }) {
	const columns = columnsOf(unit);
	const sort = query.value.sort ?? "change";

	return (
		<Table
			label="Functions before and after"
			columns={columns}
			rows={sortRows(said.functions, columns, sort)}
			rowKey={functionKey}
			sort={sort}
			onSort={(key) => go({ sort: key }, "replace")}
		/>
	);
}

function SideBySide({ document }: { document: FlameDocument }) {
	return (
		<div class="beside">
			{(["before", "after"] as const).map((width) => (
				<section key={width} class={width}>
					<h2>{width}</h2>
					<Graph
						free
						document={document}
						label={width === "before" ? "Before" : "After"}
						fixed={{ width }}
						options={{ presets: false, views: ["graph"] }}
					/>
				</section>
			))}
		</div>
	);
}

function Key() {
	return (
		<>
			<span class="key">
				<i class="swatch before" />
				less than before
			</span>
			<span class="key">
				<i class="swatch after" />
				more than before
			</span>
			<span class="soft">Shares of each side’s whole are compared.</span>
		</>
	);
}

function Compared({ said }: { said: Answer }) {
	const shape = SHAPES.find(([name]) => name === query.value.of)?.[0];

	if (!said.a.samples && !said.b.samples)
		return (
			<Empty title="Nothing on either side">
				Choose other ranges, or fewer filters.
			</Empty>
		);
	return (
		<>
			<div class="tools">
				<Switches
					label="Shown as"
					of={SHAPES}
					chosen={shape}
					choose={(of) => go({ of })}
				/>
				<Key />
			</div>
			{shape === "functions" ? (
				<Functions said={said} unit={said.unit ?? said.graph.unit ?? "ns"} />
			) : shape === "sides" ? (
				<SideBySide document={said.graph} />
			) : (
				<Graph
					document={said.graph}
					label="Before and after"
					options={{ views: ["graph", "tree"] }}
				/>
			)}
		</>
	);
}

function Choose() {
	return (
		<Empty title="What is different?">
			Choose a range before the change and take it as “before”, then one
			after it as “after”. Or begin with
			{guesses().map(([title, patch], i) => (
				<button
					type="button"
					key={title}
					class={i ? "" : "primary"}
					onClick={() => go(patch)}>
					{title}
				</button>
			))}
		</Empty>
	);
}

export function DiffView() {
	const chosen = isChosen();
	const answer = useAnswer<Answer>(chosen ? "diff" : null, sidesQuery(), { live: false });
	const said = answer.value ?? undefined;

	return (
		<div class="panel">
			<div class="sides">
				<Side side="a" said={said?.a} />
				<button
					type="button"
					class="icon swap"
					title="Swap the sides"
					aria-label="Swap the sides"
					disabled={!chosen}
					onClick={() => go(swapped())}>
					⇄
				</button>
				<Side side="b" said={said?.b} />
			</div>
			{chosen ? (
				<Show answer={answer}>{(value) => <Compared said={value} />}</Show>
			) : (
				<Choose />
			)}
		</div>
	);
}
