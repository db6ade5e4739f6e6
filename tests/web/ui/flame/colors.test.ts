// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { fillsOfFunctions } from "../../../../web/ui/flame/colors";
import { KINDS } from "../../../../web/ui/model/profile";
import { profileOfRows } from "../../../../web/ui/model/rows";

const SHADES = 4; // of each kind, before the fills of names
const FIRST_OF_NAMES = KINDS.length * SHADES;
const names = Array.from({ length: 200 }, (_, i) => `function_${i}`);

function fillsOf(kinds: readonly string[] | null): number[] {
	const profile = profileOfRows({
		columns: ["id", "parent_id", "name", "self", ...kinds ? ["kind"] : []],
		rows: names.map((name, i) => [i + 1, null, name, 1,
					      ...kinds ? [kinds[i % kinds.length]] : []]),
	});

	return [...fillsOfFunctions(profile, "kind")].slice(1);
}

test("rows of no kind have the colours of their names", () => {
	const fills = fillsOf(null);
	const stacks = profileOfRows({ columns: ["stack", "value"],
				       rows: [[names.slice().reverse().join(";"), 1]] });
	const again = [...fillsOfFunctions(stacks, "kind")].slice(1).reverse();

	assert.ok(fills.every((fill) => fill >= FIRST_OF_NAMES), "none is grey");
	assert.ok(new Set(fills).size > 12, "several");
	assert.deepEqual(again, fills, "the same for the same name");
});

test("rows of kinds have the colours of those, also where some are of none", () => {
	const kinds = ["python", "what", "kernel"];
	const fills = fillsOf(kinds);

	for (const [i, fill] of fills.entries())
		assert.equal(Math.floor(fill / SHADES), [0, 3, 2][i % 3], names[i]);
});
