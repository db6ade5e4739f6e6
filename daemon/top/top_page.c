// SPDX-License-Identifier: Apache-2.0
#include "daemon/top/top_page.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/text.h"

enum { UNBOUNDED = 100000, CHARACTER_MAX = 4 };

void top_page_init(struct top_page *page, unsigned int width, bool unicode)
{
	*page = (struct top_page){ .width = width, .unicode = unicode };
}

void top_page_deinit(struct top_page *page)
{
	for (size_t i = 0; i < page->line_count; i++)
		for (unsigned int j = 0; j < page->lines[i].span_count; j++)
			free(page->lines[i].spans[j].text);
	free(page->lines);
	memset(page, 0, sizeof(*page));
}

struct top_line *top_page_line(struct top_page *page)
{
	struct top_line *line;

	if (!array_reserve_one(page->lines, page->line_count,
			       page->line_capacity)) {
		page->no_memory = true;
		return NULL;
	}
	line = &page->lines[page->line_count++];
	memset(line, 0, sizeof(*line));
	return line;
}

static struct top_line *last_line(const struct top_page *page)
{
	return page->line_count ? &page->lines[page->line_count - 1] : NULL;
}

unsigned int top_page_left(const struct top_page *page)
{
	const struct top_line *line = last_line(page);

	if (!line)
		return 0;
	if (!page->width)
		return UNBOUNDED;
	return line->columns < page->width ? page->width - line->columns : 0;
}

/* Characters on their way into columns. */
struct cutting {
	const char *text; // what is left
	size_t size;
	bool unicode;
	char bytes[CHARACTER_MAX]; // of the character at hand
	size_t length;
	unsigned int columns;
};

// wcwidth() knows what the locale has; what it has not shows as '?'.
static bool next_character(struct cutting *cutting)
{
	uint32_t character;
	size_t length = text_decode(cutting->text, cutting->size, &character);
	int columns = 1;

	if (!cutting->size)
		return false;
	if (length == 0)
		length = 1;
	else if (character >= 0x80 && cutting->unicode)
		columns = wcwidth((wchar_t)character);
	memcpy(cutting->bytes, cutting->text, length);
	cutting->length = length;
	if ((length > 1 && !cutting->unicode) || columns < 0) {
		cutting->bytes[0] = '?';
		cutting->length = 1;
		columns = 1;
	}
	cutting->columns = (unsigned int)columns;
	cutting->text += length;
	cutting->size -= length;
	return true;
}

static struct cutting cutting_of(const char *text, bool unicode)
{
	return (struct cutting){ .text = text, .size = strlen(text),
				 .unicode = unicode };
}

static unsigned int columns_of(const char *text, bool unicode)
{
	struct cutting cutting = cutting_of(text, unicode);
	unsigned int columns = 0;

	while (next_character(&cutting))
		columns += cutting.columns;
	return columns;
}

// Copies @text without its first @skip columns, @most columns at most. What it
// took, in columns; *@end is moved.
static unsigned int copy_columns(char **end, const char *text, bool unicode,
				 unsigned int skip, unsigned int most)
{
	struct cutting cutting = cutting_of(text, unicode);
	unsigned int taken = 0;

	while (next_character(&cutting)) {
		if (skip > 0) {
			skip -= cutting.columns < skip ? cutting.columns : skip;
			continue;
		}
		if (taken + cutting.columns > most)
			break;
		*end = mempcpy(*end, cutting.bytes, cutting.length);
		taken += cutting.columns;
	}
	return taken;
}

static void add_span(struct top_page *page, enum top_style style, char *text,
		     unsigned int columns)
{
	struct top_line *line = last_line(page);

	if (!line || line->span_count == TOP_SPANS) {
		free(text);
		return;
	}
	line->spans[line->span_count++] =
		(struct top_span){ .style = style, .text = text };
	line->columns += columns;
}

// "name…" or "…name"; the mark is "~" in ASCII.
static unsigned int write_cut(char **end, const char *text, bool unicode,
			      unsigned int columns, enum top_cut cut)
{
	unsigned int natural = columns_of(text, unicode);
	const char *mark = unicode ? "…" : "~";
	unsigned int taken;

	if (natural <= columns)
		return copy_columns(end, text, unicode, 0, columns);
	if (columns == 0)
		return 0;
	if (cut == TOP_CUT_START) {
		*end = stpcpy(*end, mark);
		return 1 + copy_columns(end, text, unicode,
					natural - columns + 1, columns - 1);
	}
	taken = copy_columns(end, text, unicode, 0, columns - 1);
	*end = stpcpy(*end, mark);
	return taken + 1;
}

void top_page_text(struct top_page *page, enum top_style style,
		   unsigned int columns, enum top_cut cut, const char *text)
{
	_cleanup_free_ char *safe = text_escape(text ? text : "");
	unsigned int left = top_page_left(page), pad = columns, taken;
	char *copy, *end;

	if (!safe) {
		page->no_memory = true;
		return;
	}
	if (!columns)
		columns = columns_of(safe, page->unicode);
	if (columns > left)
		columns = left;
	if (pad > left)
		pad = left;
	copy = end = malloc(strlen(safe) + pad + sizeof("…"));
	if (!copy) {
		page->no_memory = true;
		return;
	}
	taken = write_cut(&end, safe, page->unicode, columns, cut);
	for (; taken < pad; taken++)
		*end++ = ' ';
	*end = '\0';
	add_span(page, style, copy, taken);
}

void top_page_put(struct top_page *page, enum top_style style,
		  const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0) {
		text = NULL;
		page->no_memory = true;
		return;
	}
	top_page_text(page, style, 0, TOP_CUT_END, text);
}

// Eighths of a column in U+2581...; nothing at all is no bar.
static const char *bar_of(uint64_t value, uint64_t most, bool unicode)
{
	static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄",
					      "▅", "▆", "▇", "█" };
	static const char *const ascii[] = { " ", ".", ".", "-", "-",
					     "=", "=", "#", "#" };
	unsigned int height = 0;

	if (value && most)
		height = 1 + (unsigned int)(7.0 * (double)value /
					    (double)most);
	if (height > 8)
		height = 8;
	return unicode ? blocks[height] : ascii[height];
}

void top_page_bars(struct top_page *page, enum top_style style,
		   const uint64_t *values, size_t count, uint64_t most)
{
	char text[512], *end = text;

	for (size_t i = 0; i < count && end < text + sizeof(text) - 4; i++)
		end = stpcpy(end, bar_of(values[i], most, page->unicode));
	*end = '\0';
	top_page_text(page, style, (unsigned int)count, TOP_CUT_END, text);
}

static void print_line(const struct top_line *line, FILE *out)
{
	size_t spaces = 0;

	for (unsigned int i = 0; i < line->span_count; i++) {
		for (const char *c = line->spans[i].text; *c; c++) {
			if (*c == ' ') {
				spaces++;
				continue;
			}
			for (; spaces > 0; spaces--)
				fputc(' ', out);
			fputc(*c, out);
		}
	}
	fputc('\n', out);
}

void top_page_print(const struct top_page *page, FILE *out)
{
	for (size_t i = 0; i < page->line_count; i++)
		print_line(&page->lines[i], out);
}
