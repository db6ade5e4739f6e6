// SPDX-License-Identifier: Apache-2.0
// Where a function is from: its file and line, its module, its library.
import { KINDS, type Kind, type Profile } from "./profile";

type Texts = Pick<Profile, "functions" | "files" | "modules">;

export function fileOf({ functions, files }: Texts, fn: number): string {
	return functions.files[fn] ? files[functions.files[fn] - 1] : "";
}

export function moduleOf({ functions, modules }: Texts, fn: number): string {
	return functions.modules[fn] ? modules[functions.modules[fn] - 1] : "";
}

/** "app.py:12", or the module. @line 0: where the function begins. */
export function placeOf(texts: Texts, fn: number, line = 0): string {
	const file = fileOf(texts, fn);
	const at = line || texts.functions.lines[fn];

	if (file)
		return at ? `${file}:${at}` : file;
	return moduleOf(texts, fn);
}

export function kindOf({ functions }: Pick<Profile, "functions">,
		       fn: number): Kind {
	return KINDS[functions.kinds[fn]] ?? "other";
}

export type GroupBy = "file" | "module";

/** What a function is of: its file or, where that is not known, its binary;
 * "[python]" where that is not, either. */
export function groupOf(texts: Texts, fn: number, by: GroupBy): string {
	return (by === "file" && fileOf(texts, fn)) || moduleOf(texts, fn) ||
		`[${kindOf(texts, fn)}]`;
}

export function baseName(path: string): string {
	return path.slice(path.lastIndexOf("/") + 1) || path;
}

// ".../site-packages/numpy/core/x.py" is numpy's, "/usr/lib/python3.12/json/
// decoder.py" is of the standard library, "/srv/shop/app.py" of /srv/shop.
function packageOf(path: string): string {
	const installed = /\/(?:site|dist)-packages\/([^/]+)/.exec(path);

	if (installed)
		return installed[1].replace(/\.py$/, "");
	if (path.startsWith("<frozen ") || /\/lib\/python3[.\d]*\//.test(path))
		return "Python standard library";
	const slash = path.lastIndexOf("/");

	return slash > 0 ? path.slice(0, slash) : path;
}

/** What "collapse library" makes one frame of; "": not known. */
export function libraryOf(texts: Texts, fn: number): string {
	const kind = kindOf(texts, fn);
	const file = fileOf(texts, fn);

	if (kind === "kernel")
		return "kernel";
	if (kind === "python" && file)
		return packageOf(file);
	return baseName(moduleOf(texts, fn));
}

const INTERPRETER = /^(?:lib)?(?:python|pypy)[\d.]*(?:[a-z]*\.so[\d.]*)?$/;

/** Native frames of the interpreter itself: calling, evaluating, collecting. */
export function isInterpreter(texts: Texts, fn: number): boolean {
	return kindOf(texts, fn) === "native" &&
		INTERPRETER.test(baseName(moduleOf(texts, fn)));
}

/** CPython Lib/importlib/_bootstrap*.py, frozen into it or not. */
export function isImport(texts: Texts, fn: number): boolean {
	return kindOf(texts, fn) === "python" &&
		/(?:<frozen importlib[.>]|\/importlib\/)/.test(fileOf(texts, fn));
}
