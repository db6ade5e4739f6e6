// SPDX-License-Identifier: Apache-2.0
// A thread as it stands in tables, and the ways on from it: its time chart, the
// graph of its process.
import { go } from "../state/location";
import { makeVisible } from "../words";
import type { Column } from "./table";

/** tid and pid 0 stand for several that are alike, and over. */
export interface ThreadName {
	process: string;
	pid: number;
	thread?: string;
	tid?: number;
}

export const several = (
	<span class="soft" title="Several that are alike, and over">
		several
	</span>
);

export function ProcessLink({ row }: { row: ThreadName }) {
	return (
		<button
			type="button"
			class="link"
			title="Only this process"
			onClick={() =>
				go({
					view: "flame",
					process: row.pid ? String(row.pid) : row.process,
				})
			}>
			<bdi>{makeVisible(row.process)}</bdi>
		</button>
	);
}

function ThreadLink({ row }: { row: ThreadName }) {
	const name = <bdi>{makeVisible(row.thread ?? "")}</bdi>;

	if (!row.tid)
		return name;
	return (
		<button
			type="button"
			class="link"
			title="Its time chart"
			onClick={() =>
				go({ view: "chart", pid: String(row.pid), tid: String(row.tid) })
			}>
			{name}
			{row.tid === row.pid && <small class="soft"> main</small>}
		</button>
	);
}

export const THREAD: readonly Column<ThreadName>[] = [
	{
		key: "thread",
		title: "Thread",
		order: (row) => row.thread ?? "",
		cell: (row) => <ThreadLink row={row} />,
	},
	{
		key: "tid",
		title: "TID",
		number: true,
		minor: true,
		order: (row) => -(row.tid ?? 0),
		cell: (row) => row.tid || several,
	},
];

export const PROCESS_OF_THREAD: Column<ThreadName> = {
	key: "process",
	title: "Process",
	wide: true,
	order: (row) => row.process,
	cell: (row) => (
		<>
			<ProcessLink row={row} /> <span class="soft">{row.pid || ""}</span>
		</>
	),
};
