// SPDX-License-Identifier: Apache-2.0
/*
 * One line, as fs/proc/task_mmu.c show_map_vma() prints it; the path starts at
 * a fixed column, or one blank after a long prefix:
 *
 * 7f2c1a400000-7f2c1a5c5000 r-xp 00028000 08:01 4327    /usr/lib/libc.so.6
 */
#include "daemon/process/proc_maps.h"

struct line {
	const char *cursor, *end;
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/** A number that fits 64 bits, followed by @after ('\0': by anything). */
static bool take_number(struct line *line, unsigned int base, char after,
			uint64_t *ret)
{
	const char *start = line->cursor;
	uint64_t value = 0;

	for (; line->cursor < line->end; line->cursor++) {
		int digit = hex_digit(*line->cursor);

		if (digit < 0 || digit >= (int)base)
			break;
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (unsigned int)digit, &value))
			return false;
	}
	if (line->cursor == start)
		return false;
	*ret = value;
	if (!after)
		return true;
	if (line->cursor == line->end || *line->cursor != after)
		return false;
	line->cursor++;
	return true;
}

static bool take_flag(struct line *line, char yes, char no, bool *ret)
{
	if (line->cursor == line->end ||
	    (*line->cursor != yes && *line->cursor != no))
		return false;
	*ret = *line->cursor++ == yes;
	return true;
}

static bool take_device(struct line *line, uint32_t *ret_major,
			uint32_t *ret_minor)
{
	uint64_t major, minor;

	if (!take_number(line, 16, ':', &major) ||
	    !take_number(line, 16, ' ', &minor) ||
	    major > UINT32_MAX || minor > UINT32_MAX)
		return false;
	*ret_major = (uint32_t)major;
	*ret_minor = (uint32_t)minor;
	return true;
}

static bool take_path(struct line *line, char *ret)
{
	size_t size;

	if (line->cursor < line->end && *line->cursor != ' ')
		return false;
	while (line->cursor < line->end && *line->cursor == ' ')
		line->cursor++;
	size = (size_t)(line->end - line->cursor);
	if (size >= PROC_MAPS_PATH_MAX || memchr(line->cursor, '\0', size))
		return false;
	memcpy(ret, line->cursor, size);
	ret[size] = '\0';
	return true;
}

static bool parse_line(struct line *line, struct proc_mapping *ret)
{
	bool separated;

	return take_number(line, 16, '-', &ret->start) &&
	       take_number(line, 16, ' ', &ret->end) &&
	       ret->start < ret->end && !((ret->start | ret->end) & 0xfff) &&
	       take_flag(line, 'r', '-', &ret->readable) &&
	       take_flag(line, 'w', '-', &ret->writable) &&
	       take_flag(line, 'x', '-', &ret->executable) &&
	       take_flag(line, 's', 'p', &ret->shared) &&
	       take_flag(line, ' ', ' ', &separated) &&
	       take_number(line, 16, ' ', &ret->offset) &&
	       take_device(line, &ret->dev_major, &ret->dev_minor) &&
	       take_number(line, 10, '\0', &ret->inode) &&
	       take_path(line, ret->path);
}

enum proc_maps_result proc_maps_next(struct reader *text,
				     struct proc_mapping *ret)
{
	const char *start = (const char *)text->bytes + text->offset;
	size_t left = reader_left(text), size;
	const char *newline;
	struct line line;

	if (!left)
		return PROC_MAPS_END;
	newline = memchr(start, '\n', left);
	size = newline ? (size_t)(newline - start) : left;
	text->offset += newline ? size + 1 : size;
	line = (struct line){ .cursor = start, .end = start + size };
	if (size > PROC_MAPS_LINE_MAX || !parse_line(&line, ret))
		return PROC_MAPS_MALFORMED;
	return PROC_MAPS_MAPPING;
}
