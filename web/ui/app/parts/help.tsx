// SPDX-License-Identifier: Apache-2.0
// Keys, and what the words of a profile mean.
import { FLAME_KEYS } from "../../flame/keys";
import { singleKeys, utc } from "../state/preferences";
import { Dialog } from "./dialog";

const KEYS: readonly [string, string][] = [
	["[  ]", "earlier, later"],
	["-", "twice the time"],
	["+", "add a filter"],
	["Space", "stop the clock of a live view, and go on"],
	["g g", "light, dark, or as the system is"],
	["Ctrl-Enter", "run the SQL"],
	["?", "this help"],
];

const GRAPH_KEYS: readonly [string, string][] = [
	...FLAME_KEYS,
	["o", "the source lines of the selected box; of a label’s row, only its samples"],
];

function Keys({ title, keys }: { title: string; keys: readonly [string, string][] }) {
	return (
		<table class="keys">
			<caption>{title}</caption>
			<tbody>
				{keys.map(([key, does]) => (
					<tr key={key}>
						<th scope="row">
							<kbd>{key}</kbd>
						</th>
						<td>{does}</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

export function Help({
	open,
	onClose,
	views,
}: {
	open: boolean;
	onClose: () => void;
	views: readonly [string, string][];
}) {
	return (
		<Dialog title="Reading and steering" open={open} onClose={onClose}>
			<p>
				Many times a second, brindle notes what each busy thread is doing:
				one stack, with Python, native and kernel frames as they alternate.
				A box of the graph is a function under its caller; its width is its
				share of the time, everything it called included. Left and right
				mean nothing, except in a chart.
			</p>
			<p>
				<b>Self</b> is time in the function itself, <b>total</b> includes
				what it called. Of <i>n</i> samples a share is good to about ±1/√
				<i>n</i>: 100 samples tell 10 % from 20 %, not from 12 %.
			</p>
			<p>
				Hatched is in doubt: <b>unproven</b> (the thread may have run on
				while it was read), <b>unresolved</b> (no name) or{" "}
				<b>guessed</b> (no call frame information).
			</p>
			<div class="key-lists">
				<Keys title="In a graph" keys={GRAPH_KEYS} />
				<Keys title="Everywhere" keys={KEYS} />
				<Keys title="Views" keys={views} />
			</div>
			<label class="switch">
				<input
					type="checkbox"
					checked={singleKeys.value}
					onChange={(event) => {
						singleKeys.value = event.currentTarget.checked;
					}}
				/>
				Single keys do something
			</label>
			<label class="switch">
				<input
					type="checkbox"
					checked={utc.value}
					onChange={(event) => {
						utc.value = event.currentTarget.checked;
					}}
				/>
				Times in UTC
			</label>
		</Dialog>
	);
}
