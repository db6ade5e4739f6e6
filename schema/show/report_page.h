/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report on its way to a terminal or a file: styles where they are wanted,
 * foreign text made safe and cut to its column, numbers as people read them.
 */
#ifndef BRINDLE_SCHEMA_SHOW_REPORT_PAGE_H
#define BRINDLE_SCHEMA_SHOW_REPORT_PAGE_H

#include "schema/show/report.h"

enum style {
	STYLE_NONE, STYLE_BOLD, STYLE_DIM, STYLE_WARNING,
	STYLE_PYTHON, STYLE_NATIVE, STYLE_KERNEL,
};

struct page {
	const struct report *report;	      /* borrowed */
	const struct report_options *options; /* borrowed */
	FILE *out;			      /* borrowed */
	bool no_memory; /* something is missing in what was printed */
	bool marked;	/* some frame bears a mark: explain it */
};

/** Holds until STYLE_NONE. Nothing where colours are not wanted. */
void page_style(struct page *page, enum style style);
void page_styled(struct page *page, enum style style, const char *text);
enum style page_kind_style(enum store_kind kind);

/** Columns that @text takes. */
unsigned int page_columns(const char *text);

/** Escaped, owned by the caller. NULL: no memory, which is remembered. */
char *page_printable(struct page *page, const char *text);

/**
 * @text in @width columns at most, 0: as it is. Of a path the end matters, of
 * a name the beginning. What it took, in columns.
 */
unsigned int page_print_cut(struct page *page, const char *text,
			    unsigned int width, bool keep_end);
void page_pad(struct page *page, unsigned int from, unsigned int to);

/** How the rest of a row is shared by a name and the place behind it. */
struct name_columns {
	unsigned int name, place; /* 0: not cut */
	unsigned int pad;	  /* where the place begins */
};

/** Behind @prefix columns; @longest of the names is so wide. */
struct name_columns page_share_columns(const struct page *page,
				       unsigned int longest,
				       unsigned int prefix);
/** Both, and the end of the line. @place may be "". */
void page_print_name(struct page *page, const char *name, enum style style,
		     const char *place, struct name_columns columns);

/** Broken between words; other lines than the first begin at @indent. */
void page_print_wrapped(struct page *page, const char *text,
			unsigned int indent);

void page_print_duration(struct page *page, uint64_t time_ns);

/** From when to when, how long that is, and how far off its edges may be. */
void page_print_range(struct page *page, const struct excerpt *excerpt);

/* 1234567 as 1,234,567. */
struct count_text {
	char text[32];
};
struct count_text page_count(uint64_t count);

/** What stands above the tables: where, when, how many, how good. */
void page_print_head(struct page *page);

#endif
