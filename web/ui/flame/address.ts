// SPDX-License-Identifier: Apache-2.0
// What a person has done to a graph, as parameters of an address and back. What
// is as at first is "", or not said.
import { INITIAL_STATE, type ColorBy, type FlameState, type FunctionOrder,
	 type Grain, type Kind, type Preset, type Transform,
	 type TransformType } from "./api";

export type Address = Partial<Record<string, string>>;

const KINDS: readonly Kind[] = ["python", "native", "kernel", "other"];
const PRESETS: readonly Preset[] = ["python", "interpreter", "import", "recursion"];
const TYPES: readonly TransformType[] = ["focus", "only", "drop", "hide",
	"recursion", "library"];
const ORDERS: readonly FunctionOrder[] = ["self", "total", "name", "change"];
const GRAINS: readonly Grain[] = ["function", "line", "file", "module"];
const COLORS: readonly ColorBy[] = ["kind", "file", "module"];
const TRANSFORMS_MOST = 20;
const WIDTHS = ["both", "before", "after"] as const;

function among<T extends string>(known: readonly T[], text: string | undefined): T[] {
	const said = text?.split(",") ?? [];

	return known.filter((one) => said.includes(one));
}

// Links are foreign: anything may stand there.
function readTransforms(text: string | undefined): Transform[] {
	try {
		const list = JSON.parse(text ?? "[]") as unknown[];

		return list.slice(0, TRANSFORMS_MOST).flatMap((one) => {
			const [type, name, place] = one as unknown[];
			const known = TYPES.find((word) => word === type);

			return known && typeof name === "string" ?
				[{ type: known, name, place: String(place ?? "") }] :
				[];
		});
	} catch {
		return [];
	}
}

function readSandwich(text: string | undefined): FlameState["sandwich"] {
	try {
		const [name, place] = JSON.parse(text ?? "") as unknown[];

		return { name: String(name), place: String(place ?? "") };
	} catch {
		return null;
	}
}

export function readState(query: Address): Partial<FlameState> {
	const threads = (query.threads ?? "").split(",").filter((text) => /^\d+$/.test(text));

	return {
		search: query.q ?? "", zoom: query.zoom ?? "",
		flip: query.flip === "1", invert: query.invert === "1",
		hidden: among(KINDS, query.without), presets: among(PRESETS, query.presets),
		transforms: readTransforms(query.do), threads: threads.map(Number),
		width: among(WIDTHS, query.width)[0] ?? "both",
		order: among(ORDERS, query.order)[0] ?? INITIAL_STATE.order,
		grain: among(GRAINS, query.grain)[0] ?? "function",
		color: among(COLORS, query.color)[0] ?? "kind",
		view: query.as === "functions" || query.as === "tree" ? query.as : "graph",
		sandwich: readSandwich(query.calls),
	};
}

export function writeState(state: FlameState): Record<string, string> {
	const { transforms } = state;

	return {
		q: state.search, zoom: state.zoom,
		flip: state.flip ? "1" : "", invert: state.invert ? "1" : "",
		without: state.hidden.join(","), presets: state.presets.join(","),
		do: transforms.length ? JSON.stringify(transforms.map(({ type, name, place }) =>
			place ? [type, name, place] : [type, name])) : "",
		threads: state.threads.join(","),
		width: state.width === "both" ? "" : state.width,
		order: state.order === INITIAL_STATE.order ? "" : state.order,
		grain: state.grain === "function" ? "" : state.grain,
		color: state.color === "kind" ? "" : state.color,
		as: state.view === "graph" ? "" : state.view,
		calls: state.sandwich ? JSON.stringify([state.sandwich.name,
			state.sandwich.place]) : "",
	};
}
