// SPDX-License-Identifier: Apache-2.0
// What the page carries beside the graph: where the profile is from, and how
// good it is (schema/show/summary.c writes it).
import type { FlameDocument } from "../model/document";
import { makeVisible } from "../model/visible";

export interface Session {
	brindle_version: string;
	host: string;
	kernel: string;
	architecture: string;
	command: string;
	event: string;
	frequency_hz: number;
	period_ns: number;
	cpu_count: number;
	start_wall_ns: number;
	duration_ns: number;
	cut_short: boolean;
}

export interface Trust {
	proven: number;
	unproven: number;
	native: number;
	reasons: { reason: string; meaning: string; samples: number }[];
}

export interface PageDocument extends FlameDocument {
	title: string;
	session: Session;
	weight_unit: string;
	time_ns: number; // weight of everything, in units
	samples: number;
	lost: number;
	trust: Trust;
	notes: string[];
	least_samples: number;
	threads_left_out: boolean;
}

/** What is shown as text, made visible; the graph's own names are later. */
export function readDocument(text: string): PageDocument {
	const stored = JSON.parse(text) as PageDocument;
	const session = { ...stored.session };

	for (const [key, value] of Object.entries(session))
		if (typeof value === "string")
			Object.assign(session, { [key]: makeVisible(value) });
	return { ...stored, session, title: makeVisible(stored.title),
		 notes: stored.notes.map(makeVisible),
		 selection: stored.selection && { ...stored.selection,
			filters: makeVisible(stored.selection.filters) },
		 trust: { ...stored.trust, reasons: stored.trust.reasons.map(
			(reason) => ({ ...reason,
				       meaning: makeVisible(reason.meaning) })) } };
}
