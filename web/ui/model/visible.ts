// SPDX-License-Identifier: Apache-2.0
// Names are foreign: characters that would steer or hide text are shown as
// what they are. The ranges are those of text_is_unprintable(), base/text.c.
const HIDDEN = new RegExp("[\\x00-\\x1f\\x7f-\\x9f\\xad\\u061c" +
	"\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb" +
	"\\u{e0000}-\\u{e007f}]", "gu");
const PLAIN = /^[\x20-\x7e]*$/;

export function makeVisible(text: string): string {
	if (PLAIN.test(text))
		return text;
	return text.replace(HIDDEN, (character) =>
		`\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** Every character is one cell of a monospaced font. */
export function isPlain(text: string): boolean {
	return PLAIN.test(text);
}
