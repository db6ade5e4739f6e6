// SPDX-License-Identifier: Apache-2.0
// Who calls what, row by row: from the root, or bottom-up.
import { Graph } from "../graph/graph";
import { Busy, Failure } from "../parts/show";
import { useFlame } from "./flame";

export function TreeView() {
	const answer = useFlame();

	if (!answer.value && answer.problem)
		return <Failure problem={answer.problem} again={answer.again} />;
	return (
		<div class="panel">
			<Busy when={answer.loading} />
			<Graph document={answer.value} label="Call tree" fixed={{ view: "tree" }}
			       options={{ views: ["tree"] }} />
		</div>
	);
}
