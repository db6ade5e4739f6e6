// SPDX-License-Identifier: Apache-2.0
// Which samples, and of them which stacks: the part of the URL that goes with
// every question to the server.
import { computed } from "@preact/signals";
import { go, query, type Query } from "./location";
import { isOpen, parsePoint, pointText } from "./range";
import { nowUs, status } from "./session";

export const SELECTION = ["from", "to", "event", "process", "thread", "user", "cgroup"] as const;
export const STACK_FILTERS = ["show", "hide", "only", "drop"] as const;

/** What the server answers for when nothing is said of a live store. */
export const LIVE_FROM = "-15m";

/** Microseconds at which Space has stopped the clock, by the URL; 0: it runs. */
export const pausedUs = computed(() =>
	(status.value?.live && parsePoint(query.value.paused ?? "", 0)) || 0);

function pick(from: Query, names: readonly string[]): Query {
	return Object.fromEntries(names.filter((name) => from[name])
		.map((name) => [name, from[name]!]));
}

/** What is shown moves with time. */
export const following = computed(() => Boolean(status.value?.live) &&
	!pausedUs.value && isOpen(query.value.to));

// While the clock stands still, relative ranges end where it stopped.
function frozen(values: Query, atUs: number): Query {
	const from = values.from ?? LIVE_FROM;
	const fromUs = parsePoint(from, atUs);

	if (!isOpen(values.to))
		return values;
	return { ...values, from: fromUs === null ? from : pointText(fromUs),
		 to: pointText(atUs) };
}

export const selectionQuery = computed<Query>(() => {
	const values = pick(query.value, SELECTION);

	return pausedUs.value ? frozen(values, pausedUs.value) : values;
});

export const filterQuery = computed<Query>(() => pick(query.value, STACK_FILTERS));

export const stackQuery = computed<Query>(() =>
	({ ...selectionQuery.value, ...filterQuery.value }));

/** What graphs and exports show: stacks, under rows of their own by label. */
export const graphQuery = computed<Query>(() => ({
	...stackQuery.value, ...pick(query.value, ["group"]),
	// Files and binaries are put together here (model/transform.ts).
	...query.value.grain === "line" ? { grain: "line" } : {},
}));

/** From and to in microseconds, as far as this page can tell. */
export const shownRange = computed<{ fromUs: number; toUs: number } | null>(() => {
	const { from, to } = selectionQuery.value;
	const whole = status.value?.range;
	const present = nowUs.value;

	if (!whole)
		return null;
	const first = status.value!.live ? LIVE_FROM : pointText(whole.from_us);
	const fromUs = parsePoint(from ?? first, present);
	const toUs = isOpen(to) ?
		(status.value!.live ? present : whole.to_us) :
		parsePoint(to!, present);

	return fromUs === null || toUs === null ? null : { fromUs, toUs };
});

/** A link to what stands still shows the same later. */
export function togglePause(): void {
	go({ paused: pausedUs.value ? undefined : pointText(nowUs.value) }, "replace");
}
