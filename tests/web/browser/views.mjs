// SPDX-License-Identifier: Apache-2.0
// Each view of a recording: it shows something, asks nobody else, breaks no
// policy, and everybody can read it.
import { turnTo, VIEWS } from "./harness.mjs";

const LOOKS = [
	{ width: 1400, height: 900, theme: "light" },
	{ width: 1400, height: 900, theme: "dark" },
	{ width: 390, height: 844, theme: "light" },
	{ width: 390, height: 844, theme: "dark" },
];

// Nothing but tables, graphs and code may be wider than the window.
async function overflow(page) {
	const width = await page.evaluate(() =>
		document.documentElement.scrollWidth - document.documentElement.clientWidth);

	return width > 0 ? `the page is ${width} px wider than the window` : null;
}

async function look(browser, report, base, at, live) {
	const page = await browser.page(base, at);
	const name = (view) => `${live ? "live " : ""}${view} ${at.width} ${at.theme}`;

	await page.goto(base);
	for (const view of Object.keys(VIEWS)) {
		await report.test(name(view), async () => {
			await turnTo(page, view);
			await browser.shot(page, `${live ? "live-" : ""}${view}-${at.width}-${at.theme}`);
			return await overflow(page);
		});
		if (!live)
			await report.test(`${name(view)}: accessible`, async () => {
				const found = await browser.serious(page);

				return found.length ? found.join("\n") : null;
			});
	}
	await report.test(name("all views, quietly"), async () => {
		const said = await browser.complaints(page);

		return said.length ? said.join("\n") : null;
	});
	await page.context().close();
}

export async function views(browser, report, { recording, live }) {
	for (const at of LOOKS)
		await look(browser, report, recording, at, false);
	if (!live)
		report.skip("live views", "only root has a daemon here");
	else
		for (const at of LOOKS.slice(1, 3))
			await look(browser, report, live, at, true);
}
