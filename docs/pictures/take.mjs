// SPDX-License-Identifier: Apache-2.0
// See make.sh, which records what there is to be seen and serves it. Each
// picture is an address: what docs/dashboard.md tells of it is said here.
import { Browser, options, settled } from "../../tests/web/browser/harness.mjs";

const START_US = 4e6; // of the service, until its visitors are all there
const CHANGE_US = 16e6; // from there, until they are after something else
const RANGE_US = 36e6;
const BELOW = `WITH RECURSIVE below(id, parent_id, name, kind, self) AS (
  SELECT callsite_id, NULL, function, kind, self_samples
  FROM v_callsite WHERE function = :name AND event = 'cpu-clock'
  UNION ALL
  SELECT c.callsite_id, c.parent_id, c.function, c.kind, c.self_samples
  FROM below JOIN v_callsite AS c ON c.parent_id = below.id)
SELECT * FROM below`;

const at = (us) => `@${(us / 1e6).toFixed(3)}`;

/** Name, view, its parameters, and how it looks. */
function pictures(from, source) {
	const range = { from: at(from), to: at(from + RANGE_US) };
	const python = { drop: "interpreter" };

	return [
		["dashboard", "overview", { ...range, ...python, process: "shop" }, { height: 960 }],
		["dashboard-flame", "flame", { ...range, ...python, q: "relevance" },
		 { height: 860, theme: "dark" }],
		["dashboard-diff", "diff", { ...python, a_from: at(from), a_to: at(from + CHANGE_US),
			b_from: at(from + CHANGE_US), b_to: range.to }, {}],
		["dashboard-sandwich", "sandwich", { ...range, ...python, function: "relevance" }, {}],
		["dashboard-lines", "lines", { ...range, source }, {}],
		["dashboard-sql", "sql", { sql: BELOW, ":name": "Flask.dispatch_request", of: "flame" },
		 { height: 860, theme: "dark" }],
	];
}

const said = options();
const browser = await Browser.start(said);
const status = await (await fetch(new URL("/api/v1/status", said.base))).json();

for (const [name, view, parameters, look] of
	pictures(status.range.from_us + START_US, said.source)) {
	const page = await browser.page(said.base, { width: 1400, height: 820, ...look });
	const address = new URL(said.base);

	address.search = new URLSearchParams({ view, ...parameters });
	await page.goto(address.href);
	if (view === "sandwich")
		await page.locator(".sandwich .graph").nth(1).locator("canvas").first().waitFor();
	else
		await settled(page, view);
	if (view === "sql")
		await page.locator(".result .flame canvas").first().waitFor();
	// What is drawn late: a frame of the canvas, the editor's colours.
	await page.waitForTimeout(1500);
	await browser.shot(page, name);
	const wrong = await browser.complaints(page);

	if (wrong.length)
		throw new Error(`${name}: ${wrong.join("; ")}`);
	await page.context().close();
	console.log(`${said.screenshots}/${name}.png`);
}
await browser.close();
