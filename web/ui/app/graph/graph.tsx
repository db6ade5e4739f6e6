// SPDX-License-Identifier: Apache-2.0
// The flame graph among the rest of the page: its state is in the URL, its
// profile comes from an answer, and it is drawn by flame/.
import { useEffect, useRef } from "preact/hooks";
import type { FlameAction, FlameOptions, FlameState, Frame } from "../../flame/api";
import { FlameGraph } from "../../flame/flame_graph";
import { readProfile, type FlameDocument } from "../../model/document";
import type { Profile } from "../../model/profile";
import { addKeys } from "../keys";
import { loadParts } from "../later";
import { showLines, showSandwich } from "../parts/function";
import { go, query, type Patch, type Query } from "../state/location";
import { theme } from "../state/preferences";
import { readState, writeState } from "../../flame/address";

export type { FlameDocument } from "../../model/document";

interface Props {
	/** One of both; what was drawn stays until another one is there. */
	document?: FlameDocument | null;
	profile?: Profile | null;
	label: string;
	options?: FlameOptions;
	/** Says more than the URL: of a view that is always so. */
	fixed?: Partial<FlameState>;
	/** Not bound to the URL: one of several on the page. */
	free?: boolean;
}

// Typing and zooming is one step back each; the first and last count.
function remember(state: FlameState, fixed: Partial<FlameState>): void {
	const patch: Record<string, string | undefined> = { ...writeState(state) };
	const names: Partial<Record<keyof FlameState, string>> = {
		view: "as",
		invert: "invert",
		flip: "flip",
	};

	for (const key of Object.keys(fixed) as (keyof FlameState)[])
		delete patch[names[key] ?? key];
	go(patch as Patch, "replace");
}

function toldByUrl(url: Query): string {
	return JSON.stringify(readState(url));
}

// "fib:12" where boxes are lines; the function is "fib" everywhere else.
function functionOf(frame: Frame): Frame {
	const end = `:${frame.line}`;
	const byLine = query.peek().grain === "line" && frame.name.endsWith(end);

	return byLine ? { ...frame, name: frame.name.slice(0, -end.length) } : frame;
}

const isFunction = (frame: Frame) => frame.label === undefined;

/** Filters that choose by other labels than those of their own names. */
const FILTER_OF: Readonly<Record<string, string>> = {
	pid: "process",
	tid: "thread",
	container: "cgroup",
	unit: "cgroup",
};

// What chooses the samples below a row at the root; null: nothing does.
function filterOf({ label = "", name }: Frame): Patch | null {
	const filter = FILTER_OF[label] ?? label;
	const value = /^.id$/.test(label) ? /\((\d+)\)$/.exec(name)?.[1] : name;

	return value && /^(process|thread|user|cgroup)$/.test(filter)
		? { [filter]: value, zoom: undefined }
		: null;
}

/** Lines of the menu that lead to other views. */
export const ACTIONS: FlameAction[] = [
	{
		label: "Source lines",
		key: "o",
		applies: (frame) => frame.file !== "",
		run: showLines,
	},
	{
		label: "Only these samples",
		key: "o",
		applies: (frame) => filterOf(frame) !== null,
		run: (frame) => go(filterOf(frame)!),
	},
	{
		label: "Only stacks with this, in all views",
		applies: isFunction,
		run: (frame) => go({ show: functionOf(frame).name, zoom: undefined }),
	},
	{
		label: "No stacks with this, in all views",
		applies: isFunction,
		run: (frame) => go({ hide: functionOf(frame).name, zoom: undefined }),
	},
];

export function Graph({ document: said, profile, label, options, fixed = {}, free }: Props) {
	const host = useRef<HTMLDivElement>(null);
	const graph = useRef<FlameGraph | null>(null);
	const told = free ? "" : toldByUrl(query.value);
	const agreed = useRef(told);

	useEffect(() => {
		const mine = new FlameGraph(host.current!, {
			label,
			actions: ACTIONS,
			digits: false,
			onSandwich: (frame) => showSandwich(functionOf(frame)),
			tables: async () => (await loadParts()).tables,
			onState: (state) => {
				if (free)
					return;
				remember(state, fixed);
				agreed.current = toldByUrl(query.peek());
			},
			...options,
			state: { ...(free ? {} : readState(query.peek())), ...fixed },
		});
		const forget = free ? null : addKeys((event) => mine.handleKey(event));

		graph.current = mine;
		return () => {
			forget?.();
			graph.current = null;
			mine.destroy();
		};
	}, []);
	useEffect(() => {
		const next = profile ?? (said ? () => readProfile(said) : null);

		if (next)
			void graph.current?.setProfile(next);
	}, [said, profile]);
	useEffect(() => {
		// What the graph itself has said is not said to it again: it comes
		// late, and would undo what was typed meanwhile.
		const now = free ? agreed.current : toldByUrl(query.peek());

		if (now === agreed.current)
			return;
		agreed.current = now;
		void graph.current?.setState({
			...(JSON.parse(now) as Partial<FlameState>),
			...fixed,
		});
	}, [told]);
	useEffect(() => graph.current?.refreshTheme(), [theme.value]);
	return <div class="graph" ref={host} />;
}
