// SPDX-License-Identifier: Apache-2.0
// Long work in short slices, so that the page never stands still: a worker
// would need a file of its own, which an exported page has not. Work is a
// generator that yields now and then, and returns its result.

export type Work<T> = Generator<undefined, T, undefined>;

/** Loops yield when (i & YIELD_MASK) is 0: before they are compiled, too, so
 * many steps take a millisecond or two. */
export const YIELD_MASK = 0xfff;

/** For loops in which nothing else is done: @each has a part of [0, count). */
export function* inParts(count: number,
			 each: (from: number, to: number) => void): Work<void> {
	for (let from = 0; from < count; from += YIELD_MASK + 1) {
		each(from, Math.min(count, from + YIELD_MASK + 1));
		yield;
	}
}

export function runNow<T>(work: Work<T>): T {
	for (;;) {
		const step = work.next();

		if (step.done)
			return step.value;
	}
}

// A message comes sooner than a time-out, which waits 4 ms after a few.
export function nextTurn(): Promise<void> {
	return new Promise((resume) => {
		const channel = new MessageChannel();

		channel.port1.onmessage = () => {
			channel.port1.close();
			resume();
		};
		channel.port2.postMessage(null);
	});
}

/** @isWanted is asked between slices; null: it was not wanted any more. */
export async function runSliced<T>(work: Work<T>, isWanted: () => boolean,
				   sliceMs = 12): Promise<T | null> {
	for (;;) {
		const end = performance.now() + sliceMs;

		do {
			const step = work.next();

			if (step.done)
				return step.value;
		} while (performance.now() < end);
		await nextTurn();
		if (!isWanted())
			return null;
	}
}
