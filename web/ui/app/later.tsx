// SPDX-License-Identifier: Apache-2.0
// A view, or another part, that is not loaded yet. Whoever draws one knows its
// name only: what has them all (views/more.ts) draws with the same parts as the
// page does, and is handed in.
import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Problem } from "./api/client";
import { Failure } from "./parts/show";
import type { PlotProps } from "./timeline/plot";

type ViewPart =
	| "TopView" | "TreeView" | "SandwichView" | "DiffView" | "ChartView" | "HeatView"
	| "LinesView" | "ProcessesView" | "WaitsView" | "SqlView" | "HealthView";

interface PropsOf extends Record<ViewPart, object> {
	Help: {
		open: boolean;
		onClose: () => void;
		/** Their keys and titles. */
		views: readonly [string, string][];
	};
	Lanes: PlotProps;
}

type DrawnParts = { [Name in keyof PropsOf]: FunctionComponent<PropsOf[Name]> };

export interface Parts extends DrawnParts {
	tables: typeof import("../flame/tables");
}

const WORDS = "The rest of the page did not come. Is brindle still running?";

let fetchParts = (): Promise<Parts> => Promise.reject(new Error("nobody has the parts"));
let parts: Parts | null = null;

/** Before anything is drawn. */
export function setParts(fetch: () => Promise<Parts>): void {
	fetchParts = fetch;
}

/** All of them come at once; the page has them after the first. */
export async function loadParts(): Promise<Parts> {
	parts = await fetchParts();
	return parts;
}

export function later<Name extends keyof PropsOf>(
	name: Name
): FunctionComponent<PropsOf[Name]> {
	return function Later(props) {
		const [problem, setProblem] = useState<Problem | null>(null);
		const [, setReady] = useState(parts !== null);
		const Shown = parts?.[name] as FunctionComponent<PropsOf[Name]> | undefined;

		// Asked for even if it came since this was drawn, for another part:
		// who drew nothing has to be told.
		useEffect(() => {
			loadParts().then(
				() => setReady(true),
				() => setProblem(new Problem(0, "Not loaded", WORDS))
			);
		}, []);
		if (Shown)
			return <Shown {...props} />;
		return problem && <Failure problem={problem} again={() => location.reload()} />;
	};
}
