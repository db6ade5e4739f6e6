// SPDX-License-Identifier: Apache-2.0
// One thread in the order of time.
import { useMemo } from "preact/hooks";
import { useAnswer } from "../api/answer";
import type { ThreadRow } from "../api/types";
import { decodeChart, type ChartDocument } from "../../model/timed";
import { Graph } from "../graph/graph";
import { Empty, NothingHere, Show } from "../parts/show";
import { go, query } from "../state/location";
import { selectionQuery, stackQuery } from "../state/selection";
import { rangeText, formatShare, makeVisible } from "../words";

const OPTIONS = 300;

function ThreadChoice({ threads, chosen }: { threads: ThreadRow[]; chosen: string }) {
	const all = threads.reduce((sum, row) => sum + row.weight, 0);

	return (
		<select
			aria-label="Thread"
			value={chosen}
			onChange={(event) => {
				const [pid, tid] = event.currentTarget.value.split("/");

				go({ pid, tid });
			}}>
			{threads.slice(0, OPTIONS).map((row) => (
				<option key={row.tid} value={`${row.pid}/${row.tid}`}>
					{makeVisible(row.process)} {row.pid}
					{row.tid !== row.pid
						? ` · ${makeVisible(row.thread)} ${row.tid}`
						: " · main thread"}{" "}
					({formatShare(row.weight, all)})
				</option>
			))}
		</select>
	);
}

function Chart({ pid, tid }: { pid: string; tid: string }) {
	const { process: _, thread: __, ...others } = stackQuery.value;
	const answer = useAnswer<ChartDocument>("chart", { ...others, pid, tid }, { pace: 2000 });
	const profile = useMemo(() => answer.value && decodeChart(answer.value), [answer.value]);

	return (
		<Show answer={answer}>
			{(said) =>
				said.samples.count ? (
					<>
						<p class="soft caption">
							{rangeText(said.from_us, said.to_us)}: left
							to right is time. A gap: it was not on a
							CPU.
						</p>
						<Graph
							profile={profile}
							label="Time chart"
							options={{
								views: ["graph"],
								presets: false,
							}}
						/>
					</>
				) : (
					<Empty title="This thread was on no CPU in this range">
						Choose another thread or a longer range.
					</Empty>
				)
			}
		</Show>
	);
}

export function ChartView() {
	const threads = useAnswer<{ rows: ThreadRow[] }>("threads", selectionQuery.value, {
		pace: 5000,
	});

	return (
		<Show answer={threads}>
			{({ rows }) => {
				// tid 0 stands for several that are alike, and over.
				const single = rows.filter((row) => row.tid);
				const first = single[0];
				const pid = query.value.pid ?? (first && String(first.pid));
				const tid = query.value.tid ?? (first && String(first.tid));

				return pid && tid ? (
					<div class="panel">
						<div class="tools">
							<ThreadChoice
								threads={single}
								chosen={`${pid}/${tid}`}
							/>
						</div>
						<Chart pid={pid} tid={tid} />
					</div>
				) : (
					<NothingHere />
				);
			}}
		</Show>
	);
}
