// SPDX-License-Identifier: Apache-2.0
// test.mjs [WORD...]: runs the suites *.test.ts here and in tests/web/ui (those
// whose path contains a WORD), bundled one by one, under node:test.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const words = process.argv.slice(2);

function suitesIn(folder) {
	if (!existsSync(folder))
		return [];
	return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
		const path = join(folder, entry.name);

		if (entry.isDirectory())
			return entry.name === "node_modules" ? [] : suitesIn(path);
		return entry.name.endsWith(".test.ts") ? [path] : [];
	});
}

const suites = [...suitesIn(here), ...suitesIn(join(here, "../../tests/web/ui"))]
	.filter((path) => !words.length || words.some((word) => path.includes(word)));
const out = mkdtempSync(join(tmpdir(), "brindle-ui-"));
const files = suites.map((path, i) => join(out,
	`${i}-${path.split("/").pop().replace(".ts", ".mjs")}`));

try {
	await Promise.all(suites.map((path, i) => esbuild.build({
		entryPoints: [path], outfile: files[i], bundle: true,
		format: "esm", platform: "node", target: "node18",
		jsx: "automatic", jsxImportSource: "preact",
		sourcemap: "inline", logLevel: "warning", absWorkingDir: here,
		nodePaths: [join(here, "node_modules")],
	})));
	const run = spawnSync(process.execPath,
		["--enable-source-maps", "--test", ...files], { stdio: "inherit" });

	process.exitCode = run.status ?? 1;
} finally {
	rmSync(out, { recursive: true, force: true });
}
