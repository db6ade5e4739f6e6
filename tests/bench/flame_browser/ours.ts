// SPDX-License-Identifier: Apache-2.0
import { FlameGraph } from "../../../web/ui/flame/flame_graph";
import { readProfile } from "../../../web/ui/model/document";
import { runSliced } from "../../../web/ui/model/slices";

const host = document.getElementById("graph")!;
const graph = new FlameGraph(host);

/** Milliseconds: reading, and until it has been drawn. */
async function open(text: string): Promise<{ read: number; paint: number }> {
	const begin = performance.now();
	const profile = (await runSliced(readProfile(JSON.parse(text)),
					 () => true))!;
	const read = performance.now() - begin;

	await graph.setProfile(profile);
	await window.probe.afterFrames(2);
	return { read, paint: performance.now() - begin - read };
}

function canvas(): HTMLCanvasElement {
	return host.querySelector(".flame-graph canvas")!;
}

declare global {
	interface Window {
		probe: { afterFrames(count: number): Promise<void> };
		bench: object;
	}
}

// Closer and away again, about a place that is not the middle.
function zoom(step: number) {
	const box = canvas().getBoundingClientRect();

	canvas().dispatchEvent(new WheelEvent("wheel", {
		bubbles: true, cancelable: true, ctrlKey: true,
		clientX: box.left + box.width * 0.37, clientY: box.top + 200,
		deltaY: step % 60 < 30 ? -25 : 25,
	}));
}

function pan(step: number) {
	canvas().dispatchEvent(new WheelEvent("wheel", {
		bubbles: true, cancelable: true, deltaX: step % 60 < 30 ? 40 : -40,
	}));
}

function point(type: string, x: number, y: number) {
	const box = canvas().getBoundingClientRect();

	canvas().dispatchEvent(new PointerEvent(type, {
		bubbles: true, button: 0, clientX: box.left + x * box.width,
		clientY: box.top + y,
	}));
}

function click(x: number, y: number) {
	point("pointerdown", x, y);
	point("pointerup", x, y);
}

window.bench = { open, zoom, pan, click,
		 hover: (step: number) => point("pointermove", step % 97 / 97,
						step * 7 % 600),
		 search: (search: string) => graph.setState({ search }),
		 hide: () => graph.setState({ hidden: ["native"] }),
		 invert: () => graph.setState({ hidden: [], invert: true }),
		 reset: () => graph.setState({ hidden: [], invert: false,
					       search: "", zoom: "" }) };
