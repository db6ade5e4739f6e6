// SPDX-License-Identifier: Apache-2.0
// What is known of the server: its status, its clock, and the stream of events
// that moves a live view on.
import { computed, signal } from "@preact/signals";
import { access, get, Problem, signIn } from "../api/client";
import type { Status } from "../api/types";

export const status = signal<Status | null>(null);
export const statusProblem = signal<Problem | null>(null);
/** Microseconds by the server's clock, at the last tick. */
export const nowUs = signal(Date.now() * 1000);
/** Counts ticks: a live view asks again when it grows. */
export const ticks = signal(0);
export const stream = signal<"none" | "open" | "broken">("none");

export const unit = computed(() => status.value?.events[0]?.unit ?? "ns");

export async function refreshStatus(): Promise<void> {
	try {
		const said = await get<Status>("status", {});

		status.value = said;
		statusProblem.value = null;
		nowUs.value = Math.max(said.now_us, said.live ? nowUs.peek() : 0);
		if (said.live)
			listen();
	} catch (error) {
		statusProblem.value = error instanceof Problem ? error :
			new Problem(0, "No answer", String(error));
	}
}

function advance(event: MessageEvent<string>): void {
	const said = JSON.parse(event.data) as { to_us?: number };

	if (said.to_us)
		nowUs.value = said.to_us;
	ticks.value++;
}

let source: EventSource | null = null;

function listen(): void {
	if (source)
		return;
	source = new EventSource("/api/v1/events");
	source.onopen = () => {
		stream.value = "open";
	};
	// The browser connects again by itself, unless it was told no.
	source.onerror = () => {
		stream.value = "broken";
		if (source?.readyState !== EventSource.CLOSED)
			return;
		source = null;
		setTimeout(() => void refreshStatus(), 5000);
	};
	source.addEventListener("tick", advance);
	source.addEventListener("status", (event: MessageEvent<string>) => {
		status.value = JSON.parse(event.data) as Status;
		statusProblem.value = null;
	});
	source.addEventListener("lost", () => void refreshStatus());
}

/** `brindle open` hands the token over behind "#", which is sent to nobody. */
export async function begin(): Promise<void> {
	const token = location.hash.match(/^#token=(.+)$/)?.[1];

	if (token) {
		history.replaceState(null, "", location.pathname + location.search);
		await signIn(decodeURIComponent(token)).catch(() => {
			access.value = "refused";
		});
	}
	await refreshStatus();
}
