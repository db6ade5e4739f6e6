// SPDX-License-Identifier: Apache-2.0
// Filters as chips: whose samples, and which stacks of them.
import { useState } from "preact/hooks";
import { go, query } from "../state/location";
import { status } from "../state/session";
import { makeVisible } from "../words";
import { Form, LABELS, TEXTS } from "./filter_forms";
import { Popup } from "./popup";

const FILTER_NAMES = ["process", "thread", "user", "cgroup", "show", "hide", "only", "drop"];

interface ChipProps {
	name: string;
	title: string;
	value: string;
}

/** What it says can be changed by a click on it. */
function Chip({ name, title, value }: ChipProps) {
	const shown = makeVisible(value);

	return (
		<span class="chip">
			<Popup
				class="plain"
				label={
					<>
						<span class="chip-title">{title}</span>
						<bdi>{shown}</bdi>
					</>
				}
				title={`Change ${title}: ${shown}`}>
				{(close) => <Form page={name} close={close} />}
			</Popup>
			<button
				type="button"
				class="gone"
				aria-label={`Remove ${title} ${shown}`}
				onClick={() => go({ [name]: undefined })}>
				×
			</button>
		</span>
	);
}

function AddFilter() {
	const [page, setPage] = useState("");

	return (
		<Popup
			class="add"
			label={<>+ Filter</>}
			title="Choose samples and stacks (+)"
			onOpen={() => setPage("")}>
			{(close) =>
				page ? (
					<Form page={page} close={close} />
				) : (
					<ul class="menu">
						{[
							...LABELS,
							...TEXTS,
							{
								name: "frames",
								title: "Kinds of frames",
								about: "",
							},
						].map(({ name, title }) => (
							<li key={name}>
								<button
									type="button"
									onClick={() =>
										setPage(name)
									}>
									{title} …
								</button>
							</li>
						))}
					</ul>
				)
			}
		</Popup>
	);
}

function EventChoice() {
	const events = status.value?.events ?? [];

	if (events.length < 2)
		return null;
	return (
		<select
			class="event"
			aria-label="Event"
			title="What was counted"
			value={query.value.event ?? events[0]!.name}
			onChange={(event) =>
				go({
					event:
						event.currentTarget.value === events[0]!.name
							? undefined
							: event.currentTarget.value,
				})
			}>
			{events.map(({ name }) => (
				<option key={name} value={name}>
					{name}
				</option>
			))}
		</select>
	);
}

/** Values of "group", the outermost label first; the API has more. */
const GROUPS = ["process", "process,tid", "user", "cgroup", "cgroup,process", "python"];

function GroupChoice() {
	const { view = "overview", group = "" } = query.value;

	if (!/overview|flame|tree/.test(view))
		return null;
	return (
		<select
			class="event"
			aria-label="Group by"
			value={group}
			onChange={(event) =>
				go({ group: event.currentTarget.value, zoom: undefined })
			}>
			{["", ...new Set(GROUPS).add(group || GROUPS[0]!)].map((name) => (
				<option key={name} value={name}>
					{name ? `by ${name}` : "not grouped"}
				</option>
			))}
		</select>
	);
}

export function Filters() {
	const chips = FILTER_NAMES.filter((name) => query.value[name]);
	const titles: Record<string, string> = { only: "Frames", drop: "Without" };

	for (const { name, title } of [...LABELS, ...TEXTS])
		titles[name] = title;
	return (
		<div class="filters" role="group" aria-label="Filters">
			<EventChoice />
			<GroupChoice />
			{chips.map((name) => (
				<Chip
					key={name}
					name={name}
					title={titles[name]!}
					value={query.value[name]!}
				/>
			))}
			<AddFilter />
			{chips.length > 1 && (
				<button
					type="button"
					class="plain"
					onClick={() =>
						go(
							Object.fromEntries(
								FILTER_NAMES.map((name) => [
									name,
									undefined,
								])
							)
						)
					}>
					Clear all
				</button>
			)}
		</div>
	);
}
