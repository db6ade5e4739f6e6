// SPDX-License-Identifier: Apache-2.0
// See run.sh, which starts the servers.
import { dist } from "./dist.mjs";
import { Browser, options, Report } from "./harness.mjs";
import { hostile } from "./hostile.mjs";
import { lanes } from "./lanes.mjs";
import { pace } from "./pace.mjs";
import { readers } from "./readers.mjs";
import { steering } from "./steering.mjs";
import { tasks } from "./tasks.mjs";
import { views } from "./views.mjs";

const SUITES = { dist, views, steering, lanes, tasks, pace, hostile, readers };
const said = options();
const report = new Report();
const browser = await Browser.start(said);

const words = said.word ? said.word.split(" ") : [""];

for (const [name, suite] of Object.entries(SUITES)) {
	const began = Date.now();

	if (!words.some((word) => name.includes(word)))
		continue;
	await suite(browser, report, said);
	console.log(`# ${name}: ${Math.round((Date.now() - began) / 1000)} s`);
}
await browser.close();
report.close();
