// SPDX-License-Identifier: Apache-2.0
// The landing page: when it was busy, and with what.
import type { ComponentChildren } from "preact";
import type { FlameDocument } from "../graph/graph";
import { Empty } from "../parts/show";
import { spanWords } from "../state/range";
import { shownRange } from "../state/selection";
import { status } from "../state/session";
import { Timeline } from "../timeline/timeline";
import { formatCount, formatShare, formatWeight, plural, rangeText, recordingText } from "../words";
import { FlamePanel, useFlame } from "./flame";

function Fact({
	name,
	children,
	title,
}: {
	name: string;
	children: ComponentChildren;
	title?: string;
}) {
	return (
		<div title={title}>
			<dt>{name}</dt>
			<dd>{children}</dd>
		</div>
	);
}

/** What the answer says of itself, besides the graph. */
type Summary = FlameDocument & {
	samples?: number;
	time_ns?: number;
	trust?: { proven: number; unproven: number; native: number };
};

function Facts({ said }: { said: Summary | null }) {
	const known = status.value!;
	const range = shownRange.value;
	const python = (said?.trust?.proven ?? 0) + (said?.trust?.unproven ?? 0);

	return (
		<dl class="facts">
			<Fact name={known.live ? "Host" : "Recording"}>
				{recordingText(known.command || known.host || known.database.path)}
			</Fact>
			{range && (
				<Fact name="Range" title={rangeText(range.fromUs, range.toUs)}>
					{spanWords(Math.round((range.toUs - range.fromUs) / 1e6))}
				</Fact>
			)}
			{said?.time_ns !== undefined && (
				<Fact name={said.unit === "ns" ? "CPU time" : "Weight"}>
					{formatWeight(said.time_ns, said.unit ?? "ns")}
				</Fact>
			)}
			{said?.samples !== undefined && (
				<Fact name="Samples">{formatCount(said.samples)}</Fact>
			)}
			{python > 0 && (
				<Fact
					name="Python proven"
					title={`Of ${plural(python, "sample")} with Python frames`}>
					{formatShare(said!.trust!.proven, python)}
				</Fact>
			)}
			{known.lost !== undefined && (
				<Fact name={known.live ? "Samples lost, last minute" : "Samples lost"}>{formatCount(known.lost)}</Fact>
			)}
		</dl>
	);
}

export function OverviewView() {
	const flame = useFlame();
	const known = status.value!;

	if (!known.range)
		return (
			<Empty title="No samples yet">
				{known.live
					? "The daemon has just begun: they are here in a second."
					: "Nothing ran on a CPU while this was recorded."}
			</Empty>
		);
	return (
		<>
			<Facts said={flame.value} />
			<Timeline tall />
			<FlamePanel
				answer={flame}
				label="Flame graph of the range"
				views={["graph"]}
			/>
		</>
	);
}
