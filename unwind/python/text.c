// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/text.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A str is a head, then its characters, 1, 2 or 4 bytes each. The head's state
 * word says how: bits 2-4 the size of a character, bit 5 compact (characters
 * follow the head), bit 6 ASCII (and then a shorter head).
 *
 * Authority: CPython 3.11, 3.12 and 3.13 Include/cpython/unicodeobject.h,
 * struct PyASCIIObject (default, not free-threaded, builds).
 */
enum {
	STATE_KIND_SHIFT = 2,
	STATE_KIND_MASK = 7,
	STATE_COMPACT = 1u << 5,
	STATE_ASCII = 1u << 6,
	// Most names end within the first read.
	TEXT_FIRST_READ = 256,
	// "\udcff" and "\x00": no character takes more bytes as UTF-8.
	TEXT_BYTES_PER_UNIT = 6,
	TEXT_UNITS_MAX = 1 << 24,
};

static uint32_t unit_at(const void *data, size_t index, unsigned int kind)
{
	const uint8_t *bytes = (const uint8_t *)data + index * kind;
	uint16_t two;
	uint32_t four;

	if (kind == 1)
		return bytes[0];
	if (kind == 2) {
		memcpy(&two, bytes, sizeof(two));
		return two;
	}
	memcpy(&four, bytes, sizeof(four));
	return four;
}

static size_t put_escape(char *ret, const char *format, unsigned int value)
{
	char escape[TEXT_BYTES_PER_UNIT + 1];
	int size = snprintf(escape, sizeof(escape), format, value);

	memcpy(ret, escape, (size_t)size);
	return (size_t)size;
}

// Yields how many of TEXT_BYTES_PER_UNIT bytes were used.
static size_t put_utf8(char *ret, uint32_t point)
{
	if (point > 0x10ffff)
		point = 0xfffd; // no Unicode character: memory was torn
	if (point == 0)
		return put_escape(ret, "\\x%02x", point);
	if (point < 0x80) {
		ret[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		ret[0] = (char)(0xc0 | point >> 6);
		ret[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	// Each is a lone one: CPython never stores a pair for a character.
	if (point >= 0xd800 && point < 0xe000)
		return put_escape(ret, "\\u%04x", point);
	if (point < 0x10000) {
		ret[0] = (char)(0xe0 | point >> 12);
		ret[1] = (char)(0x80 | (point >> 6 & 0x3f));
		ret[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	ret[0] = (char)(0xf0 | point >> 18);
	ret[1] = (char)(0x80 | (point >> 12 & 0x3f));
	ret[2] = (char)(0x80 | (point >> 6 & 0x3f));
	ret[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

char *python_text_to_utf8(const void *data, size_t units, unsigned int kind)
{
	size_t used = 0;
	char *text, *fitted;

	if (units > TEXT_UNITS_MAX)
		return NULL;
	text = malloc(units * TEXT_BYTES_PER_UNIT + 1);
	if (!text)
		return NULL;
	for (size_t i = 0; i < units; i++)
		used += put_utf8(text + used, unit_at(data, i, kind));
	text[used] = '\0';
	fitted = realloc(text, used + 1);
	return fitted ? fitted : text;
}

// Where a str's characters are, from its head.
struct text_shape {
	uint64_t units;
	uint32_t data; // offset from the str
	unsigned int kind;
};

static bool text_shape_read(const struct python_layout *layout,
			    const uint8_t *head, size_t size,
			    struct text_shape *ret)
{
	uint32_t state;
	unsigned int kind;

	if (layout->text.state + sizeof(state) > size ||
	    layout->text.length + sizeof(ret->units) > size)
		return false;
	memcpy(&state, head + layout->text.state, sizeof(state));
	kind = state >> STATE_KIND_SHIFT & STATE_KIND_MASK;
	if (!(state & STATE_COMPACT) || (kind != 1 && kind != 2 && kind != 4))
		return false;
	if ((state & STATE_ASCII) && kind != 1)
		return false;
	memcpy(&ret->units, head + layout->text.length, sizeof(ret->units));
	ret->kind = kind;
	ret->data = state & STATE_ASCII ? layout->text.ascii_data :
					  layout->text.compact_data;
	return true;
}

uint64_t python_text_bytes(const struct python_layout *layout, const void *head,
			   size_t size)
{
	struct text_shape shape;

	if (!text_shape_read(layout, head, size, &shape) ||
	    shape.units > TEXT_UNITS_MAX)
		return 0;
	return shape.data + shape.units * shape.kind;
}

char *python_text_read(const struct python_layout *layout,
		       const struct live_memory *memory, uint64_t address,
		       size_t limit, bool *ret_truncated)
{
	uint8_t first[TEXT_FIRST_READ];
	_cleanup_free_ uint8_t *rest = NULL;
	struct text_shape shape;
	char *text;
	ssize_t got =
		memory->read(memory->context, address, first, sizeof(first));
	size_t units;

	if (got <= 0 || !text_shape_read(layout, first, (size_t)got, &shape))
		return NULL;
	if (limit > TEXT_UNITS_MAX)
		limit = TEXT_UNITS_MAX;
	units = shape.units > limit ? limit : shape.units;
	if (shape.data + units * shape.kind <= (size_t)got) {
		text = python_text_to_utf8(first + shape.data, units,
					   shape.kind);
	} else {
		rest = malloc(units * shape.kind);
		if (!rest || !live_memory_read(memory, address + shape.data,
					       rest, units * shape.kind))
			return NULL;
		text = python_text_to_utf8(rest, units, shape.kind);
	}
	if (text)
		*ret_truncated = shape.units > limit;
	return text;
}
