// SPDX-License-Identifier: Apache-2.0
// The striped coat.
const STRIPES =
	"M6 0 2 12 5 22 1 32M14 0 10 11 14 21 10 32" +
	"M22 0 19 12 23 22 19 32M30 0 27 11 31 21 28 32";

export function Mark() {
	return (
		<svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
			<rect width="32" height="32" rx="7" class="coat" />
			<path
				class="stripe"
				d={STRIPES}
			/>
		</svg>
	);
}
