// SPDX-License-Identifier: Apache-2.0
// What was lost, and over what time. Pure.
import { formatCount, formatShare } from "../../model/format";
import type { Losses, Status } from "../api/types";

const SAMPLES = "no room for them, or given up";
const RECORDS = "switches, mappings, processes: samples near them are not proven";

function words({ samples, lost }: Losses): string {
	return lost ? `${formatCount(lost)}, ${formatShare(lost, samples + lost)}` : "none";
}

/** Of each time that the answer speaks about: what, how much, what that means. */
export function lossesOf(known: Status): [string, string, string][] {
	const { samples, lost, lost_records } = known;
	const times: [string, Losses | undefined][] = [
		[
			known.live ? ", last minute" : "",
			lost === undefined ? undefined : { samples, lost, lost_records },
		],
		[", since it started", known.since_start],
		[", last 24 hours", known.last_day],
	];
	const told = times.flatMap(([when, losses]) => (losses ? [{ when, losses }] : []));

	return [
		...told.map(({ when, losses }): [string, string, string] =>
			[`Samples lost${when}`, words(losses), SAMPLES]),
		...told
			.filter(({ losses }) => losses.lost_records !== undefined)
			.map(({ when, losses }): [string, string, string] => [
				`Other records lost${when}`,
				losses.lost_records ? formatCount(losses.lost_records) : "none",
				RECORDS,
			]),
	];
}
