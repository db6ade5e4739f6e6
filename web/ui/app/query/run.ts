// SPDX-License-Identifier: Apache-2.0
// A query that runs, is cancelled, and has an answer.
import { useEffect, useRef, useState } from "preact/hooks";
import { post, Problem } from "../api/client";
import type { QueryResult } from "../api/types";
import type { Query } from "../state/location";

export interface Question {
	sql: string;
	/** As the URL has them: ":name" and its text. */
	params: Query;
}

export interface Run extends Question {
	result: QueryResult | null;
	problem: Problem | null;
}

// Numbers are numbers; the rest is text.
function valueOf(text: string): string | number {
	return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function bodyOf({ sql, params }: Question) {
	const values = Object.entries(params)
		.map(([name, text]) => [name.slice(1), valueOf(text)]);

	return { sql, params: Object.fromEntries(values) };
}

function problemOf(error: unknown): Problem {
	return error instanceof Problem ? error :
		new Problem(0, "Something is wrong here", String(error));
}

export function useRun() {
	const [run, setRun] = useState<Run>({ result: null, problem: null, sql: "", params: {} });
	const [since, setSince] = useState(0);
	const abort = useRef<AbortController | null>(null);
	const asked = useRef("");
	const start = async (question: Question) => {
		const mine = new AbortController();

		abort.current?.abort();
		abort.current = mine;
		asked.current = JSON.stringify(question);
		setSince(performance.now());
		try {
			const result = await post<QueryResult>("query", bodyOf(question), mine.signal);

			setRun({ result, problem: null, ...question });
		} catch (error) {
			if (!mine.signal.aborted)
				setRun({ result: null, problem: problemOf(error), ...question });
		}
		if (abort.current === mine)
			setSince(0);
	};
	const cancel = () => {
		abort.current?.abort();
		setSince(0);
		setRun((last) => ({ ...last,
			problem: new Problem(0, "Cancelled", "The query was stopped.") }));
	};

	// Who leaves does not wait any more: the server stops the query.
	useEffect(() => () => abort.current?.abort(), []);
	return {
		run, since, start, cancel,
		wasAsked: (question: Question) => asked.current === JSON.stringify(question),
	};
}
