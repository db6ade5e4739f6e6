// SPDX-License-Identifier: Apache-2.0
// bench.mjs PACKAGES CHROMIUM [NODES...]: the flame graph in a browser, beside
// d3-flame-graph and speedscope on the same data. Each line: what, of whom,
// figure, goal, with tabs between. PACKAGES is a folder in which `npm ci` was
// run with package.json; "-": ours alone.
import { createServer } from "node:http";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { asDocument, asEvents, asHierarchy, makeTree } from "./data.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const ui = join(here, "../../../web/ui");
const require = createRequire(join(ui, "package.json"));
const esbuild = require("esbuild");
const { chromium } = require("playwright-core");

const [packages, program, ...sizes] = process.argv.slice(2);
const counts = sizes.length ? sizes.map(Number) : [100000, 1000000];
const ROUNDS = 5;
const FRAMES = 60;
const TIME_LIMIT_MS = 60000;

const FLAGS = ["--disable-quic", "--no-first-run", "--disable-gpu",
	       "--no-sandbox", "--disable-component-update",
	       "--disable-background-networking", "--disable-sync"];

async function bundle(entry, more = {}) {
	const { outputFiles } = await esbuild.build({
		entryPoints: [join(here, entry)], bundle: true, write: false,
		minify: true, format: "iife", target: "es2022",
		nodePaths: [join(ui, "node_modules"),
			    join(packages, "node_modules")],
		...more,
	});

	return outputFiles[0].text;
}

const files = new Map();
const page = (script, style) => `<!DOCTYPE html><meta charset="utf-8">
<style>html, body, #graph { height: 100%; margin: 0 } ${style}</style>
<div id="graph"></div><script src="/probe.js"></script>
<script src="/${script}"></script>`;

async function prepare() {
	const style = await esbuild.build({
		entryPoints: [join(ui, "page/page.css")], bundle: true,
		write: false });

	files.set("/probe.js", readFileSync(join(here, "probe.js")));
	files.set("/ours.js", await bundle("ours.ts"));
	files.set("/ours.html", page("ours.js", style.outputFiles[0].text));
	if (packages === "-")
		return;
	files.set("/d3.js", await bundle("d3.js",
		{ loader: { ".css": "empty" } }));
	files.set("/d3.html", page("d3.js", readFileSync(join(packages,
		"node_modules/d3-flame-graph/dist/d3-flamegraph.css"), "utf8")));
}

const TYPES = { html: "text/html", js: "text/javascript", css: "text/css",
		json: "application/json", wasm: "application/wasm" };

function fileOf(path) {
	const speedscope = join(packages, "node_modules/speedscope/dist/release");
	const name = path.replace(/^\/speedscope\//, "");

	if (files.has(path))
		return files.get(path);
	return name !== path && !name.includes("..") &&
		existsSync(join(speedscope, name)) ?
		readFileSync(join(speedscope, name)) : null;
}

function serve() {
	const server = createServer((request, response) => {
		const path = new URL(request.url, "http://x").pathname;
		const body = fileOf(path);

		response.writeHead(body === null ? 404 : 200, { "Content-Type":
			TYPES[path.split(".").pop()] ?? "text/plain" });
		response.end(body ?? "");
	});

	return new Promise((ready) => server.listen(0, "127.0.0.1",
		() => ready(server)));
}

function sorted(values) {
	return [...values].sort((a, b) => a - b);
}

const median = (values) => sorted(values)[values.length >> 1];
const at = (values, share) => sorted(values)[
	Math.min(values.length - 1, Math.floor(values.length * share))];
const ms = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;

function row(what, who, figure, goal = "") {
	console.log([what, who, figure, goal].join("\t"));
}

function sizeText(count) {
	return count >= 1e6 ? `${count / 1e6}M nodes` : `${count / 1000}k nodes`;
}

const describeFrames = (times) =>
	`p50 ${ms(median(times))}, p95 ${ms(at(times, 0.95))}, ` +
	`most ${ms(Math.max(...times))}`;
const describeBlocked = (tasks) => tasks.length ?
	`${tasks.length}, longest ${ms(Math.max(...tasks))}` : "none over 50 ms";

async function withPage(browser, url, use) {
	const context = await browser.newContext({
		viewport: { width: 1400, height: 900 } });
	const tab = await context.newPage();

	tab.setDefaultTimeout(TIME_LIMIT_MS);
	try {
		await tab.goto(url);
		return await use(tab);
	} finally {
		await context.close();
	}
}

const blockedIn = (tab) => tab.evaluate(() => new Promise((done) =>
	setTimeout(() => {
		done([...window.probe.blocked]);
		window.probe.forget();
	}, 60)));

// The text is in the page's memory before the clock starts.
async function open(tab, path) {
	await tab.evaluate(async (from) => {
		window.text = await (await fetch(from)).text();
		window.probe.forget();
	}, path);
	return tab.evaluate(() => window.bench.open(window.text));
}

async function paint(browser, url, path, who, count, goal) {
	const paints = [];
	const reads = [];
	let blocked = [];

	for (let round = 0; round < ROUNDS; round++)
		await withPage(browser, url, async (tab) => {
			const { read, paint: drawn } = await open(tab, path);

			reads.push(read);
			paints.push(drawn);
			blocked = blocked.concat(await blockedIn(tab));
		});
	row(`first paint, ${sizeText(count)}`, who, `${ms(median(paints))} ` +
		`(${ms(Math.min(...paints))} to ${ms(Math.max(...paints))})`, goal);
	row("  reading the document before", who, ms(median(reads)));
	row("  page stood still", who, describeBlocked(blocked),
		who === "brindle" && count <= 100000 ? "<= 50 ms" : "");
}

async function frames(tab, name) {
	return tab.evaluate(([which, many]) => window.probe.frames(many,
		(step) => window.bench[which](step)), [name, FRAMES]);
}

async function timeOf(tab, name, argument) {
	return tab.evaluate(async ([which, value]) => {
		const begin = performance.now();

		await window.bench[which](value);
		await window.probe.afterFrames(2);
		return performance.now() - begin;
	}, [name, argument]);
}

async function steer(browser, url, path, count) {
	await withPage(browser, url, async (tab) => {
		const label = sizeText(count);

		await open(tab, path);
		await blockedIn(tab);
		row(`frames while zooming, ${label}`, "brindle",
			describeFrames(await frames(tab, "zoom")), "p95 <= 20 ms");
		await tab.evaluate(() => { for (let i = 0; i < 20; i++)
			window.bench.zoom(i); });
		row("  while panning", "brindle",
			describeFrames(await frames(tab, "pan")), "p95 <= 20 ms");
		row("  while pointing", "brindle",
			describeFrames(await frames(tab, "hover")), "p95 <= 20 ms");
		await tab.evaluate(() => window.bench.reset());
		row("  after a click, zooming in", "brindle",
			describeFrames(await tab.evaluate(() => {
				let clicked = false;

				return window.probe.frames(20, () => {
					if (!clicked)
						window.bench.click(0.2, 70);
					clicked = true;
				});
			})), "p95 <= 20 ms");
		row("  page stood still", "brindle",
			describeBlocked(await blockedIn(tab)),
			count <= 100000 ? "<= 50 ms" : "");
		for (const [name, words, value] of [
			["search", "search", "function_7"],
			["hide", "leaving out a kind"], ["invert", "bottom-up"]]) {
			await tab.evaluate(() => window.bench.reset());
			const time = await timeOf(tab, name, value);

			row(`  ${words}`, "brindle", `${ms(time)}, stood still: ` +
				describeBlocked(await blockedIn(tab)));
		}
	});
}

async function d3Click(browser, url, path, count) {
	await withPage(browser, url, async (tab) => {
		await open(tab, path);
		await blockedIn(tab);
		const times = await tab.evaluate(() => {
			let clicked = false;

			return window.probe.frames(60, () => {
				if (!clicked)
					window.bench.click();
				clicked = true;
			});
		});

		row(`frames after a click, ${sizeText(count)}`, "d3-flame-graph",
			describeFrames(times));
		row("  page stood still", "d3-flame-graph",
			describeBlocked(await blockedIn(tab)));
	});
}

// It imports by itself, from an address; it is there when it says so.
async function speedscope(browser, origin, path, count) {
	const context = await browser.newContext({
		viewport: { width: 1400, height: 900 } });
	const tab = await context.newPage();
	const begin = performance.now();

	tab.setDefaultTimeout(TIME_LIMIT_MS);
	await tab.addInitScript(readFileSync(join(here, "probe.js"), "utf8"));
	try {
		await tab.goto(`${origin}/speedscope/index.html#profileURL=` +
			encodeURIComponent(`${origin}${path}`));
		await tab.waitForFunction(() => document.title.startsWith("bench"));
		await tab.evaluate(() => window.probe.afterFrames(2));
		row(`from address to view, ${sizeText(count)}`, "speedscope",
			ms(performance.now() - begin));
		row("  page stood still", "speedscope",
			describeBlocked(await blockedIn(tab)));
		const times = await tab.evaluate((many) => {
			const target = document.elementFromPoint(500, 500);

			return window.probe.frames(many, (step) =>
				target.dispatchEvent(new WheelEvent("wheel", {
					bubbles: true, cancelable: true,
					ctrlKey: true, clientX: 500, clientY: 500,
					deltaY: step % 60 < 30 ? -25 : 25 })));
		}, FRAMES);

		row("  frames while zooming", "speedscope", describeFrames(times));
	} finally {
		await context.close();
	}
}

async function tryOther(what, who, count, run) {
	try {
		await run();
	} catch (problem) {
		row(`${what}, ${sizeText(count)}`, who,
			`failed: ${problem.message.split("\n")[0].slice(0, 60)}`);
	}
}

async function measure(browser, origin, count) {
	const tree = makeTree(count);
	const goal = count <= 100000 ? "<= 100 ms" : "<= 400 ms";
	const path = (name) => `/${name}-${count}.json`;

	files.set(path("ours"), asDocument(tree));
	await paint(browser, `${origin}/ours.html`, path("ours"), "brindle", count,
		    goal);
	await steer(browser, `${origin}/ours.html`, path("ours"), count);
	if (packages === "-")
		return;
	files.set(path("d3"), asHierarchy(tree));
	files.set(path("speedscope"), asEvents(tree));
	await tryOther("first paint", "d3-flame-graph", count, async () => {
		await paint(browser, `${origin}/d3.html`, path("d3"),
			    "d3-flame-graph", count, "");
		await d3Click(browser, `${origin}/d3.html`, path("d3"), count);
	});
	await tryOther("from address to view", "speedscope", count, () =>
		speedscope(browser, origin, path("speedscope"), count));
}

await prepare();
const server = await serve();
const browser = await chromium.launch({ executablePath: program, args: FLAGS });

try {
	for (const count of counts)
		await measure(browser,
			      `http://127.0.0.1:${server.address().port}`, count);
} finally {
	await browser.close();
	server.close();
}
