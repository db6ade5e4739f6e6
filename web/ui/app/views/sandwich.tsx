// SPDX-License-Identifier: Apache-2.0
// One function: who calls it above, what it calls below.
import { useState } from "preact/hooks";
import { useAnswer } from "../api/answer";
import type { Top, TopRow } from "../api/types";
import { Graph, type FlameDocument } from "../graph/graph";
import { Find } from "../parts/find";
import { FunctionName, functionKey, KindMark, placeText } from "../parts/function";
import { Empty, Show } from "../parts/show";
import { go, query } from "../state/location";
import { stackQuery } from "../state/selection";
import { formatShare, makeVisible, formatWeight } from "../words";

interface Answer {
	function: TopRow;
	callers: FlameDocument;
	callees: FlameDocument;
	unit?: string;
	weight?: number;
}

function Choices({ top }: { top: Top }) {
	return (
		<ul class="choices">
			{top.rows.map((row) => (
				<li key={functionKey(row)}>
					<FunctionName row={row} />
					<span class="soft">
						<bdi>{placeText(row)}</bdi>
					</span>
					<span class="number">
						{formatShare(row.total.weight, top.weight)}
					</span>
				</li>
			))}
		</ul>
	);
}

function Choose() {
	const [text, setText] = useState("");
	const answer = useAnswer<Top>("top", {
		...stackQuery.value,
		limit: "40",
		sort: "total",
		...(text ? { function: text } : {}),
	});

	return (
		<div class="panel narrow">
			<h2>Whose callers and callees?</h2>
			<Find
				label="Function"
				hint="Part of a function’s name"
				text={text}
				set={setText}
			/>
			<Show answer={answer}>
				{(top) =>
					top.rows.length ? (
						<Choices top={top} />
					) : (
						<Empty title="No such function here" />
					)
				}
			</Show>
		</div>
	);
}

interface TitleProps {
	row: TopRow;
	unit: string;
	whole: number | undefined;
}

function Title({ row, unit, whole }: TitleProps) {
	const cost = (of: "self" | "total") => (
		<>
			{of} <b>{formatWeight(row[of].weight, unit)}</b>
			{whole ? <> · {formatShare(row[of].weight, whole)}</> : null}
		</>
	);

	return (
		<div class="slice">
			<KindMark kind={row.kind} />
			<bdi class="mono name">{makeVisible(row.name)}</bdi>
			<bdi class="soft">{placeText(row)}</bdi>
			<span class="numbers">
				{cost("self")} {cost("total")}
			</span>
			<button
				type="button"
				class="plain"
				onClick={() =>
					go({
						function: undefined,
						kind: undefined,
						file: undefined,
					})
				}>
				Another function
			</button>
		</div>
	);
}

const HALF = { bar: false, presets: false };

export function SandwichView() {
	const { function: name, kind, file } = query.value;
	const ask: Record<string, string> = { ...stackQuery.value };

	for (const [key, value] of Object.entries({ function: name, kind, file })) {
		if (value)
			ask[key] = value;
	}
	const answer = useAnswer<Answer>(name ? "sandwich" : null, ask);

	if (!name)
		return <Choose />;
	return (
		<Show answer={answer}>
			{(said) => (
				<div class="panel sandwich">
					<Graph
						free
						key={`callers ${name}`}
						document={said.callers}
						label={`Callers of ${makeVisible(name)}`}
						fixed={{ flip: true }}
						options={HALF}
					/>
					<Title
						row={said.function}
						unit={said.unit ?? said.callees.unit ?? "ns"}
						whole={said.weight}
					/>
					<Graph
						free
						key={`callees ${name}`}
						document={said.callees}
						label={`Callees of ${makeVisible(name)}`}
						options={HALF}
					/>
				</div>
			)}
		</Show>
	);
}
