/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tables of top are counted with: the frames of a stack that a view
 * wants, functions met before in it, and the seconds of its window.
 */
#ifndef BRINDLE_DAEMON_TOP_TOP_STACK_H
#define BRINDLE_DAEMON_TOP_TOP_STACK_H

#include "daemon/top/top_table.h"

/* A climb from the leaf to the root. */
struct top_stack {
	const struct top_model *model;
	enum top_language language;
	uint32_t next;	/* call site */
	bool no_frames; /* TOP_NO_STACK is yet to be told */
};

void top_stack_init(struct top_stack *stack, const struct top_model *model,
		    const struct top_view *view, uint32_t callsite);

/** The next function that the view wants; TOP_NONE: that was the root. */
uint32_t top_stack_next(struct top_stack *stack);

/** Before the first step: is the leaf itself of the view's language? */
bool top_stack_leaf_counts(const struct top_stack *stack);

/* A set of functions that is emptied in no time. */
struct top_marks {
	uint32_t *stamps; /* owned */
	uint32_t stamp;
};

struct error *top_marks_init(struct top_marks *marks, size_t count);
void top_marks_deinit(struct top_marks *marks);
void top_marks_clear(struct top_marks *marks);

/** True when @function was not in it. */
bool top_marks_set(struct top_marks *marks, uint32_t function);

/* Whole seconds: the latest one is still being counted, and left out. */
struct top_window {
	int64_t first, end; /* both in it */
	bool since_start;   /* and the one that is being counted */
	uint64_t length_ns;
};

void top_window_of(struct top_window *ret, const struct top_model *model,
		   const struct top_view *view);
bool top_window_has(const struct top_window *window, int64_t second);

/** Are samples of the thread at @place asked for? */
bool top_view_wants(const struct top_view *view,
		    const struct top_thread *thread, uint32_t place);

#endif
