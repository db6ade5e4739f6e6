// SPDX-License-Identifier: Apache-2.0
// What is in the address after '#': a view can be passed on as a link.
//
//     flame.html#q=json&view=table&theme=dark&flip=1&zoom=1234

function readAddress() {
	return new URLSearchParams(location.hash.slice(1));
}

function applyAddress(app, address) {
	const zoom = Number(address.get("zoom"));

	if (address.get("flip") === "1")
		app.flip();
	if (address.has("q"))
		app.setQuery(address.get("q"));
	if (zoom > 0 && zoom < app.tree.count)
		app.zoom(Math.floor(zoom));
	app.setView(address.get("view") === "table" ? "table" : "flame");
}

function showEmpty(profile) {
	byId("empty").hidden = profile.samples > 0;
	byId("empty").append(
		make("b", { textContent: "No samples" }),
		"Nothing that was recorded used a CPU long enough to be seen.",
		make("span", { textContent:
			"Record for longer, or more often: brindle record -F 999" }));
}

function start() {
	performance.mark("brindle-begin");
	const profile = readProfile();
	const address = readAddress();

	setTheme(address.get("theme") || rememberedTheme());
	showHeader(profile);
	showEmpty(profile);
	const app = new App(profile);
	applyAddress(app, address);
	app.chart.arrive();
	app.chart.draw();
	performance.mark("brindle-drawn");
	fillLegend(app);
	fillThreads(app);
	fillAbout(profile);
	fillHelp();
	listenToPointer(app);
	listenToKeys(app);
	listenToControls(app);
	app.chart.resize();
	byId("stage").focus();
}

start();
