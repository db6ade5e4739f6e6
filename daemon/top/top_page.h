/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be seen, as lines of styled text: the screen shows them, --once
 * prints them, tests read them. Text is safe for a terminal: escaped, and in
 * the characters that it can show; widths are in columns.
 */
#ifndef BRINDLE_DAEMON_TOP_TOP_PAGE_H
#define BRINDLE_DAEMON_TOP_TOP_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum top_style {
	TOP_STYLE_PLAIN, TOP_STYLE_BOLD, TOP_STYLE_DIM, TOP_STYLE_WARNING,
	TOP_STYLE_HEADING, TOP_STYLE_PYTHON, TOP_STYLE_NATIVE,
	TOP_STYLE_KERNEL, TOP_STYLE_TREND,
};

enum { TOP_SPANS = 32 }; /* of a line; what is more is left out */

struct top_span {
	enum top_style style;
	char *text; /* owned */
};

struct top_line {
	struct top_span spans[TOP_SPANS];
	unsigned int span_count, columns;
	bool selected;
};

struct top_page {
	struct top_line *lines; /* owned */
	size_t line_count, line_capacity;
	unsigned int width; /* 0: lines are as long as they are */
	bool unicode;	    /* else ASCII */
	bool no_memory;	    /* something is missing */
};

void top_page_init(struct top_page *page, unsigned int width, bool unicode);
void top_page_deinit(struct top_page *page);

/** Begins a line; what is put goes to its end. */
struct top_line *top_page_line(struct top_page *page);

enum top_cut { TOP_CUT_END, TOP_CUT_START };

/** @text, of whoever's making, in exactly @columns; 0: as long as it is. */
void top_page_text(struct top_page *page, enum top_style style,
		   unsigned int columns, enum top_cut cut, const char *text);

/** Our own words and numbers. */
void top_page_put(struct top_page *page, enum top_style style,
		  const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** Bars of @count values, the largest @most high. */
void top_page_bars(struct top_page *page, enum top_style style,
		   const uint64_t *values, size_t count, uint64_t most);

/** Columns left in the line; a lot when the width is not bounded. */
unsigned int top_page_left(const struct top_page *page);

/** Plain text, without spaces at the ends of lines. */
void top_page_print(const struct top_page *page, FILE *out);

#endif
