// SPDX-License-Identifier: Apache-2.0
// Pointer, keys and controls, and what each of them does.

function fillLegend(app) {
	const { functions, nodes } = app.profile;
	const selfs = KINDS.map(() => 0);
	const present = KINDS.map(() => false);
	let doubt = 0;

	for (let i = 1; i < nodes.count; i++) {
		const kind = functions.kinds[nodes.fn[i]];

		selfs[kind] += nodes.samples[i];
		present[kind] = true;
		doubt += nodes.doubt[i];
	}
	KINDS.forEach((name, kind) => {
		if (!present[kind])
			return;
		const button = make("button", {
			title: `Show or leave out ${name} frames (${kind + 1}); ` +
				"the share is that of their own samples",
			onclick: () => app.toggleKind(kind),
		}, make("span", { className: `swatch ${name}` }), capitalize(name),
		make("small", { textContent:
			formatShare(selfs[kind], app.profile.samples) }));

		button.dataset.kind = kind;
		button.setAttribute("aria-pressed", "true");
		byId("legend").append(button);
	});
	if (doubt)
		byId("legend").append(make("span", {
			className: "swatches hint",
			title: "Hatched as far as frames are unproven, " +
				"unresolved or guessed",
		}, make("span", { className: "swatch doubt" }), "in doubt"));
}

function threadLabel(thread) {
	return `${thread.thread} (${thread.tid}), ${formatCount(thread.total)}`;
}

// Choices: everything, each process that has several threads, each thread.
function threadChoices(threads) {
	const processes = new Map();

	for (const thread of threads) {
		const name = thread.tid ? `${thread.process} (${thread.pid})` : "";

		processes.set(name, [...processes.get(name) || [], thread]);
	}
	return [...processes].map(([name, list]) => ({
		name, list,
		total: list.reduce((sum, thread) => sum + thread.total, 0),
	}));
}

function fillThreads(app) {
	const { threads, samples } = app.profile;
	const select = byId("threads");
	const choices = [null];
	const add = (parent, label, list) => {
		parent.append(make("option", { value: choices.length,
					       textContent: label }));
		choices.push(list);
	};

	if (threads.length < 2)
		return;
	select.append(make("option", { value: 0, textContent:
		`All threads, ${formatCount(samples)}` }));
	for (const { name, list, total } of threadChoices(threads)) {
		const group = name ? make("optgroup", { label: name }) : select;

		if (list.length > 1)
			add(group, `all of ${name}, ${formatCount(total)}`, list);
		for (const thread of list)
			add(group, thread.tid ? threadLabel(thread) :
				`${thread.thread}, ${formatCount(thread.total)}`,
			    [thread]);
		if (name)
			select.append(group);
	}
	select.hidden = false;
	select.onchange = () => app.setThreads(choices[select.value]);
}

// A press that moves is a shift of the graph, one that does not is a click.
function listenToPointer(app) {
	const stage = byId("stage");
	const { chart } = app;
	let pressed = null;
	const nodeAt = (event) => {
		const box = stage.getBoundingClientRect();

		return chart.nodeAt(event.clientX - box.left,
				    event.clientY - box.top);
	};
	const hover = (node) => {
		if (node === chart.hovered)
			return;
		chart.hovered = node;
		stage.style.cursor = node >= 0 ? "pointer" : "";
		chart.requestDraw();
		app.showDetails();
	};

	byId("canvas").onpointerdown = (event) => {
		if (event.button === 0)
			pressed = { x: event.clientX, moved: false };
	};
	window.addEventListener("pointermove", (event) => {
		if (!pressed)
			return;
		const by = pressed.x - event.clientX;

		if (!pressed.moved && Math.abs(by) < 5)
			return;
		pressed.moved = true;
		pressed.x = event.clientX;
		stage.classList.add("panning");
		chart.shift(by);
	});
	window.addEventListener("pointerup", (event) => {
		const wasClick = pressed && !pressed.moved;

		pressed = null;
		stage.classList.remove("panning");
		if (!wasClick || event.target !== byId("canvas"))
			return;
		const node = nodeAt(event);
		if (node >= 0)
			app.zoom(node);
	});
	byId("canvas").onpointermove = (event) => hover(nodeAt(event));
	byId("canvas").onpointerleave = () => hover(-1);
	stage.onscroll = () => chart.requestDraw();
	stage.addEventListener("wheel", (event) => {
		if (!event.ctrlKey && !event.metaKey)
			return;
		event.preventDefault();
		chart.zoomAbout(event.clientX - stage.getBoundingClientRect().left,
				Math.exp(event.deltaY / 300));
		app.showZoom();
	}, { passive: false });
	stage.oncontextmenu = (event) => {
		const node = nodeAt(event);

		event.preventDefault();
		if (node > 0)
			app.menuFor(node, event.clientX, event.clientY);
	};
}

function keyActions(app) {
	const show = (id) => () => byId(id).showModal();
	const actions = {
		"/": () => byId("query").select(),
		"?": show("help"), p: show("about"),
		n: () => app.stepMatch(1), N: () => app.stepMatch(-1),
		Enter: () => app.zoom(app.chart.selected),
		Escape: () => app.stepOut(),
		0: () => app.zoom(0),
		i: () => app.flip(),
		t: () => app.setView(app.view === "flame" ? "table" : "flame"),
		c: () => app.copyName(app.chart.selected),
		s: () => app.copyStack(app.chart.selected),
		g: () => app.cycleTheme(),
	};

	KINDS.forEach((_, kind) => {
		actions[kind + 1] = () => app.toggleKind(kind);
	});
	for (const key of ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"])
		actions[key] = () => app.move(key);
	return actions;
}

// A key belongs to the control that has the focus, if that one uses it.
function isForControl(event) {
	const { tagName } = event.target;

	if (document.querySelector("dialog[open]") || tagName === "INPUT" ||
	    tagName === "SELECT")
		return true;
	return event.ctrlKey || event.metaKey || event.altKey ||
		(tagName === "BUTTON" && event.key === "Enter");
}

function listenToKeys(app) {
	const actions = keyActions(app);

	document.addEventListener("keydown", (event) => {
		const isGraphKey = /^(Arrow|Enter)/.test(event.key);

		if (isForControl(event) || !Object.hasOwn(actions, event.key) ||
		    (isGraphKey && app.view !== "flame"))
			return;
		event.preventDefault();
		actions[event.key]();
	});
	byId("menu").addEventListener("keydown", moveInMenu);
	document.addEventListener("pointerdown", (event) => {
		if (!byId("menu").contains(event.target))
			closeMenu();
	});
	byId("query").onkeydown = (event) => {
		if (event.key === "Enter") {
			app.stepMatch(event.shiftKey ? -1 : 1);
		} else if (event.key === "Escape") {
			app.setQuery("");
			byId("stage").focus();
			event.preventDefault();
		}
	};
}

function listenToControls(app) {
	byId("query").oninput = () => app.setQuery(byId("query").value);
	byId("next").onclick = () => app.stepMatch(1);
	byId("previous").onclick = () => app.stepMatch(-1);
	byId("flip").onclick = () => app.flip();
	byId("reset").onclick = () => app.zoom(0);
	byId("theme").onclick = () => app.cycleTheme();
	byId("help-button").onclick = () => byId("help").showModal();
	byId("about-button").onclick = () => byId("about").showModal();
	for (const name of ["flame", "table"])
		byId(`tab-${name}`).onclick = () => app.setView(name);
	byId("tab-flame").parentNode.onkeydown = (event) => {
		if (!/^Arrow(Left|Right)$/.test(event.key))
			return;
		event.stopPropagation();
		app.setView(app.view === "flame" ? "table" : "flame");
		byId(`tab-${app.view}`).focus();
	};
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change",
		() => app.chart.setTheme());
	new ResizeObserver(() => {
		if (app.view === "flame")
			app.chart.resize();
	}).observe(byId("stage"));
}
