// SPDX-License-Identifier: Apache-2.0
#include "daemon/top/top_keys.h"

#include <curses.h>

enum { ESCAPE = 27, DELETE = 127, CONTROL_H = 8, CONTROL_U = 21 };

const struct top_key top_keys[] = {
	{ TOP_ACTION_HELP, { '?', 'h', KEY_F(1) }, "?", "help",
	  "this help" },
	{ TOP_ACTION_QUIT, { 'q', KEY_F(10) }, "q", "quit", "quit" },
	{ TOP_ACTION_SUBJECT, { 'v', '\t' }, "v Tab", "view",
	  "functions, processes, or threads" },
	{ TOP_ACTION_LANGUAGE, { 'l' }, "l", "language",
	  "all frames, or only those of Python, native code, the kernel: what "
	  "they call in others is then their own time" },
	{ TOP_ACTION_WINDOW, { 'w' }, "w", "window",
	  "the last 1, 5 or 30 seconds, or since the start" },
	{ TOP_ACTION_SORT_NEXT, { 's' }, "s", "sort", "next order" },
	{ TOP_ACTION_SORT_SELF, { '1' }, "1", NULL, "order by self" },
	{ TOP_ACTION_SORT_TOTAL, { '2' }, "2", NULL, "order by total" },
	{ TOP_ACTION_SORT_TREND, { '3' }, "3", NULL,
	  "order by trend: what grew most in the last seconds" },
	{ TOP_ACTION_SORT_NAME, { '4' }, "4", NULL, "order by name" },
	{ TOP_ACTION_REVERSE, { 'r' }, "r", NULL, "reverse the order" },
	{ TOP_ACTION_FILTER, { '/', 'f' }, "/", "filter",
	  "show only rows with a text in name or place; Esc clears it" },
	{ TOP_ACTION_PAUSE, { ' ', 'p' }, "Space", "pause",
	  "stand still; sampling goes on" },
	{ TOP_ACTION_OPEN, { '\n', '\r', KEY_ENTER, KEY_RIGHT }, "Enter",
	  "open",
	  "of a function: who calls it and whom it calls; of a process or "
	  "thread: its functions" },
	{ TOP_ACTION_BACK, { ESCAPE, KEY_BACKSPACE, DELETE, KEY_LEFT },
	  "Esc", "back", "back to where Enter was pressed" },
	{ TOP_ACTION_UP, { KEY_UP, 'k' }, "Up k", NULL, "one row up" },
	{ TOP_ACTION_DOWN, { KEY_DOWN, 'j' }, "Down j", NULL,
	  "one row down" },
	{ TOP_ACTION_PAGE_UP, { KEY_PPAGE }, "PgUp", NULL, "a page up" },
	{ TOP_ACTION_PAGE_DOWN, { KEY_NPAGE }, "PgDn", NULL, "a page down" },
	{ TOP_ACTION_FIRST, { KEY_HOME, 'g' }, "Home g", NULL,
	  "the first row" },
	{ TOP_ACTION_LAST, { KEY_END, 'G' }, "End G", NULL, "the last row" },
};

const size_t top_key_count = sizeof(top_keys) / sizeof(*top_keys);

enum top_action top_key_action(int code)
{
	for (size_t i = 0; code > 0 && i < top_key_count; i++)
		for (size_t j = 0; j < TOP_KEY_CODES; j++)
			if (top_keys[i].codes[j] == code)
				return top_keys[i].action;
	return TOP_ACTION_NONE;
}

enum top_editing top_key_editing(int code)
{
	switch (code) {
	case '\n':
	case '\r':
	case KEY_ENTER:
		return TOP_EDITING_ACCEPT;
	case ESCAPE:
	case CONTROL_U:
		return TOP_EDITING_CANCEL;
	case KEY_BACKSPACE:
	case DELETE:
	case CONTROL_H:
		return TOP_EDITING_ERASE;
	}
	// Bytes of UTF-8 come one by one.
	return code >= ' ' && code <= 0xff ? TOP_EDITING_TEXT :
					     TOP_EDITING_IGNORE;
}
