// SPDX-License-Identifier: Apache-2.0
// A question that a view keeps asking: again when it changes, and again while
// time goes on. The last answer stays until the next is there, so nothing
// jumps; an answer that is slow is asked for less often.
import { useEffect, useRef, useState } from "preact/hooks";
import { following } from "../state/selection";
import { ticks } from "../state/session";
import type { Query } from "../state/location";
import { get, Problem } from "./client";

export interface Answer<T> {
	value: T | null;
	problem: Problem | null;
	/** A changed question, not just the next second. */
	loading: boolean;
	again: () => void;
}

interface Options {
	/** Asked again while live: as a rule, what depends on the range. */
	live?: boolean;
	/** At least so long between two, in ms. */
	pace?: number;
}

/** At most so long between an answer and the next question, in ms. */
const REST_MOST = 5000;

function asProblem(error: unknown): Problem {
	return error instanceof Problem ? error :
		new Problem(0, "Something is wrong here", String(error));
}

/** @path null: nothing to ask yet. */
export function useAnswer<T>(path: string | null, values: Query,
			     { live = true, pace = 900 }: Options = {}): Answer<T> {
	const question = path === null ? null : JSON.stringify([path, values]);
	const [answer, setAnswer] = useState<Omit<Answer<T>, "again">>(
		{ value: null, problem: null, loading: question !== null });
	const [retry, setRetry] = useState(0);
	const asked = useRef({ question: "", busy: false, next: 0 });
	const tick = live && following.value ? ticks.value : 0;
	const abort = useRef<AbortController | null>(null);

	useEffect(() => {
		const state = asked.current;
		const changed = state.question !== `${question} ${retry}`;
		const began = performance.now();

		if (question === null) {
			setAnswer({ value: null, problem: null, loading: false });
			return;
		}
		if (!changed && (state.busy || began < state.next))
			return;
		abort.current?.abort();
		const mine = new AbortController();

		abort.current = mine;
		Object.assign(state, { question: `${question} ${retry}`, busy: true });
		if (changed)
			setAnswer((last) => ({ ...last, loading: true }));
		get<T>(path!, values, mine.signal).then(
			(value) => ({ value, problem: null, loading: false }),
			(error: unknown) => mine.signal.aborted ? null :
				{ value: null, problem: asProblem(error), loading: false },
		).then((next) => {
			if (!next || mine.signal.aborted)
				return;
			const took = performance.now() - began;

			state.busy = false;
			state.next = began + Math.max(pace,
				Math.min(4 * took, took + REST_MOST));
			setAnswer((last) => changed || next.value ? next :
				{ ...next, value: last.value });
		});
	}, [question, tick, retry]);
	useEffect(() => () => abort.current?.abort(), []);
	return { ...answer, again: () => setRetry(retry + 1) };
}
