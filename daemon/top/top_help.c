// SPDX-License-Identifier: Apache-2.0
#include "daemon/top/top_draw.h"

enum { LABEL_COLUMNS = 12 };

static const char *const words[] = {
	"SELF   samples in the function itself, of all in the window",
	"TOTAL  samples in it or below it; recursion counts once",
	"CPU    time in it or below it, of one CPU, as in top(1)",
	"TREND  its total in each of the last seconds, the latest right",
	"Python, native and kernel frames are one stack: a Python function's",
	"total holds the C and the system calls that it caused.",
};

void top_draw_help(struct top_page *page, unsigned int height)
{
	top_page_line(page);
	top_page_put(page, TOP_STYLE_BOLD, "Keys");
	for (size_t i = 0; i < top_key_count; i++) {
		top_page_line(page);
		top_page_text(page, TOP_STYLE_BOLD, LABEL_COLUMNS, TOP_CUT_END,
			      top_keys[i].label);
		top_page_text(page, TOP_STYLE_PLAIN, top_page_left(page),
			      TOP_CUT_END, top_keys[i].help);
	}
	if (page->line_count + 2 < height)
		top_page_line(page);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (page->line_count + 1 >= height)
			break;
		top_page_line(page);
		top_page_text(page, TOP_STYLE_PLAIN, 0, TOP_CUT_END, words[i]);
	}
}
