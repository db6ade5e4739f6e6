// SPDX-License-Identifier: Apache-2.0
// A browser whose pages are watched: what they ask for, what they complain
// about, what their policy refuses. And the counting of checks.
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const WAIT_MS = 15000;

export function options() {
	const said = {};

	for (let i = 2; i < process.argv.length; i += 2)
		said[process.argv[i].replace(/^--/, "").replace(/-(.)/g, (_, letter) => letter.toUpperCase())] = process.argv[i + 1];
	return said;
}

export class Report {
	passed = 0;
	failed = 0;
	skipped = 0;

	/** One test: @check throws, or answers with what is wrong. */
	async test(name, check) {
		try {
			const wrong = await check();

			if (wrong)
				throw new Error(typeof wrong === "string" ? wrong : JSON.stringify(wrong));
			this.passed++;
			console.log(`ok ${name}`);
		} catch (error) {
			this.failed++;
			console.log(`FAIL ${name}: ${String(error.message ?? error).slice(0, 1500)}`);
		}
	}

	skip(name, why) {
		this.skipped++;
		console.log(`skip ${name}: ${why}`);
	}

	close() {
		console.log(`browser: ${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`);
		process.exitCode = this.failed ? 1 : 0;
	}
}

export class Browser {
	static async start({ chromium, ui, screenshots }) {
		const require = createRequire(join(ui, "package.json"));
		const self = new Browser();

		self.shots = screenshots;
		self.axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
		if (screenshots)
			mkdirSync(screenshots, { recursive: true });
		self.browser = await require("playwright-core").chromium.launch({
			executablePath: chromium,
			args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
		});
		return self;
	}

	/** A page of its own profile; what goes wrong is in page.wrong. */
	async page(base, { width = 1400, height = 900, theme = "light" } = {}) {
		const context = await this.browser.newContext({
			viewport: { width, height }, colorScheme: theme, timezoneId: "Europe/Berlin",
			reducedMotion: "reduce", acceptDownloads: true,
		});
		const page = await context.newPage();

		page.wrong = [];
		page.setDefaultTimeout(WAIT_MS);
		page.on("request", (request) => {
			const { protocol, origin } = new URL(request.url());

			if (origin !== new URL(base).origin && protocol !== "data:" && protocol !== "blob:")
				page.wrong.push(`asked for ${request.url()}`);
		});
		page.on("console", (message) => {
			if (message.type() === "error")
				page.wrong.push(`console: ${message.text()}`);
		});
		page.on("pageerror", (error) => page.wrong.push(`error: ${error.message}`));
		await page.addInitScript(() => {
			window.refused = [];
			document.addEventListener("securitypolicyviolation", (event) =>
				window.refused.push(`${event.violatedDirective} ${event.blockedURI}`));
		});
		return page;
	}

	async shot(page, name) {
		if (this.shots)
			await page.screenshot({ path: join(this.shots, `${name}.png`) });
	}

	/** What axe-core calls serious or critical. */
	async serious(page) {
		await page.evaluate(this.axe);
		const found = await page.evaluate(() => window.axe.run(document, {
			resultTypes: ["violations"],
			runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
		}));

		return found.violations.filter(({ impact }) => impact === "serious" || impact === "critical")
			.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) =>
				`${node.html.slice(0, 140)} [${node.failureSummary?.split("\n")[1] ?? ""}]`).join(" | ")}`);
	}

	/** Nothing was asked of others, refused by the policy, or complained of. */
	async complaints(page) {
		return [...page.wrong, ...await page.evaluate(() => window.refused)];
	}

	async close() {
		await this.browser.close();
	}
}

/** Every view, and what has to be there when it is. */
export const VIEWS = {
	overview: ".overview .plot canvas",
	flame: ".flame .flame-graph canvas",
	top: ".top .table tbody tr td",
	tree: ".tree .flame-tree [role=row], .tree .flame-tree tr",
	sandwich: ".sandwich .choices li",
	diff: ".diff .sides",
	chart: ".chart .flame canvas",
	heat: ".heat canvas",
	lines: ".lines .source tbody tr",
	processes: ".processes .table tbody tr td",
	waits: ".waits section",
	sql: ".sql .editor",
	health: ".health .pairs tr",
};

/** The view's content is there, and nothing is being asked. */
export async function settled(page, view) {
	await page.locator(`main.view.${view}`).waitFor();
	await page.locator(VIEWS[view].replaceAll(`.${view} `, `main.${view} `)).first()
		.waitFor({ state: "visible" });
	await page.waitForFunction(() => !document.querySelector("[aria-busy=true], .busy.on"));
}

/** By its tab, as people do. */
export async function turnTo(page, view) {
	await page.locator("nav[aria-label=Views] a").first().waitFor({ state: "attached" });
	await page.evaluate((to) => {
		const tab = [...document.querySelectorAll("nav[aria-label=Views] a")]
			.find((a) => new URL(a.href).searchParams.get("view") === to);

		tab.click();
	}, view);
	await settled(page, view);
}
