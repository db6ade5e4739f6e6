// SPDX-License-Identifier: Apache-2.0
#include "schema/show/report_page.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

enum {
	NAME_WIDTH_UNCUT = 48, /* wider names push their row's rest aside */
	NAME_WIDTH_MIN = 16,
};

// SGR, ECMA-48 8.3.117.
void page_style(struct page *page, enum style style)
{
	static const char *const codes[] = {
		[STYLE_NONE] = "0",    [STYLE_BOLD] = "1",
		[STYLE_DIM] = "2",     [STYLE_WARNING] = "1;33",
		[STYLE_PYTHON] = "94", [STYLE_NATIVE] = "33",
		[STYLE_KERNEL] = "32",
	};

	if (page->options->color)
		fprintf(page->out, "\033[%sm", codes[style]);
}

enum style page_kind_style(enum store_kind kind)
{
	switch (kind) {
	case STORE_PYTHON:
		return STYLE_PYTHON;
	case STORE_NATIVE:
		return STYLE_NATIVE;
	case STORE_KERNEL:
		return STYLE_KERNEL;
	case STORE_OTHER:
		break;
	}
	return STYLE_DIM;
}

void page_styled(struct page *page, enum style style, const char *text)
{
	page_style(page, style);
	fputs(text, page->out);
	page_style(page, STYLE_NONE);
}

// One column for each character: right for all but wide and combining ones.
unsigned int page_columns(const char *text)
{
	unsigned int columns = 0;

	for (; *text; text++)
		columns += (*text & 0xc0) != 0x80;
	return columns;
}

// Where the character at column @columns of @text begins.
static const char *skip_columns(const char *text, unsigned int columns)
{
	for (; *text; text++)
		if ((*text & 0xc0) != 0x80 && columns-- == 0)
			break;
	return text;
}

// Escaped, owned by the caller. NULL: no memory, which is remembered.
char *page_printable(struct page *page, const char *text)
{
	char *escaped = text_escape(text);

	if (!escaped)
		page->no_memory = true;
	return escaped;
}

// @text in @width columns at most, 0: as it is. Of a path the end matters, of
// a name the beginning. What it took, in columns.
unsigned int page_print_cut(struct page *page, const char *text,
			    unsigned int width, bool keep_end)
{
	unsigned int columns = page_columns(text);

	if (!width || columns <= width) {
		fputs(text, page->out);
		return columns;
	}
	if (keep_end)
		fprintf(page->out, "…%s",
			skip_columns(text, columns - width + 1));
	else
		fprintf(page->out, "%.*s…",
			(int)(skip_columns(text, width - 1) - text), text);
	return width;
}

void page_pad(struct page *page, unsigned int from, unsigned int to)
{
	fprintf(page->out, "%*s", from < to ? (int)(to - from) : 0, "");
}

struct name_columns page_share_columns(const struct page *page,
				       unsigned int longest,
				       unsigned int prefix)
{
	unsigned int width = page->options->width, rest, most;

	if (longest < NAME_WIDTH_MIN)
		longest = NAME_WIDTH_MIN;
	if (!width)
		return (struct name_columns){
			.pad = longest < NAME_WIDTH_UNCUT ? longest :
							    NAME_WIDTH_UNCUT,
		};
	rest = width > prefix + 2 * NAME_WIDTH_MIN ? width - prefix :
						     2 * NAME_WIDTH_MIN;
	most = rest * 6 / 10;
	longest = longest < most ? longest : most;
	return (struct name_columns){ longest, rest - longest - 2, longest };
}

void page_print_name(struct page *page, const char *name, enum style style,
		     const char *place, struct name_columns columns)
{
	unsigned int used;

	page_style(page, style);
	used = page_print_cut(page, name, columns.name, false);
	page_style(page, STYLE_NONE);
	if (*place) {
		page_pad(page, used, columns.pad + 2);
		if (used >= columns.pad + 2)
			fputs("  ", page->out);
		page_style(page, STYLE_DIM);
		page_print_cut(page, place, columns.place, true);
		page_style(page, STYLE_NONE);
	}
	putc('\n', page->out);
}

struct count_text page_count(uint64_t count)
{
	struct count_text ret;
	char digits[24];
	int length = sprintf(digits, "%" PRIu64, count);
	char *end = ret.text;

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			*end++ = ',';
		*end++ = digits[i];
	}
	*end = '\0';
	return ret;
}

void page_print_duration(struct page *page, uint64_t time_ns)
{
	double seconds = (double)time_ns / NS_PER_SEC;
	uint64_t minutes = time_ns / NS_PER_SEC / 60;

	if (seconds < 120)
		fprintf(page->out, "%.3g s", seconds);
	else if (minutes < 120)
		fprintf(page->out, "%" PRIu64 " min %.0f s", minutes,
			seconds - 60 * (double)minutes);
	else
		fprintf(page->out, "%" PRIu64 " h %" PRIu64 " min",
			minutes / 60, minutes % 60);
}

void page_print_range(struct page *page, const struct excerpt *excerpt)
{
	const struct time_range *wall = &excerpt->selection.wall;
	char from[TIME_TEXT_SIZE], until[TIME_TEXT_SIZE];

	if (wall->from_ns > wall->until_ns) {
		fputs("outside of what was recorded", page->out);
		return;
	}
	time_point_print(wall->from_ns, from);
	time_point_print(wall->until_ns, until);
	fprintf(page->out, "%s to %s, ", from, until);
	page_print_duration(page, excerpt_duration_ns(excerpt));
	if (excerpt->resolution_ns) {
		fputs(", edges within ", page->out);
		page_print_duration(page, excerpt->resolution_ns);
	}
}

// Broken between words; the first word of a line is printed in any case.
void page_print_wrapped(struct page *page, const char *text, unsigned int indent)
{
	unsigned int width = page->options->width, column = indent;

	while (*text) {
		size_t size = strcspn(text, " ");
		unsigned int columns = 0;

		for (size_t i = 0; i < size; i++)
			columns += (text[i] & 0xc0) != 0x80;
		if (width && column > indent && column + 1 + columns > width) {
			fprintf(page->out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			putc(' ', page->out);
			column++;
		}
		fwrite(text, 1, size, page->out);
		column += columns;
		text += size + strspn(text + size, " ");
	}
	putc('\n', page->out);
}
