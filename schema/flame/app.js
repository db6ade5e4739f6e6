// SPDX-License-Identifier: Apache-2.0
// The page: what is shown (tree, search, zoom, view) and who may change it.

class App {
	constructor(profile) {
		this.profile = profile;
		this.kinds = KINDS.map(() => true);
		this.threads = null;
		this.search = null;
		this.match = -1;
		this.view = "flame";
		this.chart = new Chart(byId("stage"), byId("canvas"),
				       byId("extent"), profile);
		this.table = new FunctionTable(byId("table"), profile,
					       (fn) => this.findFunction(fn));
		this.rebuild();
	}

	// Another choice of kinds or threads is another tree.
	rebuild() {
		this.tree = buildTree(this.profile, this.kinds, this.threads);
		this.chart.setTree(this.tree);
		this.setQuery(byId("query").value);
		this.showZoom();
		this.showDetails();
	}

	showDetails() {
		const { hovered, selected, zoomed } = this.chart;

		showDetails(this.profile, this.tree,
			    hovered >= 0 ? hovered : selected, zoomed,
			    !this.threads);
	}

	nameOf(node) {
		return this.profile.functions.names[this.tree.fn[node]];
	}

	zoom(node) {
		this.chart.selected = node;
		this.chart.zoom(node);
		this.showZoom();
		this.showDetails();
	}

	// The path to what is zoomed; of a long one its ends.
	showZoom() {
		const { zoomed } = this.chart;
		const path = [0, ...stackOf(this.tree, zoomed)];
		const parts = [];

		path.forEach((node, i) => {
			if (path.length > 8 && i >= 2 && i < path.length - 5) {
				if (i === 2)
					parts.push(make("span", {
						className: "step",
						textContent: "› …" }));
				return;
			}
			if (i)
				parts.push(make("span", { className: "step",
							  textContent: "›" }));
			parts.push(node === zoomed ?
				make("b", {}, make("bdi", {
					textContent: this.nameOf(node) })) :
				make("button", {
					textContent: this.nameOf(node),
					onclick: () => this.zoom(node) }));
		});
		byId("crumbs").replaceChildren(...parts);
		byId("reset").disabled = zoomed === 0 &&
			this.chart.to - this.chart.from >= this.tree.total[0];
	}

	select(node) {
		this.chart.selected = node;
		this.chart.hovered = -1;
		if (!this.chart.isVisible(node))
			this.revealSelected();
		this.chart.showRow(node);
		this.chart.requestDraw();
		this.showZoom();
		this.showDetails();
		announceNode(this.profile, this.tree, node);
	}

	// Zooms to where the selected box is wide enough to be seen.
	revealSelected() {
		const { selected } = this.chart;
		const { parent, total } = this.tree;
		let around = parent[selected];
		const wide = 20 / Math.max(this.chart.width, 1);

		while (around && total[parent[around]] * wide < total[selected])
			around = parent[around];
		this.chart.zoom(around);
	}

	move(direction) {
		const { tree, chart } = this;
		const node = chart.selected;
		const down = chart.flipped ? "ArrowUp" : "ArrowDown";
		const up = chart.flipped ? "ArrowDown" : "ArrowUp";
		const isSibling = (other) => other > 0 && other < tree.count &&
			tree.parent[other] === tree.parent[node];
		const target = {
			[down]: tree.kids[node] ? tree.first[node] : node,
			[up]: tree.parent[node],
			ArrowLeft: isSibling(node - 1) ? node - 1 : node,
			ArrowRight: isSibling(node + 1) ? node + 1 : node,
		}[direction];

		this.select(node ? target : direction === down ? target : node);
	}

	// One step out: of the search, then of the zoom.
	stepOut() {
		if (byId("query").value)
			this.setQuery("");
		else if (this.chart.zoomed)
			this.zoom(this.tree.parent[this.chart.zoomed]);
		else
			this.zoom(0);
	}

	setQuery(query) {
		const input = byId("query");
		let wrong = false;

		if (input.value !== query)
			input.value = query;
		this.match = -1;
		this.search = null;
		try {
			if (query.trim())
				this.search = searchTree(this.profile, this.tree,
							 query.trim());
		} catch {
			wrong = true;
		}
		input.classList.toggle("wrong", wrong);
		this.chart.found = this.search && this.search.found;
		this.chart.requestDraw();
		this.showFound(wrong);
		if (this.view === "table")
			this.table.setTree(this.tree, this.search);
	}

	showFound(wrong) {
		const { search } = this;
		const found = byId("found");

		byId("next").hidden = byId("previous").hidden =
			!search || !search.tops.length;
		found.replaceChildren();
		if (wrong)
			found.append("not a pattern yet");
		else if (search && !search.tops.length)
			found.append("no match");
		else if (search)
			found.append(make("b", { textContent:
				formatShare(search.share, 1) }),
				` of all, ${formatCount(search.functionCount)} ` +
				`function${search.functionCount > 1 ? "s" : ""}, ` +
				`${formatCount(search.places)} ` +
				`place${search.places > 1 ? "s" : ""}`);
	}

	stepMatch(step) {
		const tops = this.search ? this.search.tops : [];

		if (!tops.length)
			return;
		this.setView("flame");
		this.match = this.match < 0 && step < 0 ? tops.length - 1 :
			(this.match + step + tops.length) % tops.length;
		this.select(tops[this.match]);
	}

	findFunction(fn) {
		const name = this.profile.functions.names[fn];

		this.setView("flame");
		this.setQuery(`/^${escapePattern(name)}$/`);
		this.stepMatch(1);
		byId("stage").focus();
	}

	setView(view) {
		this.view = view;
		for (const name of ["flame", "table"]) {
			const chosen = name === view;

			byId(name).hidden = !chosen;
			byId(`tab-${name}`).setAttribute("aria-selected", chosen);
			byId(`tab-${name}`).tabIndex = chosen ? 0 : -1;
		}
		byId("crumbs").hidden = byId("details").hidden = view === "table";
		byId("flip").disabled = view === "table";
		if (view === "table")
			this.table.setTree(this.tree, this.search);
		else
			this.chart.resize();
	}

	flip() {
		this.chart.setFlipped(!this.chart.flipped);
		byId("flip").setAttribute("aria-pressed", this.chart.flipped);
	}

	toggleKind(kind) {
		this.kinds[kind] = !this.kinds[kind];
		byId("legend").querySelectorAll("button").forEach((button) =>
			button.setAttribute("aria-pressed",
					    this.kinds[button.dataset.kind]));
		this.rebuild();
	}

	setThreads(threads) {
		this.threads = threads;
		this.rebuild();
	}

	cycleTheme() {
		const next = { auto: "light", light: "dark", dark: "auto" };

		setTheme(next[document.documentElement.dataset.theme || "auto"]);
		this.chart.setTheme();
	}

	copyName(node) {
		copyText(this.nameOf(node), "the name");
	}

	copyStack(node) {
		const lines = stackOf(this.tree, node).map((i) => {
			const place = placeOf(this.profile, this.tree.fn[i], 0);

			return place ? `${this.nameOf(i)}  (${place})` :
				this.nameOf(i);
		});

		copyText(lines.join("\n"), "the stack");
	}

	menuFor(node, x, y) {
		this.select(node);
		openMenu(x, y, [
			["Zoom in", "Enter", () => this.zoom(node)],
			["Find all of this function", "", () =>
				this.findFunction(this.tree.fn[node])],
			["Copy name", "c", () => this.copyName(node)],
			["Copy stack", "s", () => this.copyStack(node)],
			["Show everything", "0", () => this.zoom(0)],
		]);
	}
}

// Remembered where the browser allows it for a page like this.
function setTheme(theme) {
	const names = { auto: "Auto", light: "Light", dark: "Dark" };

	document.documentElement.dataset.theme = theme;
	byId("theme").textContent = names[theme];
	byId("theme").setAttribute("aria-label", `Theme: ${names[theme]}`);
	try {
		localStorage.setItem("brindle-theme", theme);
	} catch {
		// Then it is as the system is the next time.
	}
}

function rememberedTheme() {
	try {
		const theme = localStorage.getItem("brindle-theme");

		return ["light", "dark"].includes(theme) ? theme : "auto";
	} catch {
		return "auto";
	}
}
