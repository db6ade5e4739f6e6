/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user has chosen to see, and how the keys change it: a view, a place
 * in its rows, the function that was opened, a filter that is being typed. No
 * terminal is needed for it.
 */
#ifndef BRINDLE_DAEMON_TOP_TOP_STATE_H
#define BRINDLE_DAEMON_TOP_TOP_STATE_H

#include "daemon/top/top_keys.h"
#include "daemon/top/top_table.h"

enum { TOP_FILTER_MAX = 64, TOP_FOCUS_MAX = 32 };

struct top_state {
	struct top_view view;
	char filter[TOP_FILTER_MAX]; /* what view.filter points to */
	bool editing;		     /* keys are letters of the filter */
	bool paused, help, quit;
	size_t cursor; /* of the rows */
	size_t page_rows; /* that PgUp and PgDn go; set by who draws */
	uint32_t focus[TOP_FOCUS_MAX]; /* functions opened, one from another */
	size_t focus_count;
	unsigned int resets; /* of the model, when its places were valid */
};

void top_state_init(struct top_state *state);

/* The rows for a state: a table, or a sandwich when a function is open. */
struct top_shown {
	bool is_sandwich;
	struct top_table table;
	struct top_sandwich sandwich;
};

/** Also corrects @state where rows have gone. */
struct error *top_shown_make(const struct top_model *model,
			     struct top_state *state, struct top_shown *ret);
void top_shown_deinit(struct top_shown *shown);

/** NULL beyond the last. Callers come first, then callees. */
const struct top_row *top_shown_row(const struct top_shown *shown,
				    size_t index);

/** Does what key @code asks for; @shown is what the user looks at. */
void top_state_key(struct top_state *state, const struct top_shown *shown,
		   int code);

#endif
