/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of top: one table, from which keys find their action, and of which
 * the help and the line at the bottom are made. Codes are those of curses'
 * getch().
 */
#ifndef BRINDLE_DAEMON_TOP_TOP_KEYS_H
#define BRINDLE_DAEMON_TOP_TOP_KEYS_H

#include <stddef.h>

enum top_action {
	TOP_ACTION_NONE,
	TOP_ACTION_QUIT,
	TOP_ACTION_HELP,
	TOP_ACTION_PAUSE,
	TOP_ACTION_FILTER,
	TOP_ACTION_SORT_NEXT,
	TOP_ACTION_SORT_SELF,
	TOP_ACTION_SORT_TOTAL,
	TOP_ACTION_SORT_TREND,
	TOP_ACTION_SORT_NAME,
	TOP_ACTION_REVERSE,
	TOP_ACTION_LANGUAGE,
	TOP_ACTION_SUBJECT,
	TOP_ACTION_WINDOW,
	TOP_ACTION_OPEN,
	TOP_ACTION_BACK,
	TOP_ACTION_UP,
	TOP_ACTION_DOWN,
	TOP_ACTION_PAGE_UP,
	TOP_ACTION_PAGE_DOWN,
	TOP_ACTION_FIRST,
	TOP_ACTION_LAST,
};

enum { TOP_KEY_CODES = 4 };

struct top_key {
	enum top_action action;
	int codes[TOP_KEY_CODES]; /* 0: unused */
	const char *label;
	const char *hint; /* for the bottom line; NULL: not there */
	const char *help;
};

extern const struct top_key top_keys[];
extern const size_t top_key_count;

enum top_action top_key_action(int code);

/* Keys with a meaning while a filter is typed. */
enum top_editing {
	TOP_EDITING_TEXT, TOP_EDITING_ERASE, TOP_EDITING_ACCEPT,
	TOP_EDITING_CANCEL, TOP_EDITING_IGNORE,
};
enum top_editing top_key_editing(int code);

#endif
