// SPDX-License-Identifier: Apache-2.0
// The corner that says how good the profile is, in words. Red when samples
// are lost or cannot be trusted.
import { status, statusProblem, stream } from "../state/session";
import { pausedUs } from "../state/selection";
import { shortened } from "./short";

const WORDS = { good: "Healthy", warning: "Look here", bad: "Not healthy" };

export function HealthCorner({ onOpen }: { onOpen: () => void }) {
	const known = status.value;
	const problem = statusProblem.value;
	const level = problem ? "bad" : (known?.level ?? "good");
	const first = problem?.title ?? known?.problems[0];
	const more = (known?.problems.length ?? 0) - 1;

	return (
		<button
			type="button"
			class={`health ${level}`}
			onClick={onOpen}
			title={
				problem?.message ??
				(known?.problems.join("\n") || "Nothing is lost, all is well")
			}>
			<i aria-hidden="true">{level === "good" ? "●" : "▲"}</i>
			<span>{level === "good" || !first ? WORDS[level] : shortened(first)}</span>
			{level !== "good" && more > 0 && <small>+{more}</small>}
		</button>
	);
}

export function LiveButton({ toggle }: { toggle: () => void }) {
	if (!status.value?.live)
		return null;
	const paused = pausedUs.value > 0;
	const broken = stream.value === "broken";
	const words = paused ? "Paused" : broken ? "No connection" : "Live";

	return (
		<button
			type="button"
			class={`live ${paused ? "paused" : broken ? "broken" : ""}`}
			aria-pressed={paused}
			onClick={toggle}
			title={paused ? "Go on (Space)" : "Stop the clock (Space)"}>
			<i aria-hidden="true" />
			{words}
		</button>
	);
}
