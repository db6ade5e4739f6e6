// SPDX-License-Identifier: Apache-2.0
import flamegraph from "d3-flame-graph";
import { select } from "d3-selection";

async function open(text) {
	const begin = performance.now();
	const data = JSON.parse(text);
	const read = performance.now() - begin;
	const chart = flamegraph().width(1400).cellHeight(18).minFrameSize(1);

	select("#graph").datum(data).call(chart);
	await window.probe.afterFrames(2);
	return { read, paint: performance.now() - begin - read };
}

// A frame that can be seen, of the third row from the root.
function click() {
	const frames = [...document.querySelectorAll("g.frame")];
	const wide = frames.filter((frame) => {
		const { width } = frame.getBoundingClientRect();

		return width > 150 && width < 900;
	});

	wide[0].dispatchEvent(new MouseEvent("click", { bubbles: true }));
}

window.bench = { open, click };
