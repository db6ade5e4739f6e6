// SPDX-License-Identifier: Apache-2.0
// build.mjs [--watch] [--out=FOLDER]: makes web/dist from the sources here.
// The output is committed, so that building brindle needs no Node; the same
// sources give the same bytes.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync,
	 writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

function option(name) {
	const given = process.argv.find((text) => text.startsWith(`--${name}=`));

	return given?.slice(name.length + 3);
}

const out = resolve(option("out") ?? join(here, "../dist"));

// What SQLite knows (https://sqlite.org/lang_keywords.html).
const SQLITE_WORDS = `abort action add after all alter always analyze and as asc
attach autoincrement before begin between by cascade case cast check collate
column commit conflict constraint create cross current current_date current_time
current_timestamp database default deferrable deferred delete desc detach
distinct do drop each else end escape except exclude exclusive exists explain
fail filter first following for foreign from full generated glob group groups
having if ignore immediate in index indexed initially inner insert instead
intersect into is isnull join key last left like limit match materialized
natural no not nothing notnull null nulls of offset on or order others outer
over partition plan pragma preceding primary query raise range recursive
references regexp reindex release rename replace restrict returning right
rollback row rows savepoint select set table temp temporary then ties to
transaction trigger unbounded union unique update using vacuum values view
virtual when where window with without`.replace(/\s+/g, " ");

// The words of MySQL, PostgreSQL and others are made by calls whose arguments
// esbuild will not drop; as functions that nobody calls they go, 6 KB of them.
// SQLite's are made of those of standard SQL, most of which it does not know,
// and of the commands of its shell, which are no SQL.
const oneDialect = {
	name: "one-dialect",
	setup({ onLoad }) {
		onLoad({ filter: /lang-sql\/dist\/index\.js$/ }, ({ path }) => ({
			contents: readFileSync(path, "utf8").replace(
				/= \/\*@__PURE__\*\/(SQLDialect\.define\(\{[\s\S]*?\n?\}\));/g,
				"= /*@__PURE__*/(() => $1)();")
				.replace(/(const SQLKeywords = )"[^"]*"/, `$1"${SQLITE_WORDS} "`)
				.replace(/(keywords: SQLKeywords) \+ "abort analyze[^"]*"/, "$1")
				.replace(/(builtin: )"auth backup bail[^"]*"/, '$1""'),
		}));
	},
};

// Lezer traces its parser where there is an environment that says so.
const noTrace = {
	name: "no-trace",
	setup({ onLoad }) {
		onLoad({ filter: /@lezer\/lr\/dist\/index\.js$/ }, ({ path }) => ({
			contents: readFileSync(path, "utf8")
				.replace(/\bverbose\b(?! =)/g, "false"),
		}));
	},
};

export const common = {
	bundle: true,
	minify: true,
	format: "esm",
	target: ["es2022", "chrome123", "firefox120", "safari17.5"],
	jsx: "automatic",
	jsxImportSource: "preact",
	charset: "utf8",
	legalComments: "inline",
	logLevel: "warning",
	absWorkingDir: here,
};

// What the landing page does not need comes later: more.js has the other
// views (chunk.js is what both use), sql.js the editor, which shares no code
// with the rest.
const bundles = [
	{ entryPoints: { app: "app/main.tsx" }, external: ["./sql.js"],
	  splitting: true, chunkNames: "[name]" },
	{ entryPoints: { app: "style/app.css" } },
	{ entryPoints: { sql: "sql/editor.ts" }, plugins: [oneDialect, noTrace] },
];

// Makes web/dist/page.html, which exported graphs are filled into.
async function buildPage() {
	const script = join(here, "page/build.mjs");

	if (existsSync(script))
		await (await import(pathToFileURL(script).href)).build(out, common);
}

// Files take the place of those before one by one: make may be reading them.
function dropOthers(before) {
	for (const name of readdirSync(out))
		if (statSync(join(out, name)).mtimeMs < before)
			rmSync(join(out, name), { recursive: true, force: true });
}

async function build() {
	const begin = Date.now() - 10;

	mkdirSync(out, { recursive: true });
	for (const bundle of bundles) {
		if (existsSync(join(here, Object.values(bundle.entryPoints)[0])))
			await esbuild.build({ ...common, ...bundle, outdir: out });
	}
	writeFileSync(join(out, "index.html"),
		      readFileSync(join(here, "app/index.html")));
	await buildPage();
	dropOthers(begin);
}

async function watch() {
	await build();
	for (const bundle of bundles) {
		const context = await esbuild.context(
			{ ...common, ...bundle, minify: false, outdir: out });

		await context.watch();
	}
}

await (process.argv.includes("--watch") ? watch() : build());
