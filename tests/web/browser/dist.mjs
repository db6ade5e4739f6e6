// SPDX-License-Identifier: Apache-2.0
// web/dist is what its sources make, byte for byte, and small.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const FIRST = ["index.html", "app.css", "app.js", "chunk.js"];
const FIRST_MOST = 60000;
const ALL_MOST = 200000;

function packed(folder, names) {
	return names.reduce((sum, name) =>
		sum + gzipSync(readFileSync(join(folder, name)), { level: 9 }).length, 0);
}

function differences(a, b) {
	const names = [...new Set([...readdirSync(a), ...readdirSync(b)])].sort();

	return names.filter((name) => {
		try {
			return !readFileSync(join(a, name)).equals(readFileSync(join(b, name)));
		} catch {
			return true;
		}
	});
}

export async function dist(_, report, { ui }) {
	const committed = join(ui, "../dist");
	const fresh = mkdtempSync(join(tmpdir(), "brindle-dist-"));
	const all = readdirSync(committed).filter((name) => name !== "page.html");

	await report.test("web/dist is what the sources make", () => {
		execFileSync(process.execPath, ["build.mjs", `--out=${fresh}`], { cwd: ui });
		const different = differences(committed, fresh);

		return different.length ? `run "npm run build" in web/ui: ${different.join(", ")}` : null;
	});
	await report.test("the sources agree with their types", () => {
		execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "--noEmit"], { cwd: ui });
	});
	await report.test(`first load: ${packed(committed, FIRST)} of ${FIRST_MOST} bytes`, () =>
		packed(committed, FIRST) > FIRST_MOST ? "too much" : null);
	await report.test(`with the SQL editor: ${packed(committed, all)} of ${ALL_MOST} bytes`, () =>
		packed(committed, all) > ALL_MOST ? "too much" : null);
	rmSync(fresh, { recursive: true });
}
