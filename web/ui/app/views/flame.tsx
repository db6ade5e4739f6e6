// SPDX-License-Identifier: Apache-2.0
import type { View } from "../../flame/api";
import { useAnswer, type Answer } from "../api/answer";
import { Graph, type FlameDocument } from "../graph/graph";
import { Busy, Failure } from "../parts/show";
import { query } from "../state/location";
import { graphQuery } from "../state/selection";
import { status } from "../state/session";

/** What fills a graph, and is worth a second's redrawing. */
const NODES = "20000";
/** Where threads were left out to keep the answer small. */
const EMPTY = {
	title: "Nothing in this range",
	text: [
		"Choose a longer one, or remove a filter.",
		"Threads that wait are not on a CPU: see Waits.",
	],
};

export function useFlame(): Answer<FlameDocument> {
	const more: Record<string, string> = {};

	if (query.value.threads || !status.value?.live)
		more.threads = "1";
	if (!status.value?.live)
		more.lines = "1";
	return useAnswer<FlameDocument>("flame", {
		...graphQuery.value,
		max_nodes: NODES,
		...more,
	});
}

/** A graph is kept while the next answer comes, and where it fails. */
export function FlamePanel({
	answer,
	label,
	views,
}: {
	answer: Answer<FlameDocument>;
	label: string;
	views?: View[];
}) {
	if (!answer.value && answer.problem)
		return <Failure problem={answer.problem} again={answer.again} />;
	return (
		<div class="panel">
			<Busy when={answer.loading} />
			<Graph
				document={answer.value}
				label={label}
				options={{ empty: EMPTY, views, lines: true }}
			/>
		</div>
	);
}

export function FlameView() {
	return <FlamePanel answer={useFlame()} label="Flame graph" />;
}
