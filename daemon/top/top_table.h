/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table made of what the model knows: which functions (or processes, or
 * threads), within which time, of which language, in which order? And of one
 * function: who calls it, and whom does it call?
 *
 * Self is time in the function itself, total is time in it or below it; a
 * recursive function counts once a sample. Asked for one language, a stack is
 * seen without the frames of others: time in C that Python called is then the
 * Python function's own.
 */
#ifndef BRINDLE_DAEMON_TOP_TOP_TABLE_H
#define BRINDLE_DAEMON_TOP_TOP_TABLE_H

#include "daemon/top/top_model.h"

enum top_subject { TOP_FUNCTIONS, TOP_PROCESSES, TOP_THREADS };
enum top_language { TOP_ALL, TOP_PYTHON, TOP_NATIVE, TOP_KERNEL };
enum top_sort { TOP_BY_SELF, TOP_BY_TOTAL, TOP_BY_TREND, TOP_BY_NAME };

enum { TOP_TREND = 20 }; /* seconds that a trend shows, the latest last */

struct top_view {
	enum top_subject subject;
	enum top_language language;
	enum top_sort sort;
	bool reverse;
	unsigned int window_s; /* 0: since the start */
	const char *filter;    /* in name or place, any case; NULL: none */
	uint32_t process, thread; /* only of these; TOP_NONE: of all */
};

/* Of a sandwich, self and total are both the samples of that caller. */
struct top_row {
	uint32_t place; /* in the model's array of the subject */
	uint64_t self_samples, total_samples;
	uint64_t self_weight, total_weight;
	uint64_t trend[TOP_TREND]; /* total weight, second by second */
};

struct top_rows {
	struct top_row *items; /* owned */
	size_t count, capacity;
};

struct top_table {
	struct top_rows rows;	  /* in order */
	uint64_t samples, weight; /* all that were asked for, seen or not */
	uint64_t trust[3];	  /* of all samples of the window */
	uint64_t window_ns;	  /* that it covers */
	int64_t end_second;
};

struct error *top_table_make(const struct top_model *model,
			     const struct top_view *view,
			     struct top_table *ret);
void top_table_deinit(struct top_table *table);

/* Who is above and below one function. */
struct top_sandwich {
	uint32_t function;
	struct top_row sum; /* of the function itself */
	struct top_rows callers, callees; /* by samples; TOP_NONE: a root */
	uint64_t samples, weight, window_ns;
};

/** Of @view, filter and order are not minded. */
struct error *top_sandwich_make(const struct top_model *model,
				const struct top_view *view, uint32_t function,
				struct top_sandwich *ret);
void top_sandwich_deinit(struct top_sandwich *sandwich);

/** Does the row of @place pass the view's filter? */
bool top_view_matches(const struct top_model *model,
		      const struct top_view *view, uint32_t place);

#endif
