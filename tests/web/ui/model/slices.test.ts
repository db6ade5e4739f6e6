// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { inParts, runNow, runSliced, YIELD_MASK, type Work } from
	"../../../../web/ui/model/slices";

test("parts are all there is, once, with a pause after each", () => {
	const count = 2 * YIELD_MASK + 5;
	const seen = new Uint8Array(count);
	const work = inParts(count, (from, to) => {
		for (let i = from; i < to; i++)
			seen[i]++;
	});
	let pauses = 0;

	while (!work.next().done)
		pauses++;
	assert.equal(pauses, 3);
	assert.ok(seen.every((times) => times === 1));
	runNow(inParts(0, () => assert.fail("nothing is a part")));
});

function* counting(steps: number, seen: number[]): Work<string> {
	for (let i = 0; i < steps; i++) {
		seen.push(i);
		yield;
	}
	return "done";
}

test("sliced work comes to the same end, or to none", async () => {
	const seen: number[] = [];
	let wanted = 3;

	assert.equal(await runSliced(counting(5, []), () => true, 0), "done");
	assert.equal(await runSliced(counting(99, seen), () => --wanted > 0, 0), null);
	assert.equal(seen.length, 3);
});
