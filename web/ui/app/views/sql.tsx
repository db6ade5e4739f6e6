// SPDX-License-Identifier: Apache-2.0
// Ask the database: read-only, in a process that can be killed.
import { useEffect, useState } from "preact/hooks";
import { useAnswer } from "../api/answer";
import type { Recipe, Schema } from "../api/types";
import { Empty } from "../parts/show";
import { QueryEditor } from "../query/editor";
import { Result } from "../query/result";
import { useRun, type Question } from "../query/run";
import { SaveQuery } from "../query/saved";
import { parametersOf } from "../query/shape";
import { QuerySide } from "../query/side";
import { go, query, type Query } from "../state/location";
import { goneValues } from "./views";

const FIRST = `-- Ctrl-Enter runs it. Columns stack and value draw a flame graph.
SELECT function, kind, self_samples, total_samples
FROM v_function ORDER BY self_samples DESC LIMIT 50;`;

const EXAMPLES = [
	[
		"The hottest functions",
		"SELECT function, kind, self_samples, total_samples\n" +
			"FROM v_function ORDER BY self_samples DESC LIMIT 50;",
	],
	["A flame graph of all stacks", "SELECT stack, samples AS value FROM v_folded;"],
	[
		"CPU seconds, second by second",
		"SELECT wall_ns / 1000000000 * 1000000 AS time_us,\n" +
			"       sum(weight) / 1e9 AS cpu_seconds\nFROM v_sample GROUP BY 1 ORDER BY 1;",
	],
] as const;

function Begin({ execute }: { execute: (sql: string) => void }) {
	return (
		<Empty title="Ask the database anything">
			Write a query and run it with Ctrl-Enter, take one of the cookbook, or begin
			with
			{EXAMPLES.map(([title, sql]) => (
				<button type="button" key={title} onClick={() => execute(sql)}>
					{title}
				</button>
			))}
		</Empty>
	);
}

function Elapsed({ since }: { since: number }) {
	const [, again] = useState(0);

	useEffect(() => {
		const timer = setInterval(() => again(performance.now()), 100);

		return () => clearInterval(timer);
	}, []);
	return <output class="soft">{((performance.now() - since) / 1000).toFixed(1)} s</output>;
}

interface ParametersProps {
	names: string[];
	values: Query;
	set: (values: Query) => void;
	onRun: () => void;
}

function Parameters({ names, values, set, onRun }: ParametersProps) {
	if (!names.length)
		return null;
	return (
		<form
			class="parameters"
			onSubmit={(event) => {
				event.preventDefault();
				onRun();
			}}>
			{names.map((name) => (
				<label key={name}>
					<code>:{name}</code>
					<input
						type="text"
						value={values[`:${name}`] ?? ""}
						spellcheck={false}
						onInput={(event) =>
							set({
								...values,
								[`:${name}`]:
									event.currentTarget.value,
							})
						}
					/>
				</label>
			))}
			<button type="submit" class="unseen" tabIndex={-1}>
				Run
			</button>
		</form>
	);
}

// What the URL says: the values of its query's parameters, as ":name".
function valuesIn(url: Query): Query {
	return Object.fromEntries(Object.entries(url).filter(([name]) => name.startsWith(":")));
}

function questionOf(sql: string, values: Query): Question {
	const names = parametersOf(sql).map((name) => `:${name}`);

	return {
		sql,
		params: Object.fromEntries(names.map((name) => [name, values[name] ?? ""])),
	};
}

// A link to a query shows its answer; "back" shows the one before.
function useLinked(
	give: (sql: string, values: Query) => void,
	start: (question: Question) => Promise<void>,
	wasAsked: (question: Question) => boolean
): void {
	const values = valuesIn(query.value);

	useEffect(() => {
		const { sql } = query.value;
		const question = questionOf(sql ?? "", values);

		if (!sql || wasAsked(question))
			return;
		give(sql, values);
		if (Object.values(question.params).every(Boolean))
			void start(question);
	}, [query.value.sql, JSON.stringify(values)]);
}

export function SqlView() {
	const [text, setText] = useState(query.peek().sql ?? FIRST);
	const [given, setGiven] = useState({});
	const [values, setValues] = useState<Query>(valuesIn(query.peek()));
	const schema = useAnswer<Schema>("schema", {}, { live: false });
	const cookbook = useAnswer<Recipe[] | { recipes: Recipe[] }>(
		"cookbook",
		{},
		{ live: false }
	);
	const { run, since, start, cancel, wasAsked } = useRun();
	const give = (sql: string) => {
		setText(sql);
		setGiven({});
	};
	const execute = (written = text) => {
		const sql = written.trim();
		const question = questionOf(sql, values);

		if (!sql)
			return;
		if (written !== text)
			give(written);
		void start(question);
		go({ ...goneValues(), ...question.params, sql, of: undefined, sort: undefined });
	};
	const recipes = Array.isArray(cookbook.value)
		? cookbook.value
		: (cookbook.value?.recipes ?? []);

	useLinked(
		(sql, said) => {
			give(sql);
			setValues(said);
		},
		start,
		wasAsked
	);
	return (
		<div class="panel sql">
			<div class="upper">
				<div class="write">
					<QueryEditor
						text={text}
						given={given}
						schema={schema.value}
						onChange={setText}
						onRun={execute}
					/>
					<Parameters
						names={parametersOf(text)}
						values={values}
						set={setValues}
						onRun={execute}
					/>
					<div class="tools">
						{since ? (
							<button
								type="button"
								class="danger"
								onClick={cancel}>
								Cancel
							</button>
						) : (
							<button
								type="button"
								class="primary"
								onClick={() => execute()}
								title="Ctrl-Enter">
								Run
							</button>
						)}
						<SaveQuery sql={text.trim()} />
						{since > 0 && <Elapsed since={since} />}
						<span class="soft">
							Reads only. Two seconds, 10,000 rows.
						</span>
					</div>
				</div>
				<QuerySide
					recipes={recipes}
					schema={schema.value}
					choose={give}
					insert={(word) =>
						give(`${text}${/\s$/.test(text) ? "" : " "}${word}`)
					}
				/>
			</div>
			{run.problem && (
				<p class="problem" role="alert">
					<b>{run.problem.title}.</b> {run.problem.message}
				</p>
			)}
			{run.result && (
				<Result result={run.result} sql={run.sql} params={run.params} />
			)}
			{!run.result && !run.problem && !since && <Begin execute={execute} />}
		</div>
	);
}
