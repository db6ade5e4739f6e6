// SPDX-License-Identifier: Apache-2.0
// A profile whose 200 names want to be something else: through every view, the
// graph's menu and its search, SQL, and the exported page. No script of theirs
// runs, the policy has nothing to refuse, and what is shown is the names.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { settled, turnTo, VIEWS } from "./harness.mjs";

const LOOKS = [
	{ width: 1400, height: 900, theme: "light" },
	{ width: 390, height: 844, theme: "dark" },
];
// Of markup, attributes, lists, steering, right to left, paths, and no text.
const ALONE = [0, 2, 15, 18, 24, 41, 51];
const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

/** What was written in place of a character that nobody sees. */
const undo = (text) => text.replace(/\\u\{([0-9a-f]+)\}/g, (_, code) =>
	String.fromCodePoint(parseInt(code, 16)));

/** Which of @names no text of @shown is; or what of it hides or steers. */
function missing(names, shown) {
	const found = new Set(shown.map(undo));
	const lost = names.filter((name) => !found.has(name));
	const unseen = shown.filter((text) => UNSEEN.test(text));

	return lost.length || unseen.length ? JSON.stringify({
		count: lost.length, lost: lost.slice(0, 5), unseen: unseen.slice(0, 5) }) : null;
}

/** Texts of @cell in a table that has only the rows in sight. */
function scrolled(page, table, cell) {
	return page.evaluate(async ([box, selector]) => {
		const element = document.querySelector(box);
		const texts = new Set();
		const frame = () => new Promise((done) => requestAnimationFrame(done));

		for (let top = 0; ; top += element.clientHeight) {
			element.scrollTop = top;
			for (let i = 0; i < 3; i++)
				await frame();
			for (const one of element.querySelectorAll(selector))
				texts.add(one.textContent);
			if (top >= element.scrollHeight)
				return [...texts];
		}
	}, [table, cell]);
}

async function opened(browser, base, at) {
	const page = await browser.page(base, at);

	page.on("dialog", (dialog) => {
		page.wrong.push(`a script asked: ${dialog.message()}`);
		dialog.dismiss();
	});
	return page;
}

async function quiet(browser, report, page, name) {
	await report.test(`hostile names: ${name}, quietly`, async () => {
		const said = await browser.complaints(page);

		return said.length ? said.join("\n") : null;
	});
	await page.context().close();
}

async function everyView(browser, report, base, at) {
	const page = await opened(browser, base, at);

	await page.goto(base);
	for (const view of Object.keys(VIEWS))
		await report.test(`hostile names: ${view} ${at.width} ${at.theme}`, async () => {
			await turnTo(page, view);
			await browser.shot(page, `hostile-${view}-${at.width}-${at.theme}`);
			const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

			return width > 0 ? `${width} px wider than the window` : null;
		});
	await quiet(browser, report, page, `views ${at.width} ${at.theme}`);
}

async function tables(browser, report, base, names) {
	const page = await opened(browser, base);
	const stacked = names.filter((_, i) => i % 50 !== 49);
	const shows = (title, query, view, table, cell, expected) =>
		report.test(`hostile names: all in ${title}`, async () => {
			await page.goto(`${base}?${query}`);
			await settled(page, view);
			return missing(expected, await scrolled(page, table, cell));
		});

	await shows("top", "view=top", "top", ".top .table", "td.wide bdi", stacked);
	await shows("processes", "view=processes", "processes", ".processes .table", "td:first-child bdi", names);
	await shows("threads", "view=processes&of=threads", "processes", ".processes .table",
		"td:first-child bdi", names);
	await report.test("hostile names: all in SQL", async () => {
		const sql = "SELECT DISTINCT function FROM v_function WHERE kind = 'python'";

		await page.goto(`${base}?view=sql&sql=${encodeURIComponent(sql)}`);
		await settled(page, "sql");
		await page.locator(".result .table tbody tr").first().waitFor();
		return missing(stacked, await scrolled(page, ".result .table", "tbody tr:not(.gap) td:last-child"));
	});
	await quiet(browser, report, page, "tables");
}

// What only one name at a time is in: its lines, its sandwich, its filter.
async function alone(browser, report, base, names) {
	const page = await opened(browser, base);

	for (const name of ALONE.map((i) => names[i]))
		await report.test(`hostile names: ${JSON.stringify(name)} alone`, async () => {
			await page.goto(`${base}?view=sandwich&function=${encodeURIComponent(name)}&kind=python`);
			await settled(page, "sandwich").catch(() => page.locator(".sandwich .slice").waitFor());
			const title = await page.locator(".sandwich .slice .name").textContent();

			await page.goto(`${base}?view=lines&source=${encodeURIComponent(name)}`);
			await settled(page, "lines");
			const file = await page.locator(".lines .caption bdi").textContent();

			await page.goto(`${base}?view=flame&process=${encodeURIComponent(name)}&q=${encodeURIComponent(name)}`);
			await page.locator(".chip").first().waitFor();
			return missing([name], [title]) ?? missing([name], [file]);
		});
	// A process of that name there is not: names are patterns, too.
	page.wrong = page.wrong.filter((line) => !/status of 4\d\d/.test(line));
	await quiet(browser, report, page, "alone");
}

async function graph(browser, report, address, name) {
	const page = await opened(browser, address);

	await report.test(`hostile names: pointed at, ${name}`, async () => {
		await page.goto(address);
		const canvas = page.locator(".flame-graph canvas, .flame canvas").first();

		await canvas.waitFor();
		const box = await canvas.boundingBox();

		for (let i = 0; i < 40; i++)
			await page.mouse.move(box.x + (i + 0.5) / 40 * box.width, box.y + 30 + i % 3 * 20);
		await page.mouse.click(box.x + 40, box.y + 50, { button: "right" });
		await page.getByRole("menu").first().waitFor();
		await page.keyboard.press("Escape");
	});
	await quiet(browser, report, page, name);
}

const SINKS = {
	"markup": () => { document.body.innerHTML = "<b>x</b>"; },
	"a script's text": () => { document.createElement("script").text = "1"; },
	"a script's address": () => { document.createElement("script").src = "app.js"; },
	"a policy of its own": () => trustedTypes.createPolicy("default", {}),
};

// Text cannot become markup or script, whoever should try.
async function sinks(browser, report, base) {
	const page = await opened(browser, base);

	await page.goto(base);
	for (const [name, sink] of Object.entries(SINKS))
		await report.test(`hostile names: text is not ${name}`, async () => {
			const error = await page.evaluate(sink).then(() => null, ({ message }) => message);

			return error?.includes("TypeError") ? null : `it was: ${error}`;
		});
	await page.context().close();
}

export async function hostile(browser, report, { hostile: base, hostileProfile, hostileNames, brindle }) {
	if (!base) {
		report.skip("hostile names", "make tests/schema/show/make_hostile");
		return;
	}
	const names = JSON.parse(readFileSync(hostileNames, "utf8"));
	const html = join(hostileNames, "../hostile.html");

	for (const at of LOOKS)
		await everyView(browser, report, base, at);
	await tables(browser, report, base, names);
	await alone(browser, report, base, names);
	await sinks(browser, report, base);
	await graph(browser, report, `${base}?view=flame`, "the graph");
	execFileSync(brindle, ["export", "--format", "html", "--output", html, hostileProfile]);
	await graph(browser, report, pathToFileURL(html).href, "the exported page");
}
