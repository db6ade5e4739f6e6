// SPDX-License-Identifier: Apache-2.0
// Makes dist/page.html of the parts here: what remains to be filled in is
// @PROFILE@ (schema/show/flame_page.c does it). The page may run the style and the
// script in it, by their SHA-256 (CSP Level 3, 6.7.2.4), and nothing else.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

async function bundle(common, entry, more) {
	const { outputFiles } = await esbuild.build({
		...common, ...more, entryPoints: [join(here, entry)],
		write: false, legalComments: "none",
	});

	// Without a line's end that the page would add to what is hashed.
	return outputFiles[0].text.trimEnd();
}

const hash = (text) =>
	`'sha256-${createHash("sha256").update(text).digest("base64")}'`;

// In a script element, these would end it, or begin another one.
function fits(text) {
	if (/<\/(?:script|style)|<!--|@PROFILE@/i.test(text))
		throw new Error("the page's own text would end its element");
	return text;
}

export async function build(out, common) {
	const script = fits(await bundle(common, "page.ts", { format: "iife" }));
	const style = fits(await bundle(common, "page.css", {}));
	const policy = "default-src 'none'; base-uri 'none'; form-action 'none'; " +
		`img-src data:; script-src ${hash(script)}; style-src ${hash(style)}`;
	const page = readFileSync(join(here, "page.html"), "utf8")
		.replace("@POLICY@", () => policy)
		.replace("@STYLE@", () => style)
		.replace("@SCRIPT@", () => script);

	writeFileSync(join(out, "page.html"), page);
}
