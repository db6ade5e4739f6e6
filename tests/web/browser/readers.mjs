// SPDX-License-Identifier: Apache-2.0
// Exports, opened by the programs that they are for: speedscope, by its own
// pages, and the Firefox Profiler, by its command line. What flamegraph.pl and
// `go tool pprof` say is in tests/schema/show/exports.py.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const ENDINGS = { speedscope: "speedscope.json", pprof: "pb.gz", folded: "folded.txt" };
const OUTPUT_MOST = 1 << 26;
const START_MS_MOST = 30000;
const TRIES_MOST = 3;
const POLL_MS = 200;

function run(program, ...words) {
	return execFileSync(program, words, { maxBuffer: OUTPUT_MOST, encoding: "utf8",
		stdio: ["ignore", "pipe", "pipe"] });
}

function exported(brindle, profile, format, path) {
	run(brindle, "export", "--format", format, "--output", path, profile);
	return path;
}

async function inSpeedscope(browser, index, path, name) {
	const context = await browser.browser.newContext();
	const page = await context.newPage();
	const wrong = [];

	page.on("dialog", (dialog) => {
		wrong.push(dialog.message());
		dialog.dismiss();
	});
	page.on("pageerror", (error) => wrong.push(error.message));
	try {
		await page.goto(pathToFileURL(index).href);
		await page.locator("input[type=file]").setInputFiles(path);
		// The sandwich, once there is one.
		const found = page.locator("tr", { hasText: name }).first();

		for (const end = Date.now() + START_MS_MOST; !await found.count();) {
			if (wrong.length || Date.now() > end)
				throw new Error(`no ${name}`);
			await page.keyboard.press("3");
			await sleep(POLL_MS);
		}
	} catch (error) {
		wrong.push(String(error.message));
	} finally {
		await context.close();
	}
	return wrong.join("\n") || null;
}

async function speedscope(browser, report, { ui, brindle, profiles }, folder) {
	const index = join(ui, "node_modules/speedscope/dist/release/index.html");

	if (!existsSync(index)) {
		report.skip("speedscope", "npm ci in web/ui");
		return;
	}
	for (const [format, ending] of Object.entries(ENDINGS))
		await report.test(`speedscope opens ${format}`, () => inSpeedscope(browser, index,
			exported(brindle, profiles.recording, format, join(folder, `r.${ending}`)), "fibonacci"));
	if (profiles.hostile)
		await report.test("speedscope opens hostile names", () => inSpeedscope(browser, index,
			exported(brindle, profiles.hostile, "speedscope", join(folder, "h.speedscope.json")),
			"<img src=x onerror=alert("));
}

/** What the Firefox Profiler counts in all threads of a profile. */
async function inFirefox(program, folder, path, session) {
	const ask = (...words) => JSON.parse(run(process.execPath, program, ...words,
		"--session", session, "--json"));

	process.env.PROFILER_CLI_SESSION_DIR = folder;
	process.env.PROFILER_CLI_NO_SYMBOLICATE = "1";
	// Its "load" does the same, but gives up after half a second.
	const reader = spawn(process.execPath, [program, "--daemon", path, "--session", session],
		{ stdio: "ignore" });

	try {
		let info = null;

		for (const end = Date.now() + START_MS_MOST; !info; await sleep(POLL_MS)) {
			try {
				info = ask("profile", "info", "--all");
			} catch (error) {
				if (Date.now() > end || reader.exitCode !== null)
					throw error;
			}
		}
		const threads = info.processes.flatMap((process) => process.threads);

		return ask("thread", "samples", "--include-idle", "--thread",
			threads.map((thread) => thread.threadHandle).join(",")).categoryBreakdown.totalSamples;
	} finally {
		reader.kill();
		await new Promise((done) => reader.exitCode === null && reader.signalCode === null ?
			reader.once("exit", done) : done());
	}
}

/** The same by a reader that starts: one that is asked too early may lose its session. */
async function inFirefoxAtLast(program, folder, path) {
	for (let tries = 1;; tries++) {
		try {
			return await inFirefox(program, folder, path, `read-${tries}`);
		} catch (error) {
			if (tries === TRIES_MOST || !/Unknown session/.test(String(error.message)))
				throw error;
		}
	}
}

async function firefox(report, { ui, brindle, profiles }, folder) {
	const program = join(ui, "node_modules/@firefox-devtools/profiler-cli/dist/profiler-cli.js");

	if (!existsSync(program)) {
		report.skip("Firefox Profiler", "npm ci in web/ui");
		return;
	}
	for (const [name, profile] of Object.entries(profiles))
		await report.test(`the Firefox Profiler opens ${name}`, async () => {
			const { samples } = JSON.parse(run(brindle, "report", "--json", profile));
			const found = await inFirefoxAtLast(program, join(folder, "sessions"), exported(brindle, profile, "gecko",
				join(folder, `${name}.json`)));

			return found === samples ? null : `${found} samples of ${samples}`;
		});
}

export async function readers(browser, report, options) {
	const folder = mkdtempSync(join(tmpdir(), "brindle-readers-"));
	const profiles = { recording: options.profile };

	if (options.hostileProfile)
		profiles.hostile = options.hostileProfile;
	try {
		await speedscope(browser, report, { ...options, profiles }, folder);
		await firefox(report, { ...options, profiles }, folder);
	} finally {
		rmSync(folder, { recursive: true });
	}
}
