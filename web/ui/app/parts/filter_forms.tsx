// SPDX-License-Identifier: Apache-2.0
// What a filter is asked by. Suggestions are what there is in the range, the
// heaviest first.
import { useState } from "preact/hooks";
import { useAnswer } from "../api/answer";
import type { Label, Labels } from "../api/types";
import { go, query, type Patch } from "../state/location";
import { selectionQuery } from "../state/selection";
import { formatShare, makeVisible } from "../words";

export const LABELS: readonly { name: keyof Labels; title: string; about: string }[] = [
	{ name: "process", title: "Process", about: "name, number, or a pattern with * and ?" },
	{ name: "thread", title: "Thread", about: "name, number, or a pattern with * and ?" },
	{ name: "user", title: "User", about: "name or number" },
	{
		name: "cgroup",
		title: "Container",
		about: "control group, container id or systemd unit",
	},
];

const TEXT = "part of a function’s name, or /regex/";
export const TEXTS: readonly { name: "show" | "hide"; title: string; about: string }[] = [
	{ name: "show", title: "Only stacks with", about: TEXT },
	{ name: "hide", title: "No stacks with", about: TEXT },
];

const KINDS = ["python", "native", "kernel", "other"];
const DROPS = [
	{ name: "interpreter", title: "the interpreter’s own frames" },
	{ name: "import", title: "the import machinery" },
];

function listOf(name: string): string[] {
	return query.value[name]?.split(",").filter(Boolean) ?? [];
}

function Suggestions({
	labels,
	whole,
	choose,
}: {
	labels: Label[];
	whole: number;
	choose: (value: string) => void;
}) {
	return (
		<ul class="suggestions">
			{labels.map((label) => (
				<li key={label.value}>
					<button type="button" onClick={() => choose(label.value)}>
						<bdi>{makeVisible(label.value) || "(none)"}</bdi>
						<span class="number">
							{formatShare(label.weight, whole)}
						</span>
					</button>
				</li>
			))}
		</ul>
	);
}

const SUGGESTED = 200;

function LabelForm({
	name,
	title,
	about,
	close,
}: {
	name: keyof Labels;
	title: string;
	about: string;
	close: () => void;
}) {
	const [text, setText] = useState("");
	// What is chosen already must not hide the alternatives.
	const { [name]: _, ...others } = selectionQuery.peek();
	const answer = useAnswer<Labels>("labels", others, { live: false });
	const all = answer.value?.[name] ?? [];
	const whole = all.reduce((sum, label) => sum + label.weight, 0);
	const found = all
		.filter((label) => label.value.toLowerCase().includes(text.toLowerCase()))
		.slice(0, SUGGESTED);
	const choose = (value: string) => {
		go({ [name]: value });
		close();
	};

	return (
		<form
			onSubmit={(event) => {
				event.preventDefault();
				if (text)
					choose(text);
			}}>
			<label>
				{title}{" "}
				<input
					type="text"
					value={text}
					spellcheck={false}
					placeholder={about}
					onInput={(event) => setText(event.currentTarget.value)}
				/>
			</label>
			<Suggestions labels={found} whole={whole} choose={choose} />
			{answer.problem && <p class="note">{answer.problem.message}</p>}
		</form>
	);
}

function TextForm({
	name,
	title,
	about,
	close,
}: {
	name: string;
	title: string;
	about: string;
	close: () => void;
}) {
	const [text, setText] = useState(query.peek()[name] ?? "");

	return (
		<form
			onSubmit={(event) => {
				event.preventDefault();
				go({ [name]: text });
				close();
			}}>
			<label>
				{title}{" "}
				<input
					type="text"
					value={text}
					maxLength={200}
					spellcheck={false}
					placeholder={about}
					onInput={(event) => setText(event.currentTarget.value)}
				/>
			</label>
			<button type="submit" class="primary" disabled={!text}>
				Apply
			</button>
		</form>
	);
}

function toggled(name: string, value: string): Patch {
	const list = listOf(name);

	return {
		[name]: (list.includes(value)
			? list.filter((one) => one !== value)
			: [...list, value]
		).join(","),
	};
}

// All kinds are the same as none said.
function toggledKind(kind: string): Patch {
	const list = listOf("only").length ? listOf("only") : KINDS;
	const next = list.includes(kind) ? list.filter((one) => one !== kind) : [...list, kind];

	return { only: next.length === KINDS.length ? "" : next.join(",") };
}

function Frames() {
	const kinds = listOf("only").length ? listOf("only") : KINDS;

	return (
		<div class="checks">
			<p class="group">Frames shown</p>
			{KINDS.map((kind) => (
				<label key={kind}>
					<input
						type="checkbox"
						checked={kinds.includes(kind)}
						disabled={kinds.length === 1 && kinds[0] === kind}
						onChange={() => go(toggledKind(kind))}
					/>
					<i class={`swatch ${kind}`} />
					{kind === "python" ? "Python" : kind}
				</label>
			))}
			<p class="group">Leave out</p>
			{DROPS.map(({ name, title }) => (
				<label key={name}>
					<input
						type="checkbox"
						checked={listOf("drop").includes(name)}
						onChange={() => go(toggled("drop", name))}
					/>
					{title}
				</label>
			))}
		</div>
	);
}

/** What a filter is asked by: a label, a text, or kinds of frames. */
export function Form({ page, close }: { page: string; close: () => void }) {
	const label = LABELS.find(({ name }) => name === page);
	const text = TEXTS.find(({ name }) => name === page);

	if (label)
		return <LabelForm {...label} close={close} />;
	return text ? <TextForm {...text} close={close} /> : <Frames />;
}
