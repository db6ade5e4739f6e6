// SPDX-License-Identifier: Apache-2.0
// What stands where an answer will be, is, or is not.
import type { ComponentChildren } from "preact";
import type { Answer } from "../api/answer";
import type { Problem } from "../api/client";
import { makeVisible } from "../words";

/** What stands between backticks is a command. */
export function Words({ text }: { text: string }) {
	return (
		<>
			{makeVisible(text)
				.split("`")
				.map((part, i) => (i % 2 ? <code>{part}</code> : part))}
		</>
	);
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
	return (
		<div class="empty" role="status">
			<strong>{title}</strong>
			{children && <p>{children}</p>}
		</div>
	);
}

/** There are no samples of what is chosen. */
export function NothingHere({ title = "Nothing in this range" }: { title?: string }) {
	return <Empty title={title}>Choose a longer one, or remove a filter.</Empty>;
}

export function Failure({ problem, again }: { problem: Problem; again?: () => void }) {
	const { status } = problem;
	// To what was asked wrongly the answer stays the same.
	const other = !status || status === 429 || status >= 500;

	return (
		<div class="empty failure" role="alert">
			<strong>{problem.title}</strong>
			<p>
				<Words text={problem.message} />
			</p>
			{again && other && (
				<button type="button" onClick={again}>
					Try again
				</button>
			)}
		</div>
	);
}

/** A thin line that moves: something is being asked. */
export function Busy({ when }: { when: boolean }) {
	return <div class={when ? "busy on" : "busy"} aria-hidden="true" />;
}

interface Props<T> {
	answer: Answer<T>;
	children: (value: T) => ComponentChildren;
}

export function Show<T>({ answer, children }: Props<T>) {
	return (
		<>
			<Busy when={answer.loading} />
			{answer.value ? (
				children(answer.value)
			) : answer.problem ? (
				<Failure problem={answer.problem} again={answer.again} />
			) : (
				<div class="empty" aria-busy="true">
					<p>Asking …</p>
				</div>
			)}
		</>
	);
}
