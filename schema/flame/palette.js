// SPDX-License-Identifier: Apache-2.0
// Colours. Blue, tawny and green differ in lightness too, so that they stay
// apart for colour-blind eyes; hues are the same in both themes.

const SHADES = 4;

const PALETTES = {
	light: {
		paper: "#fbf9f6", ink: "#1f1b16", soft: "#6a6157",
		outline: "#1f1b16", hatch: "rgba(40, 20, 0, 0.3)",
		root: "#e6e0d7", match: "#f285bb",
		kinds: [
			["#93bbe9", "#a2c5ed", "#86b1e3", "#b0cff1"],
			["#f0bf7a", "#f3ca8e", "#eab468", "#f6d5a3"],
			["#82cba9", "#92d4b6", "#74c19d", "#a2dcc2"],
			["#cbc5bc", "#d3cec6", "#c2bbb1", "#dad6cf"],
		],
	},
	dark: {
		paper: "#181513", ink: "#f7f2ea", soft: "#aaa095",
		outline: "#ffffff", hatch: "rgba(255, 235, 210, 0.32)",
		root: "#36302a", match: "#c02a7d",
		kinds: [
			["#2b5a90", "#31649c", "#275184", "#386ca5"],
			["#855615", "#8f5e1a", "#794d11", "#96641f"],
			["#236a50", "#287459", "#1f5f47", "#2c7a5f"],
			["#56514b", "#5e5852", "#4e4943", "#66605a"],
		],
	},
};

function mixColors(from, to, share) {
	const part = (color, at) => parseInt(color.slice(at, at + 2), 16);
	const mixed = [1, 3, 5].map((at) =>
		Math.round(part(from, at) * (1 - share) + part(to, at) * share));

	return `rgb(${mixed.join(", ")})`;
}

// One list of fills: kind by kind and shade by shade, the same dimmed, then
// the root's and that of matches.
function makeFills(palette) {
	const plain = palette.kinds.flat();
	const dimmed = plain.map((color) =>
		mixColors(color, palette.paper, 0.68));

	return [...plain, ...dimmed, palette.root, palette.match];
}

const FILL_DIMMED = KINDS.length * SHADES;
const FILL_ROOT = 2 * FILL_DIMMED;
const FILL_MATCH = FILL_ROOT + 1;

// The same function has the same shade everywhere, in every profile.
function shadeOf(name) {
	let hash = 7;

	for (let i = 0; i < name.length; i++)
		hash = (hash * 31 + name.charCodeAt(i)) | 0;
	return (hash ^ hash >>> 11) & (SHADES - 1);
}

function fillsOfFunctions(functions) {
	return functions.names.map((name, fn) =>
		fn ? functions.kinds[fn] * SHADES + shadeOf(name) : FILL_ROOT);
}

function themeInUse() {
	const chosen = document.documentElement.dataset.theme;

	if (chosen === "light" || chosen === "dark")
		return chosen;
	return matchMedia("(prefers-color-scheme: dark)").matches ?
		"dark" : "light";
}
