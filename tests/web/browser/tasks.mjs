// SPDX-License-Identifier: Apache-2.0
// Whole tasks, view by view: what one view says leads on to the next, and each
// step is an address that shows the same when it is opened again.
import { settled } from "./harness.mjs";

const must = (condition, words) => condition ? null : words;
const parameters = (page) => new URL(page.url()).searchParams;

function at(base, query) {
	return `${base.replace(/\/$/, "")}/?${query}`;
}

async function filters(report, page, base) {
	await report.test("suggestions are walked through by arrow keys", async () => {
		await page.goto(at(base, "view=top"));
		await settled(page, "top");
		await page.keyboard.press("+");
		await page.getByRole("button", { name: "Process …" }).waitFor();
		await page.keyboard.press("Enter");
		await page.locator(".suggestions button").first().waitFor();
		await page.getByRole("textbox", { name: "Process" }).focus();
		await page.keyboard.press("ArrowDown");
		await page.keyboard.press("Enter");
		await page.locator(".chip", { hasText: "Process" }).waitFor();
		return must(parameters(page).get("process"), page.url());
	});
	await report.test("a click on a chip changes it", async () => {
		await page.goto(at(base, "view=top&show=fibonacci"));
		await settled(page, "top");
		await page.locator(".chip", { hasText: "fibonacci" }).getByRole("button").first().click();
		await page.getByRole("textbox", { name: "Only stacks with" }).fill("/^enc/");
		await page.keyboard.press("Enter");
		await page.locator(".chip", { hasText: "/^enc/" }).waitFor();
		await page.locator(".top tbody", { hasText: "encode" }).waitFor();
		return must(parameters(page).get("show") === "/^enc/", page.url());
	});
	await report.test("what is no pattern is said in words", async () => {
		await page.goto(at(base, "view=top&show=/(/"));
		const said = await page.locator(".top [role=alert]").textContent();

		page.wrong = page.wrong.filter((line) => !line.includes("400"));
		return must(/show.*Unmatched/.test(said), said);
	});
}

async function functions(report, page, base) {
	await report.test("top leads to the graph, where all of it is found", async () => {
		await page.goto(at(base, "view=top"));
		await settled(page, "top");
		await page.locator("tr", { has: page.getByRole("button", { name: "fibonacci", exact: true }) }).first()
			.getByRole("button", { name: "in the graph" }).click();
		await settled(page, "flame");
		return must(parameters(page).get("q") === "/^fibonacci$/", page.url());
	});
	await report.test("lines lead to the callers of their function", async () => {
		await page.goto(at(base, "view=lines"));
		await settled(page, "lines");
		await page.locator(".files button", { hasText: "workload.py" }).click();
		await page.locator(".source .owner button", { hasText: "fibonacci" }).first().click();
		await page.locator(".sandwich .slice .name", { hasText: "fibonacci" }).waitFor();
	});
	await report.test("o opens the source of the selected box", async () => {
		await page.goto(at(base, "view=flame&show=fibonacci&only=python"));
		await settled(page, "flame");
		await page.locator(".flame-stage").first().focus();
		await page.keyboard.press("ArrowDown");
		await page.keyboard.press("o");
		await settled(page, "lines");
		return must(parameters(page).get("source")?.endsWith("workload.py"), page.url());
	});
	await report.test("before and after stand side by side", async () => {
		await page.goto(at(base, "view=diff"));
		await page.getByRole("button", { name: /two halves/ }).click();
		await page.getByRole("button", { name: "Side by side" }).click();
		await page.locator(".beside .before canvas").first().waitFor();
		await page.reload();
		await page.locator(".beside .after canvas").first().waitFor();
	});
}

// What a box is, and what colours mean: chosen, kept, and left out by.
async function groups(report, page, base) {
	const legend = (name) => page.getByRole("group", { name });
	const choose = async (label) => {
		await page.getByRole("button", { name: "Frames ▾" }).click();
		await page.getByRole("menuitemcheckbox", { name: label }).click();
	};

	await report.test("boxes become files, and stay so", async () => {
		await page.goto(at(base, "view=flame"));
		await settled(page, "flame");
		await choose("Boxes are files");
		await page.waitForFunction(() => new URL(location.href).searchParams.get("grain") === "file");
		await page.goto(page.url() + "&q=/workload.py$/");
		await page.locator(".flame-found", { hasText: "of all, 1 function" }).waitFor();
		await page.keyboard.press("n");
		await page.locator(".flame-name", { hasText: /\/workload\.py$/ }).waitFor();
	});
	await report.test("boxes become binaries", async () => {
		await choose("Boxes are binaries");
		await page.waitForFunction(() => new URL(location.href).searchParams.get("grain") === "module");
		await page.locator(".flame-query").fill("[python]");
		await page.locator(".flame-found", { hasText: "of all, 1 function" }).waitFor();
		await choose("Boxes are functions");
		await page.waitForFunction(() => !new URL(location.href).searchParams.has("grain"));
	});
	await report.test("colours are files, whose frames the legend leaves out", async () => {
		await page.goto(at(base, "view=flame"));
		await settled(page, "flame");
		const picture = () => page.locator(".flame-graph canvas").evaluate((canvas) => canvas.toDataURL());
		const before = await picture();

		await choose("Colour by file");
		const button = legend("Files shown").getByRole("button", { name: "workload.py" });

		await button.waitFor();
		if (await picture() === before)
			return "the same colours";
		await button.click();
		await page.locator(".flame-legend button[aria-pressed=false]", { hasText: "workload.py" }).waitFor();
		await page.getByRole("button", { name: "Take back: without workload.py" }).waitFor();
		await page.waitForFunction(() => location.search.includes("color=file"));
		await page.reload();
		await page.locator(".flame-legend button[aria-pressed=false]", { hasText: "workload.py" }).click();
		await page.waitForFunction(() => !new URL(location.href).searchParams.has("do"));
		return must(await button.getAttribute("aria-pressed") === "true", "still left out");
	});
	await report.test("colours are binaries; all of them can be reached", async () => {
		await choose("Colour by binary");
		await legend("Binaries shown").getByRole("button", { name: "[python]" }).waitFor();
		const more = legend("Binaries shown").getByRole("button", { name: / more/ });

		if (await more.count()) {
			await more.click();
			await page.getByRole("menuitemcheckbox").first().waitFor();
			await page.keyboard.press("Escape");
		}
		await choose("Colour by kind");
		await legend("Kinds of frames shown").waitFor();
	});
	await report.test("a table comes when it is asked for", async () => {
		await page.goto(at(base, "view=flame&grain=file&as=functions"));
		await page.locator(".flame-functions td.function", { hasText: "workload.py" }).first().waitFor();
	});
}

async function labels(report, page, base) {
	await report.test("rows at the root are by label, and stay so", async () => {
		await page.goto(at(base, "view=flame"));
		await settled(page, "flame");
		await page.getByRole("combobox", { name: "Group by" }).selectOption("python");
		await page.waitForFunction(() => new URL(location.href).searchParams.get("group") === "python");
		await page.goto(page.url() + "&q=/^Python 3/");
		await page.locator(".flame-found", { hasText: "of all, 1 function" }).waitFor();
		await page.getByRole("button", { name: "Export" }).click();
		const folded = await page.getByRole("link", { name: "Folded stacks" }).getAttribute("href");
		const text = await (await page.request.get(new URL(folded, base).href)).text();

		return must(/^Python 3\.\d+;/m.test(text), text.slice(0, 200));
	});
	await report.test("a row by label becomes a filter", async () => {
		await page.goto(at(base, "view=flame&group=pid&q=/^python3.* \\(/"));
		await page.locator(".flame-found", { hasText: /of all, / }).waitFor();
		await page.keyboard.press("n");
		await page.locator(".flame-name", { hasText: /^python3.* \(\d+\)$/ }).waitFor();
		await page.keyboard.press("m");
		if (await page.getByRole("menuitem", { name: /^Focus/ }).count())
			return "it is taken for a function";
		await page.getByRole("menuitem", { name: "Only these samples" }).click();
		await page.waitForFunction(() => /^\d+$/.test(new URL(location.href).searchParams.get("process")));
		await page.locator(".chip", { hasText: /Process\s*\d+/ }).waitFor();
	});
	await report.test("a frame becomes a filter of all views", async () => {
		await page.goto(at(base, "view=flame&q=/^encode$/"));
		await page.locator(".flame-found", { hasText: /of all, / }).waitFor();
		await page.keyboard.press("n");
		await page.locator(".flame-name", { hasText: /^encode$/ }).waitFor();
		await page.keyboard.press("m");
		await page.getByRole("menuitem", { name: "Only stacks with this, in all views" }).click();
		await page.locator(".chip", { hasText: /Only stacks with\s*encode/ }).waitFor();
	});
	await report.test("boxes become lines, which lead to their functions", async () => {
		await page.goto(at(base, "view=flame"));
		await settled(page, "flame");
		await page.getByRole("button", { name: "Frames ▾" }).click();
		await page.getByRole("menuitemcheckbox", { name: "Boxes are lines" }).click();
		await page.waitForFunction(() => new URL(location.href).searchParams.get("grain") === "line");
		await page.goto(page.url() + "&q=/^fibonacci:/");
		await page.locator(".flame-found", { hasText: /of all, \d/ }).waitFor();
		await page.keyboard.press("n");
		await page.locator(".flame-name", { hasText: /^fibonacci:\d+$/ }).waitFor();
		await page.keyboard.press("x");
		await page.waitForFunction(() => new URL(location.href).searchParams.get("function") === "fibonacci");
	});
	await report.test("a view without stacks does not ask for them", async () => {
		await page.goto(at(base, "view=top&group=python"));
		await settled(page, "top");
		return must(await page.getByRole("combobox", { name: "Group by" }).count() === 0, "it asks");
	});
}

async function processes(report, page, base) {
	await report.test("processes are found by their command", async () => {
		await page.goto(at(base, "view=processes"));
		await settled(page, "processes");
		await page.getByRole("searchbox", { name: "Find a process" }).fill("workload.py");
		await page.waitForFunction(() => [...document.querySelectorAll(".processes tbody tr:not(.gap)")]
			.every((row) => row.textContent.includes("workload.py")));
	});
	await report.test("the main thread is marked, and leads to its chart", async () => {
		await page.goto(at(base, "view=processes&of=threads"));
		await settled(page, "processes");
		await page.locator("td button", { hasText: "main" }).first().click();
		await settled(page, "chart");
		return must(parameters(page).get("pid") === parameters(page).get("tid"), page.url());
	});
	await report.test("who waits for the lock leads on, too", async () => {
		await page.goto(at(base, "view=waits"));
		await settled(page, "waits");
		await page.getByRole("button", { name: "Held" }).click();
		await page.locator("th[aria-sort=descending]", { hasText: "Held" }).waitFor();
		await page.locator(".waits .table tbody td button").first().click();
		await settled(page, "chart");
	});
}

// Colours that are no grey, of what is drawn.
const huesOf = (canvas) => canvas.evaluate((element) => {
	const { width, height } = element;
	const { data } = element.getContext("2d").getImageData(0, 0, width, height);
	const seen = new Set();

	for (let i = 0; i < data.length; i += 4) {
		const color = [...data.subarray(i, i + 3)];

		if (Math.max(...color) - Math.min(...color) > 40)
			seen.add(color.join());
	}
	return seen.size;
});

async function queries(report, page, base) {
	const sql = "SELECT function FROM v_function WHERE function = :name AND self_samples > :least";

	await report.test("an empty editor's page offers something to begin with", async () => {
		await page.goto(at(base, "view=sql"));
		await settled(page, "sql");
		await page.getByRole("button", { name: "A flame graph of all stacks" }).click();
		await page.locator(".result .flame canvas").first().waitFor();
	});
	await report.test("a graph of rows of no kind is not grey", async () => {
		const kindless = "SELECT callsite_id AS id, parent_id, function AS name, " +
			"self_samples AS self FROM v_callsite";
		const canvas = page.locator(".result .flame canvas").first();

		await page.goto(at(base, `view=sql&of=flame&sql=${encodeURIComponent(kindless)}`));
		await canvas.waitFor();
		await page.waitForFunction(() => /total 100/.test(
			document.querySelector(".flame-numbers")?.textContent));
		for (let tries = 0; await huesOf(canvas) < 6; tries++) {
			if (tries === 20)
				return `${await huesOf(canvas)} hues`;
			await page.waitForTimeout(100);
		}
		// Filters are not for what a query found.
		await canvas.click({ button: "right", position: { x: 60, y: 30 } });
		await page.getByRole("menuitem", { name: "Zoom in" }).waitFor();
		return must(!await page.getByRole("menuitem", { name: /in all views/ }).count(), "filters");
	});
	await report.test("parameters of a query are in its address", async () => {
		await page.goto(at(base, `view=sql&sql=${encodeURIComponent(sql)}`));
		await page.locator(".parameters input").first().fill("fibonacci");
		await page.locator(".parameters input").last().fill("0");
		await page.keyboard.press("Enter");
		await page.locator(".result td", { hasText: "fibonacci" }).waitFor();
		await page.reload();
		await page.locator(".result td", { hasText: "fibonacci" }).waitFor();
		const [download] = await Promise.all([page.waitForEvent("download"),
			page.getByRole("link", { name: "CSV" }).click()]);

		return must(parameters(page).get(":name") === "fibonacci" &&
			new URL(download.url()).searchParams.get(":name") === "fibonacci", download.url());
	});
	await report.test("a query is saved by name, and forgotten", async () => {
		await page.getByRole("button", { name: "Save …" }).click();
		await page.getByRole("textbox", { name: "Name of the query" }).fill("mine");
		await page.keyboard.press("Enter");
		await page.goto(at(base, "view=sql"));
		await settled(page, "sql");
		await page.getByRole("button", { name: "Saved", exact: true }).click();
		await page.getByRole("button", { name: "mine", exact: true }).click();
		await page.locator(".cm-content", { hasText: ":least" }).waitFor();
		await page.getByRole("button", { name: "Forget mine" }).click();
		await page.getByText("Nothing saved yet").waitFor();
	});
	await report.test("other views do not keep a query's parameters", async () => {
		await page.goto(at(base, `view=sql&sql=${encodeURIComponent(sql)}&:name=fibonacci&:least=0`));
		await page.locator(".result td", { hasText: "fibonacci" }).waitFor();
		await page.getByRole("link", { name: "Top", exact: true }).click();
		await settled(page, "top");
		return must(!page.url().includes(":name"), page.url());
	});
}

async function paused(browser, report, base) {
	const page = await browser.page(base);

	await report.test("what stands still is a link to what stands still", async () => {
		await page.goto(at(base, "view=top"));
		await settled(page, "top");
		await page.keyboard.press(" ");
		await page.getByRole("button", { name: "Paused" }).waitFor();
		await page.reload();
		await page.getByRole("button", { name: "Paused" }).waitFor();
		await page.locator(".pick", { hasText: /until \d\d:\d\d:\d\d CET/ }).waitFor();
		return must(parameters(page).get("paused")?.startsWith("@"), page.url());
	});
	await page.context().close();
}

// Whatever is said of its health, and while it is live.
async function header(browser, report, base) {
	const page = await browser.page(base, { width: 390, height: 844 });

	await report.test("a phone's header is two lines", async () => {
		await page.route("**/api/v1/events*", (route) => route.abort());
		await page.route("**/api/v1/status*", async (route) => {
			const said = await (await route.fetch()).json();

			await route.fulfill({ json: { ...said, level: "bad",
				problems: ["46.6 % of the Python samples are not proven", "b", "c"] } });
		});
		await page.goto(at(base, "view=top"));
		await settled(page, "top");
		await page.locator(".health.bad", { hasText: "46.6 %" }).waitFor();
		const { height } = await page.locator("header.top").boundingBox();

		return must(height < 90, `${height} px`);
	});
	await page.context().close();
}

async function phone(browser, report, base) {
	const page = await browser.page(base, { width: 390, height: 844 });

	await report.test("a phone shows the zone of its times", async () => {
		await page.goto(at(base, "view=top"));
		await settled(page, "top");
		await page.getByRole("button", { name: "CET" }).click();
		await page.getByRole("button", { name: "UTC" }).waitFor();
	});
	await report.test("a phone shows names of what is far down the tree", async () => {
		await page.goto(at(base, "view=tree"));
		await settled(page, "tree");
		await page.locator(".flame-tree td.function").nth(8).waitFor();
		const rooms = await page.locator(".flame-tree td.function").evaluateAll((cells) => cells.map((cell) =>
			cell.clientWidth - Number.parseFloat(getComputedStyle(cell).paddingLeft)));

		return must(Math.min(...rooms) > 120, rooms.join(" "));
	});
	await page.context().close();
}

export async function tasks(browser, report, { recording, live }) {
	const page = await browser.page(recording);

	for (const suite of [filters, functions, groups, labels, processes, queries])
		await suite(report, page, recording);
	await report.test("tasks, quietly", async () => {
		const said = await browser.complaints(page);

		return said.length ? said.join("\n") : null;
	});
	await page.context().close();
	await phone(browser, report, recording);
	if (live) {
		await paused(browser, report, live);
		await header(browser, report, live);
	} else {
		report.skip("what stands still", "only root has a daemon here");
	}
}
