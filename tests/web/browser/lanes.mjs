// SPDX-License-Identifier: Apache-2.0
// The timeline as lanes, by mouse and on a phone; and how far back a store
// goes, of what it may.
import { settled } from "./harness.mjs";

const must = (condition, words) => condition ? null : words;
const parameters = (page) => new URL(page.url()).searchParams;
const button = (page) => page.getByRole("button", { name: "Lanes", exact: true });
const heightOf = async (page) => (await page.locator(".plot canvas").boundingBox()).height;

async function opened(browser, base, query, view, at) {
	const page = await browser.page(base, at);

	await page.goto(`${base.replace(/\/$/, "")}/?${query}`);
	await settled(page, view);
	await page.locator(".plot canvas").waitFor();
	return page;
}

// How many colours, other than those of the paper, stand in column @x.
async function colorsAt(page, share) {
	return page.locator(".plot canvas").evaluate((canvas, at) => {
		const { width, height } = canvas;
		const { data } = canvas.getContext("2d")
			.getImageData(Math.round(width * at), 0, 1, height);
		const seen = new Set();

		for (let i = 0; i < data.length; i += 4)
			seen.add(data[i + 3] === 255 ? `${data[i]},${data[i + 1]},${data[i + 2]}` : "");
		return seen.size;
	}, share);
}

async function byMouse(browser, report, base) {
	const page = await opened(browser, base, "", "overview");

	await report.test("the timeline becomes lanes, and its address keeps that", async () => {
		await button(page).click();
		await page.locator(".timeline.lanes canvas[aria-label*='a lane for each']").waitFor();
		await page.reload();
		await page.locator(".timeline.lanes canvas[aria-label*='a lane for each']").waitFor();
		await browser.shot(page, "lanes-1400");
		return must(parameters(page).get("lanes") && await colorsAt(page, 0.5) > 1, "nothing is drawn");
	});
	await report.test("lanes tell what was when", async () => {
		const box = await page.locator(".plot canvas").boundingBox();

		await page.locator(".legend .when", { hasText: "All shown" }).waitFor();
		await page.mouse.move(box.x + box.width / 2, box.y + 10);
		await page.locator(".legend .when", { hasText: "CET" }).waitFor();
	});
	await report.test("dragging over lanes chooses a range", async () => {
		const box = await page.locator(".plot canvas").boundingBox();

		await page.mouse.move(box.x + box.width * 0.4, box.y + 10);
		await page.mouse.down();
		await page.mouse.move(box.x + box.width * 0.7, box.y + 10, { steps: 4 });
		await page.mouse.up();
		await page.waitForFunction(() => location.search.includes("to=@"));
		await page.locator(".plot canvas").focus();
		const before = parameters(page).get("from");

		await page.keyboard.press("ArrowRight");
		await page.waitForFunction((from) =>
			new URL(location.href).searchParams.get("from") !== from, before);
	});
	await report.test("of one process there is a lane for each thread", async () => {
		const asked = page.waitForRequest((request) => request.url().includes("by=thread"));

		await page.locator(".legend button.name").first().click();
		await asked;
		await page.locator("canvas[aria-label*='by thread']").waitFor();
		await page.locator(".legend button.name").first().click();
		await page.waitForFunction(() => new URL(location.href).searchParams.has("thread"));
	});
	await report.test("lanes follow to other views, and go", async () => {
		await page.goto(`${base.replace(/\/$/, "")}/?view=top&lanes=yes`);
		await page.locator(".timeline.lanes canvas").waitFor();
		const found = await browser.serious(page);

		await button(page).click();
		await page.locator(".timeline.lanes").waitFor({ state: "detached" });
		return must(!parameters(page).has("lanes") && await heightOf(page) < 70 && !found.length,
			`${page.url()} ${found.join("\n")}`);
	});
	await report.test("lanes, quietly", async () => {
		const said = await browser.complaints(page);

		return said.length ? said.join("\n") : null;
	});
	await page.context().close();
}

async function onPhone(browser, report, base) {
	const page = await browser.page(base, { width: 390, height: 844 });

	await report.test("a phone shows fewer lanes", async () => {
		const asked = page.waitForRequest((request) => /timeline\?.*rows=5/.test(request.url()));

		await page.goto(`${base.replace(/\/$/, "")}/?lanes=yes`);
		await asked;
		await page.locator(".timeline.lanes canvas").waitFor();
		await settled(page, "overview");
		await browser.shot(page, "lanes-390");
		const wide = await page.evaluate(() =>
			document.documentElement.scrollWidth - document.documentElement.clientWidth);

		return must(wide <= 0, `${wide} px too wide`);
	});
	await page.context().close();
}

async function howFarBack(browser, report, base) {
	const page = await browser.page(base);

	await report.test("a store says how full it is, and how far back it goes", async () => {
		await page.goto(`${base.replace(/\/$/, "")}/?view=health`);
		await settled(page, "health");
		await page.locator(".store tr", { hasText: /Database.* of 2\.0 GiB/ }).waitFor();
		await page.locator(".store tr", { hasText: /Single samples.* of 1 day/ }).waitFor();
		await page.locator(".store tr", { hasText: /Sums of 10 s.* of 30 days/ }).waitFor();
		await page.locator(".store tr", { hasText: /Sums of 10 min.* of \d+ days/ }).waitFor();
		await browser.shot(page, "live-store-1400");
		const found = await browser.serious(page);

		return must(await page.locator(".store meter").count() === 4 && !found.length, found.join("\n"));
	});
	await page.context().close();
}

export async function lanes(browser, report, { recording, live }) {
	await byMouse(browser, report, recording);
	await onPhone(browser, report, recording);
	if (live)
		await howFarBack(browser, report, live);
	else
		report.skip("how far back a store goes", "only root has a daemon here");
}
