// SPDX-License-Identifier: Apache-2.0
// A mark for each kind of frame beside its colour: a dot is Python, a triangle
// native, a square the kernel, a ring anything else.

export const MARK_SIZE = 6;

type DrawFn = (path: Path2D | CanvasRenderingContext2D, x: number,
	       y: number) => void;

const RADIUS = MARK_SIZE / 2;

/** By index of KINDS; (x, y) is the middle. */
export const MARKS: DrawFn[] = [
	(path, x, y) => {
		path.moveTo(x + RADIUS, y);
		path.arc(x, y, RADIUS, 0, 2 * Math.PI);
	},
	(path, x, y) => {
		path.moveTo(x, y - RADIUS);
		path.lineTo(x + RADIUS, y + RADIUS);
		path.lineTo(x - RADIUS, y + RADIUS);
		path.closePath();
	},
	(path, x, y) => path.rect(x - RADIUS, y - RADIUS, MARK_SIZE, MARK_SIZE),
	(path, x, y) => {
		path.moveTo(x + RADIUS, y);
		path.arc(x, y, RADIUS, 0, 2 * Math.PI);
		path.moveTo(x + 1, y);
		path.arc(x, y, 1, 0, 2 * Math.PI, true);
	},
];
