// SPDX-License-Identifier: Apache-2.0
// One side of a comparison: what it is, and how to choose another.
import { useEffect, useState } from "preact/hooks";
import type { DiffSide } from "../api/types";
import { go, query } from "../state/location";
import { formatCount, formatTime, rangeText } from "../words";
import { isChosen, shownAs } from "./choice";

const TITLES: Record<string, string> = { cgroup: "container" };
const MORE = ["process", "thread", "user", "cgroup"] as const;

// What is typed goes into the URL when it is done, not when the page is drawn
// anew meanwhile.
function Field({ name, title }: { name: string; title: string }) {
	const said = query.value[name] ?? "";
	const [text, setText] = useState(said);

	useEffect(() => setText(said), [said]);
	return (
		<label>
			{title}
			<input
				type="text"
				value={text}
				onInput={(event) => setText(event.currentTarget.value)}
				onChange={(event) => go({ [name]: event.currentTarget.value })}
				spellcheck={false}
			/>
		</label>
	);
}

export function Side({ side, said }: { side: "a" | "b"; said: DiffSide | undefined }) {
	const [open, setOpen] = useState(false);
	const before = side === "a";
	const range =
		said?.from_us && said.to_us ? rangeText(said.from_us, said.to_us) : said?.label;

	return (
		<div class={`side ${before ? "before" : "after"}`}>
			<h2>{before ? "Before" : "After"}</h2>
			<p>
				<b>{range ?? (isChosen() ? "…" : "Not chosen yet")}</b>
			</p>
			{said && (
				<p class="soft">
					{formatCount(said.samples)} samples
					{said.duration_us
						? `, ${formatTime(said.duration_us * 1e3)}`
						: ""}
					{MORE.map((name) => {
						const value = query.value[`${side}_${name}`];

						return value && `, ${name} ${value}`;
					})}
				</p>
			)}
			<div class="row">
				<button
					type="button"
					onClick={() => go(shownAs(side))}
					title="The range that is chosen above">
					Take the chosen range
				</button>
				<button
					type="button"
					class="plain"
					aria-expanded={open}
					onClick={() => setOpen(!open)}>
					More
				</button>
			</div>
			{open && (
				<div class="fields">
					{(["from", "to", ...MORE] as const).map((name) => (
						<Field
							key={name}
							name={`${side}_${name}`}
							title={TITLES[name] ?? name}
						/>
					))}
				</div>
			)}
		</div>
	);
}
