// SPDX-License-Identifier: Apache-2.0
// The exported page: one profile, in one file, drawn by the same component as
// the dashboard. What is after '#' in its address is the state of the graph
// (flame/address.ts), so that a view can be passed on as a link:
//
//	flame.html#q=json&as=functions&theme=dark&flip=1
import { readState, writeState, type Address } from "../flame/address";
import type { FlameState } from "../flame/api";
import { FlameGraph } from "../flame/flame_graph";
import { isForControl } from "../flame/keys";
import * as tables from "../flame/tables";
import { readProfile } from "../model/document";
import { nextTurn } from "../model/slices";
import { byId, fillAbout, fillHelp, showHeader } from "./header";
import { readDocument } from "./profile_document";
import { isTheme, nextTheme, rememberedTheme, setTheme } from "./theme";

function readAddress(): Address {
	return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

function writeAddress(state: FlameState) {
	const { theme } = readAddress();
	const said = Object.entries({ ...writeState(state), theme: theme ?? "" })
		.filter(([, value]) => value);

	try {
		history.replaceState(null, "",
				     `#${new URLSearchParams(said).toString()}`);
	} catch {
		// Not in every browser may a page do that as often as it likes.
	}
}

function listen(graph: FlameGraph) {
	const show = (id: string) => () =>
		byId<HTMLDialogElement>(id).showModal();
	const cycle = () => {
		setTheme(nextTheme(), byId("theme"));
		graph.refreshTheme();
	};
	const keys: Record<string, () => void> = {
		"?": show("help"), p: show("about"), g: cycle,
	};

	byId("theme").onclick = cycle;
	byId("help-button").onclick = keys["?"];
	byId("about-button").onclick = keys.p;
	document.addEventListener("keydown", (event) => {
		if (isForControl(event))
			return;
		if (Object.hasOwn(keys, event.key))
			keys[event.key]();
		else if (!graph.handleKey(event))
			return;
		event.preventDefault();
	});
	addEventListener("hashchange", () =>
		void graph.setState(readState(readAddress())));
}

async function start() {
	const { theme, ...address } = readAddress();

	performance.mark("brindle-begin");
	setTheme(isTheme(theme) ? theme : rememberedTheme(), byId("theme"));
	const page = readDocument(byId("profile").textContent ?? "");

	// In a cold browser each of these is a task for itself.
	await nextTurn();
	showHeader(page);
	await nextTurn();
	const graph = new FlameGraph(byId("graph"), {
		state: readState(address),
		onState: writeAddress,
		tables: async () => tables,
		empty: { title: "No samples", text: [
			"Nothing that was recorded used a CPU long enough to be seen.",
			"Record for longer, or more often: brindle record -F 999",
		] },
	});

	await graph.setProfile(() => readProfile(page));
	performance.mark("brindle-drawn");
	fillAbout(page);
	fillHelp();
	listen(graph);
	graph.focus();
}

void start();
