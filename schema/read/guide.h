/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema/README.md, carried in the program: its recipes, and what it says about
 * the columns of views. Whoever writes SQL in the dashboard has it at hand, and
 * there is one text to keep right.
 *
 *     ## Cookbook                         section
 *     Who calls `fib`, and how much?      title, and what is left of the
 *                                         paragraph: about
 *     ```sql
 *     SELECT ...                          sql
 *     ```
 */
#ifndef BRINDLE_SCHEMA_READ_GUIDE_H
#define BRINDLE_SCHEMA_READ_GUIDE_H

#include <stdbool.h>
#include <stddef.h>

/* Not NUL-terminated, and part of the guide. */
struct guide_text {
	const char *at;
	size_t size;
};

struct guide_recipe {
	struct guide_text section, title, about, sql;
};

/** Where the guide begins. */
const char *guide_begin(void);

/** The recipe behind *at, which moves behind it; false: there is none. */
bool guide_next_recipe(const char **at, struct guide_recipe *ret);

/** What is said of a column of a view; size 0: nothing. */
struct guide_text guide_column(const char *view, const char *column);

/** Owned by the caller; NULL: no memory. */
char *guide_copy(struct guide_text text);

#endif
