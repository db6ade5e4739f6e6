// SPDX-License-Identifier: Apache-2.0
// The same profile as a table: functions by self or total. It is what a screen
// reader reads, and what answers "where does the time go" at once.

const ROWS_AT_FIRST = 200;

class FunctionTable {
	constructor(element, profile, onChoose) {
		this.element = element;
		this.profile = profile;
		this.onChoose = onChoose;
		this.order = "self";
		this.limit = ROWS_AT_FIRST;
	}

	setTree(tree, search) {
		this.sums = sumFunctions(tree, this.profile.functions.count);
		this.all = tree.totalSamples[0];
		this.search = search;
		this.render();
	}

	compare(a, b) {
		const { names } = this.profile.functions;
		const { self, total } = this.sums;

		if (this.order === "name")
			return names[a] < names[b] ? -1 : names[a] > names[b];
		const [one, two] = this.order === "self" ?
			[self, total] : [total, self];
		return one[b] - one[a] || two[b] - two[a] || a - b;
	}

	listed() {
		const list = [];

		for (let fn = 1; fn < this.profile.functions.count; fn++)
			if (this.sums.total[fn] &&
			    (!this.search || this.search.found[fn]))
				list.push(fn);
		return list.sort((a, b) => this.compare(a, b));
	}

	makeHeading(order, label, className) {
		const button = make("button", { textContent: label });
		const heading = make("th", { className, scope: "col" });

		heading.append(order ? button : label);
		if (!order)
			return heading;
		if (this.order === order)
			heading.setAttribute("aria-sort", order === "name" ?
				"ascending" : "descending");
		button.textContent += this.order !== order ? "" :
			order === "name" ? " ↑" : " ↓";
		button.onclick = () => {
			this.order = order;
			this.render();
			this.element.querySelector("[aria-sort] button").focus();
		};
		return heading;
	}

	makeShare(value) {
		const bar = make("span", { className: "fill" });

		bar.style.width = `${this.all ? 100 * value / this.all : 0}%`;
		return make("td", { className: "number" },
			    make("span", { className: "share" },
				 make("span", { className: "track" }, bar),
				 formatShare(value, this.all)));
	}

	makeRow(fn) {
		const { functions } = this.profile;
		const kind = KINDS[functions.kinds[fn]];
		const place = placeOf(this.profile, fn, 0);
		const doubtful = this.sums.doubt[fn];
		const name = make("button", {
			textContent: functions.names[fn],
			title: "Find it in the flame graph",
			onclick: () => this.onChoose(fn),
		});

		return make("tr", {},
			this.makeShare(this.sums.self[fn]),
			make("td", { className: "number",
				     textContent: formatCount(this.sums.self[fn]) }),
			this.makeShare(this.sums.total[fn]),
			make("td", { className: "number",
				     textContent: formatCount(this.sums.total[fn]) }),
			make("td", { className: "function" },
			     make("span", { className: `swatch ${kind}` }),
			     make("bdi", {}, name)),
			make("td", { className: "place", title: place },
			     make("bdi", { textContent: place })),
			make("td", { textContent: kind }),
			make("td", { textContent: doubtful ?
				`${formatShare(doubtful, this.sums.total[fn])} in doubt` :
				"" }));
	}

	render() {
		const list = this.listed();
		const shown = list.slice(0, this.limit);
		const head = make("tr", {},
			this.makeHeading("self", "Self", "number"),
			this.makeHeading("", "samples", "number"),
			this.makeHeading("total", "Total", "number"),
			this.makeHeading("", "samples", "number"),
			this.makeHeading("name", "Function", ""),
			this.makeHeading("", "Where", ""),
			this.makeHeading("", "Kind", ""),
			this.makeHeading("", "", ""));

		this.element.replaceChildren(make("table", {},
			make("caption", { className: "unseen",
					  textContent: "Functions by samples" }),
			make("thead", {}, head),
			make("tbody", {}, ...shown.map((fn) => this.makeRow(fn)))));
		if (shown.length < list.length)
			this.element.append(make("button", {
				className: "more",
				textContent: `Show all ${formatCount(list.length)}`,
				onclick: () => {
					this.limit = Infinity;
					this.render();
				},
			}));
		if (!list.length)
			this.element.append(make("p", {
				textContent: "No function matches.",
			}));
	}
}
