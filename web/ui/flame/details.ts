// SPDX-License-Identifier: Apache-2.0
// The line below the graph: all about the box under the pointer, at once.
import { formatShare } from "../model/format";
import { isBelow } from "../model/path";
import { kindOf, placeOf } from "../model/place";
import type { Profile } from "../model/profile";
import type { Tree } from "../model/tree";
import { make, name } from "./dom";
import { describeAmount, describeChange, describeLines, nameOf, selfOf, statusOf,
	 withFunctions } from "./frame";

const LINES_SHOWN = 6;
const HINT = "Point for details, click to zoom, / searches, ? explains";

export class Details {
	readonly element: HTMLElement;
	private kind = make("span", { className: "flame-kind" });
	private title = name("", "flame-name");
	private place = name("", "flame-place");
	private status = make("span", { className: "flame-status" });
	private total = make("span");
	private self = make("span");
	private zoom = make("span");
	private lines = make("span", { className: "flame-lines" });

	constructor() {
		this.element = make("div", { className: "flame-details" },
			make("div", { className: "flame-line" }, this.kind,
			     this.title, this.place, this.status),
			make("div", { className: "flame-line flame-numbers" },
			     this.total, this.self, this.zoom, this.lines));
	}

	private showTotal(profile: Profile, tree: Tree, node: number) {
		const change = describeChange(tree, node);

		if (change)
			this.total.replaceChildren(make("b",
				{ textContent: change }));
		else
			this.total.replaceChildren("total ",
				make("b", { textContent: formatShare(
					tree.width[node], tree.width[0]) }),
				` ${describeAmount(profile, tree.totalSamples[node],
						   tree.total[node])}`);
	}

	/** @withLines: the tree has all threads, whose lines they are. */
	show(profile: Profile, tree: Tree, node: number, zoomed: number,
	     withLines: boolean) {
		const fn = tree.fn[node];
		const texts = withFunctions(profile, tree);
		const kind = kindOf(texts, fn);
		const [status, doubtful] = statusOf(profile, tree, node);
		const self = selfOf(tree, node);

		this.kind.textContent = kind;
		this.kind.className = `flame-kind ${kind}`;
		this.kind.hidden = node === 0 || profile.unsampled;
		this.title.textContent = nameOf(tree, node);
		this.title.title = nameOf(tree, node);
		this.place.textContent = placeOf(texts, fn);
		this.place.title = this.place.textContent;
		this.status.textContent = status;
		this.status.classList.toggle("doubt", doubtful);
		this.showTotal(profile, tree, node);
		this.self.replaceChildren("self ", make("b", { textContent:
			formatShare(self.weight, tree.total[0]) }),
			` ${describeAmount(profile, self.samples, self.weight)}`);
		this.zoom.textContent = zoomed && node !== zoomed &&
			isBelow(tree, node, zoomed) ?
			`${formatShare(tree.width[node], tree.width[zoomed])} ` +
			"of the zoomed" : "";
		this.lines.textContent = !node ? HINT : withLines ?
			describeLines(profile, tree, node, LINES_SHOWN) : "";
	}
}
