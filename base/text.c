// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	REPLACEMENT_BYTES = 3, // U+FFFD in UTF-8
	ESCAPE_BYTES = 10,     // \u{10FFFF}
};

// What the first byte says: length, and the smallest character that may take
// so many bytes.
static size_t sequence_length(uint8_t first, uint32_t *ret_bits,
			      uint32_t *ret_smallest)
{
	if (first < 0x80) {
		*ret_bits = first;
		*ret_smallest = 0;
		return 1;
	}
	if ((first & 0xe0) == 0xc0) {
		*ret_bits = first & 0x1f;
		*ret_smallest = 0x80;
		return 2;
	}
	if ((first & 0xf0) == 0xe0) {
		*ret_bits = first & 0x0f;
		*ret_smallest = 0x800;
		return 3;
	}
	if ((first & 0xf8) == 0xf0) {
		*ret_bits = first & 0x07;
		*ret_smallest = 0x10000;
		return 4;
	}
	return 0;
}

size_t text_decode(const char *text, size_t size, uint32_t *ret)
{
	uint32_t character, smallest;
	size_t length;

	if (size == 0)
		return 0;
	length = sequence_length((uint8_t)text[0], &character, &smallest);
	if (length == 0 || length > size)
		return 0;
	for (size_t i = 1; i < length; i++) {
		uint8_t byte = (uint8_t)text[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (byte & 0x3f);
	}
	if (character < smallest || character > 0x10ffff)
		return 0;
	if (character >= 0xd800 && character <= 0xdfff)
		return 0;
	*ret = character;
	return length;
}

bool text_is_utf8(const char *text, size_t size)
{
	uint32_t character;
	size_t length;

	for (size_t i = 0; i < size; i += length) {
		length = text_decode(text + i, size - i, &character);
		if (length == 0)
			return false;
	}
	return true;
}

char *text_repair(const char *text, size_t size)
{
	char *copy, *end;
	uint32_t character;

	if (size > (SIZE_MAX - 1) / REPLACEMENT_BYTES)
		return NULL;
	copy = end = malloc(size * REPLACEMENT_BYTES + 1);
	if (!copy)
		return NULL;
	for (size_t i = 0; i < size;) {
		size_t length = text_decode(text + i, size - i, &character);

		if (length == 0 || character == 0) {
			end = mempcpy(end, "\xef\xbf\xbd", REPLACEMENT_BYTES);
			i++;
			continue;
		}
		end = mempcpy(end, text + i, length);
		i += length;
	}
	*end = '\0';
	return copy;
}

char *text_fit(const char *text, size_t most)
{
	static const char ellipsis[] = "\xe2\x80\xa6";
	size_t size = strnlen(text, most + 1);
	char *copy, *longer;

	if (size <= most)
		return text_repair(text, size);
	size = most < strlen(ellipsis) ? 0 : most - strlen(ellipsis);
	// Not through a character: what continues one has bits 10.
	while (size && ((unsigned char)text[size] & 0xc0) == 0x80)
		size--;
	copy = text_repair(text, size);
	if (!copy)
		return NULL;
	size = strlen(copy);
	longer = realloc(copy, size + sizeof(ellipsis));
	if (!longer) {
		free(copy);
		return NULL;
	}
	memcpy(longer + size, ellipsis, sizeof(ellipsis));
	return longer;
}

// Unicode general categories Cc, Zl, Zp and those of Cf that reorder or hide:
// UAX 9 (directional formatting), zero-width characters, tags.
bool text_is_unprintable(uint32_t character)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x1f },	      { 0x7f, 0x9f },	  { 0xad, 0xad },
		{ 0x61c, 0x61c },     { 0x200b, 0x200f }, { 0x2028, 0x202e },
		{ 0x2060, 0x206f },   { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
		{ 0xe0000, 0xe007f },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (character >= ranges[i].first && character <= ranges[i].last)
			return true;
	return false;
}

char *text_escape(const char *text)
{
	size_t size = strlen(text);
	char *copy, *end;

	if (size > (SIZE_MAX - 1) / ESCAPE_BYTES)
		return NULL;
	copy = end = malloc(size * ESCAPE_BYTES + 1);
	if (!copy)
		return NULL;
	for (size_t i = 0; i < size;) {
		uint32_t character = (uint8_t)text[i];
		size_t length = text_decode(text + i, size - i, &character);

		if (length && !text_is_unprintable(character))
			end = mempcpy(end, text + i, length);
		else if (length == 0 || character < 0x100)
			end += sprintf(end, "\\x%02x", character);
		else
			end += sprintf(end, "\\u{%x}", character);
		i += length ? length : 1;
	}
	*end = '\0';
	return copy;
}
