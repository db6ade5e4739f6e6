// SPDX-License-Identifier: Apache-2.0
// What a person does: choose a range, filter, search, zoom, run SQL, sign in;
// by mouse, and by keyboard alone.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { settled } from "./harness.mjs";

// By `go tool pprof`, where there is one.
function goReads(path, name) {
	const { error, status, stdout, stderr } = spawnSync("go", ["tool", "pprof", "-top", path], {
		encoding: "utf8", env: { ...process.env, PPROF_TMPDIR: tmpdir() } });

	return error || (status === 0 && stdout.includes(name)) ? null : stdout + stderr;
}

const must = (condition, words) => condition ? null : words;

async function opened(browser, base, query, view, at) {
	const page = await browser.page(base, at);

	await page.goto(`${base.replace(/\/$/, "")}/?${query}`);
	await settled(page, view);
	return page;
}

function parameters(page) {
	return new URL(page.url()).searchParams;
}

const FIELDS = [
	["the graph's search", "view=flame", "flame", ".flame-query"],
	["functions", "view=top", "top", ".top .find"],
	["the sandwich", "view=sandwich", "sandwich", ".narrow .find"],
	["recipes", "view=sql", "sql", ".sql .find"],
	["the editor", "view=sql", "sql", ".editor .cm-content"],
	["a comparison", "view=diff&a_from=-1h&b_from=-1h", "diff", ".side.before label:has-text('process') input"],
];

const typedIn = (field) => field.evaluate((element) =>
	element.value ?? [...element.querySelectorAll(".cm-line")].map((line) => line.textContent).join("\n"));

// A page that is drawn late, and anew for other reasons, undoes no letter.
async function slowly(browser, report, base) {
	for (const [name, query, view, where] of FIELDS)
		await report.test(`what is typed slowly is kept: ${name}`, async () => {
			const page = await opened(browser, base, query, view);
			const devtools = await page.context().newCDPSession(page);
			const field = page.locator(where);

			if (view === "diff")
				await page.locator(".side.before").getByRole("button", { name: "More" }).click();
			await field.click();
			await page.keyboard.press("Control+A");
			await devtools.send("Emulation.setCPUThrottlingRate", { rate: 20 });
			await page.keyboard.type("fibonacci", { delay: 30 });
			if (where.includes("cm-content"))
				await page.keyboard.press("Control+Enter");
			await page.evaluate(() => {
				history.replaceState(null, "", `${location.href}&x=1`);
				dispatchEvent(new PopStateEvent("popstate"));
			});
			await page.keyboard.type("_again", { delay: 30 });
			await devtools.send("Emulation.setCPUThrottlingRate", { rate: 1 });
			await page.evaluate(() => new Promise((done) =>
				requestAnimationFrame(() => requestAnimationFrame(done))));
			const typed = await typedIn(field);

			await page.context().close();
			return must(typed === "fibonacci_again", typed);
		});
}

async function byMouse(browser, report, base) {
	const page = await opened(browser, base, "view=top", "top");

	await report.test("dragging on the timeline chooses a range", async () => {
		const box = await page.locator(".plot canvas").boundingBox();
		const before = await page.locator(".top output").textContent();

		await page.mouse.move(box.x + box.width * 0.3, box.y + 20);
		await page.mouse.down();
		await page.mouse.move(box.x + box.width * 0.6, box.y + 20, { steps: 4 });
		await page.mouse.up();
		await page.waitForFunction((text) => document.querySelector(".top output").textContent !== text, before);
		return must(parameters(page).get("from")?.startsWith("@") && parameters(page).get("to"), page.url());
	});
	await report.test("back takes the range back", async () => {
		await page.goBack();
		await page.waitForFunction(() => !location.search.includes("from="));
	});
	await report.test("a filter is a chip, and goes by its cross", async () => {
		await page.getByRole("button", { name: "+ Filter" }).click();
		await page.getByRole("button", { name: "Only stacks with …" }).click();
		await page.getByLabel("Only stacks with").fill("fibonacci");
		await page.keyboard.press("Enter");
		await page.locator(".chip", { hasText: "fibonacci" }).waitFor();
		await page.waitForFunction(() => document.querySelector(".top tbody")?.textContent.includes("fibonacci"));
		const shown = parameters(page).get("show");

		await page.getByRole("button", { name: "Remove Only stacks with fibonacci" }).click();
		await page.locator(".chip").waitFor({ state: "detached" });
		return must(shown === "fibonacci" && !parameters(page).has("show"), page.url());
	});
	await report.test("suggestions of threads come from the profile", async () => {
		await page.getByRole("button", { name: "+ Filter" }).click();
		await page.getByRole("button", { name: "Thread …" }).click();
		await page.locator(".suggestions button").first().click();
		return must(parameters(page).get("thread"), page.url());
	});
	await page.goto(`${base.replace(/\/$/, "")}/?view=top`);
	await settled(page, "top");
	await report.test("a function opens its sandwich", async () => {
		await page.getByRole("button", { name: "fibonacci", exact: true }).first().click();
		await page.locator(".sandwich .slice .name", { hasText: "fibonacci" }).waitFor();
		return must(await page.locator(".sandwich > .graph").count() === 2, "not two graphs");
	});
	await report.test("sorting by a column turns around", async () => {
		await page.goto(`${base.replace(/\/$/, "")}/?view=top`);
		await settled(page, "top");
		await page.getByRole("button", { name: "Function", exact: true }).click();
		const first = await page.locator("tbody tr:not(.gap) td.wide").first().textContent();

		await page.locator("th button", { hasText: "Function" }).click();
		await page.waitForFunction((text) =>
			document.querySelector("tbody tr:not(.gap) td.wide").textContent !== text, first);
	});
	await report.test("the two halves are compared", async () => {
		await page.goto(`${base.replace(/\/$/, "")}/?view=diff`);
		await page.getByRole("button", { name: /two halves/ }).click();
		await page.locator(".diff .graph canvas").first().waitFor();
		await page.getByRole("button", { name: "Functions", exact: true }).first().click();
		await page.locator(".diff .table tbody tr").first().waitFor();
	});
	await report.test("a cell of the heat map opens as a graph", async () => {
		await page.goto(`${base.replace(/\/$/, "")}/?view=heat`);
		await settled(page, "heat");
		await page.locator(".heat canvas").click({ position: { x: 30, y: 120 } });
		await page.locator("main.flame").waitFor();
		return must(parameters(page).get("from"), page.url());
	});
	await report.test("exports are downloads of what is chosen", async () => {
		await page.goto(`${base.replace(/\/$/, "")}/?view=top&show=fibonacci`);
		await settled(page, "top");
		await page.getByRole("button", { name: "Export" }).click();
		const [download] = await Promise.all([page.waitForEvent("download"),
			page.getByRole("link", { name: /Folded/ }).click()]);

		return must(download.url().includes("show=fibonacci"), download.url());
	});
	await report.test("steering by mouse, quietly", async () => {
		const said = await browser.complaints(page);

		return said.length ? said.join("\n") : null;
	});
	await page.context().close();
}

async function byKeyboard(browser, report, base) {
	const page = await opened(browser, base, "", "overview");

	await report.test("digits choose views", async () => {
		await page.keyboard.press("3");
		await settled(page, "top");
		await page.keyboard.press("2");
		await settled(page, "flame");
	});
	await report.test("g and a letter choose all of them", async () => {
		for (const [letter, view] of [["e", "health"], ["w", "waits"], ["q", "sql"]]) {
			await page.keyboard.press("g");
			await page.keyboard.press(letter);
			await settled(page, view);
		}
		await page.locator("main").click();
		await page.keyboard.press("g");
		await page.keyboard.press("f");
		await settled(page, "flame");
		// Without g it is the graph's own.
		await page.keyboard.press("h");
		return must(!page.url().includes("view=heat"), page.url());
	});
	await report.test("? helps, Escape ends it, g g changes colours", async () => {
		await page.keyboard.press("?");
		await page.getByRole("row", { name: "g e Health" }).waitFor();
		await page.getByRole("dialog", { name: "Reading and steering" }).waitFor();
		await page.keyboard.press("Escape");
		await page.getByRole("dialog", { name: "Reading and steering" }).waitFor({ state: "hidden" });
		await page.keyboard.press("g");
		await page.keyboard.press("g");
		return must(await page.evaluate(() => document.documentElement.dataset.theme) === "light", "not light");
	});
	await report.test("/ searches the graph, the URL keeps it", async () => {
		await settled(page, "flame");
		await page.keyboard.press("/");
		await page.locator(".flame-query:focus").waitFor();
		await page.keyboard.type("fibonacci");
		await page.keyboard.press("Enter");
		await page.waitForFunction(() => new URL(location.href).searchParams.get("q") === "fibonacci");
		await page.reload();
		await settled(page, "flame");
		return must(await page.locator(".flame-query").inputValue() === "fibonacci", "not searched again");
	});
	await report.test("arrows and Enter zoom, Escape comes out", async () => {
		await page.goto(`${base.replace(/\/$/, "")}/?view=flame`);
		await settled(page, "flame");
		await page.locator(".flame-graph [tabindex='0'], .flame-stage").first().focus();
		for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "Enter"])
			await page.keyboard.press(key);
		await page.waitForFunction(() => new URL(location.href).searchParams.has("zoom"));
		await page.keyboard.press("Backspace");
		await page.keyboard.press("0");
		await page.waitForFunction(() => !new URL(location.href).searchParams.has("zoom"));
	});
	await report.test("the timeline's range moves by arrows", async () => {
		await page.locator(".plot canvas").focus();
		await page.keyboard.press("ArrowUp");
		await page.waitForFunction(() => location.search.includes("from=@"));
	});
	await report.test("typing in a field is no shortcut", async () => {
		await page.goto(`${base.replace(/\/$/, "")}/?view=top`);
		await settled(page, "top");
		await page.locator(".top .find").focus();
		await page.keyboard.type("3g?");
		return must(await page.locator("dialog[open]").count() === 0 &&
			parameters(page).get("view") === "top", "a shortcut");
	});
	await report.test("steering by keyboard, quietly", async () => {
		const said = await browser.complaints(page);

		return said.length ? said.join("\n") : null;
	});
	await page.context().close();
}

async function sql(browser, report, base) {
	const page = await opened(browser, base, "view=sql", "sql");
	const write = async (text) => {
		await page.locator(".editor .cm-content").click();
		await page.keyboard.press("Control+a");
		await page.keyboard.insertText(text);
	};

	await report.test("SQL runs by Ctrl-Enter and its URL shows it again", async () => {
		await write("SELECT function, self_samples FROM v_function ORDER BY 2 DESC LIMIT 5");
		await page.keyboard.press("Control+Enter");
		await page.locator(".result .table tbody tr").first().waitFor();
		await page.reload();
		await page.locator(".result .table tbody tr").first().waitFor();
		return must(parameters(page).get("sql")?.startsWith("SELECT function"), page.url());
	});
	await report.test("stack and value are a flame graph", async () => {
		await page.locator(".editor .cm-content").waitFor();
		await write("SELECT stack, samples AS value FROM v_folded");
		await page.keyboard.press("Control+Enter");
		await page.locator(".result .flame canvas").first().waitFor();
		await page.getByRole("button", { name: "Table", exact: true }).click();
		await page.locator(".result .table tbody tr").first().waitFor();
	});
	await report.test("stack and value are saved as pprof", async () => {
		const [download] = await Promise.all([page.waitForEvent("download"),
			page.getByRole("button", { name: "pprof", exact: true }).click()]);
		const path = await download.path();

		return must(readFileSync(path).includes("fibonacci"), "no fibonacci in it") ?? goReads(path, "fibonacci");
	});
	await report.test("numbers over time are lines", async () => {
		await write("SELECT wall_ns / 100000000 * 100000 AS time_us, count(*) AS samples FROM v_sample GROUP BY 1");
		await page.keyboard.press("Control+Enter");
		await page.locator(".result-chart canvas").waitFor();
	});
	await report.test("what is wrong with a query is said", async () => {
		await write("SELECT a FROM nowhere");
		await page.keyboard.press("Control+Enter");
		await page.locator(".problem", { hasText: "nowhere" }).waitFor();
		page.wrong = page.wrong.filter((line) => !line.includes("400"));
	});
	await report.test("completion knows the tables", async () => {
		await write("SELECT * FROM v_fu");
		await page.keyboard.press("Control+Space");
		await page.locator(".cm-tooltip-autocomplete", { hasText: "v_function" }).waitFor();
		await page.keyboard.press("Escape");
	});
	await report.test("the cookbook fills the editor", async () => {
		await page.locator(".recipes button").first().click();
		await page.locator(".cm-content", { hasText: "SELECT" }).waitFor();
	});
	await report.test("SQL, quietly", async () => {
		const said = await browser.complaints(page);

		return said.length ? said.join("\n") : null;
	});
	await page.context().close();
}

async function access(browser, report, locked) {
	const page = await browser.page(locked);
	const { origin, hash } = new URL(locked);

	await report.test("without a token: how to get one, and nothing else", async () => {
		await page.goto(origin);
		await page.getByText("brindle open").waitFor();
		const text = await page.locator("body").textContent();

		await browser.shot(page, "login-1400-light");
		return must(!/python|fibonacci/i.test(text), text);
	});
	await report.test("a wrong token is refused in words", async () => {
		await page.getByLabel("Token").fill("wrong");
		await page.keyboard.press("Enter");
		await page.getByRole("alert").waitFor();
	});
	await report.test("the token of the address opens it, and leaves the address", async () => {
		await page.goto(origin + "/?view=top" + hash);
		await page.reload();
		await settled(page, "top");
		return must(!page.url().includes("token"), page.url());
	});
	await page.context().close();
}

async function live(browser, report, base) {
	const page = await opened(browser, base, "view=top", "top");

	await report.test("a live view goes on by itself", async () => {
		const before = await page.locator(".top output").textContent();

		// How soon is the machine's affair: busy, it rests between two answers.
		await page.waitForFunction((text) => document.querySelector(".top output").textContent !== text, before,
			{ timeout: 60000 });
	});
	await report.test("Space stops it, and starts it again", async () => {
		await page.keyboard.press(" ");
		await page.getByRole("button", { name: "Paused" }).waitFor();
		await page.waitForTimeout(500);
		await settled(page, "top");
		const before = await page.locator(".top output").textContent();

		await page.waitForTimeout(2500);
		const after = await page.locator(".top output").textContent();

		await page.keyboard.press(" ");
		await page.getByRole("button", { name: "Live" }).waitFor();
		return must(before === after, `${before} became ${after}`);
	});
	await page.context().close();
}

export async function steering(browser, report, addresses) {
	await byMouse(browser, report, addresses.recording);
	await slowly(browser, report, addresses.recording);
	await byKeyboard(browser, report, addresses.recording);
	await sql(browser, report, addresses.recording);
	await access(browser, report, addresses.locked);
	if (addresses.live)
		await live(browser, report, addresses.live);
	else
		report.skip("live steering", "only root has a daemon here");
}
