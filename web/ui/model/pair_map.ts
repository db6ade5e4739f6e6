// SPDX-License-Identifier: Apache-2.0
// Pairs of numbers to a number, without an object for each: open addressing
// in one typed array. For "the child of node a with function b", millions of
// times.

// A slot of zeros is empty: fresh memory need not be touched.
const EMPTY = 0;

function hash(a: number, b: number): number {
	let mixed = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);

	mixed ^= mixed >>> 15;
	return Math.imul(mixed, 0x2c1b3c6d) >>> 0;
}

export class PairMap {
	private slots: Int32Array; // a + 1, b, value
	private mask: number;
	private used = 0;

	constructor(expected = 64) {
		let size = 64;

		while (size < expected * 2)
			size *= 2;
		this.slots = new Int32Array(size * 3);
		this.mask = size - 1;
	}

	/** Where it is, or where it would be. @a is not negative. */
	private find(a: number, b: number): number {
		const { slots, mask } = this;
		let at = hash(a, b) & mask;

		while (slots[at * 3] !== EMPTY &&
		       (slots[at * 3] !== a + 1 || slots[at * 3 + 1] !== b))
			at = (at + 1) & mask;
		return at * 3;
	}

	private grow() {
		const old = this.slots;

		this.mask = this.mask * 2 + 1;
		this.slots = new Int32Array((this.mask + 1) * 3);
		for (let i = 0; i < old.length; i += 3) {
			if (old[i] === EMPTY)
				continue;
			const at = this.find(old[i] - 1, old[i + 1]);

			this.slots[at] = old[i];
			this.slots[at + 1] = old[i + 1];
			this.slots[at + 2] = old[i + 2];
		}
	}

	/** The value of (a, b); @fresh becomes it where there is none. */
	getOrAdd(a: number, b: number, fresh: number): number {
		const at = this.find(a, b);

		if (this.slots[at] !== EMPTY)
			return this.slots[at + 2];
		this.slots[at] = a + 1;
		this.slots[at + 1] = b;
		this.slots[at + 2] = fresh;
		if (++this.used * 2 > this.mask)
			this.grow();
		return fresh;
	}
}
