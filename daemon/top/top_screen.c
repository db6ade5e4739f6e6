// SPDX-License-Identifier: Apache-2.0
#include "daemon/top/top_screen.h"

#include <curses.h>
#include <errno.h>

enum { ESCAPE_WAIT_MS = 25 };

/* Pairs of curses, by what they colour. */
enum { PAIR_PYTHON = 1, PAIR_NATIVE, PAIR_KERNEL, PAIR_WARNING, PAIR_TREND };

struct top_screen {
	SCREEN *screen; // owned
	bool colors;
};

// SGR colours as `brindle report` has them.
static void init_colors(struct top_screen *screen)
{
	const char *no_color = getenv("NO_COLOR");
	short background = COLOR_BLACK;

	if ((no_color && *no_color) || !has_colors() || start_color() == ERR)
		return;
	if (use_default_colors() == OK)
		background = -1;
	init_pair(PAIR_PYTHON, COLORS > 8 ? COLOR_BLUE + 8 : COLOR_BLUE,
		  background);
	init_pair(PAIR_NATIVE, COLOR_YELLOW, background);
	init_pair(PAIR_KERNEL, COLOR_GREEN, background);
	init_pair(PAIR_WARNING, COLOR_YELLOW, background);
	init_pair(PAIR_TREND, COLOR_CYAN, background);
	screen->colors = true;
}

struct error *top_screen_open(struct top_screen **ret)
{
	struct top_screen *screen = calloc(1, sizeof(*screen));

	if (!screen)
		return &error_nomem;
	// Not initscr(), which ends the program by itself.
	screen->screen = newterm(NULL, stdout, stdin);
	if (!screen->screen) {
		const char *term = getenv("TERM");

		free(screen);
		return error_create(ERROR_UNSUPPORTED,
				    "this terminal (TERM='%s') cannot show "
				    "it; `brindle top --once` prints a table",
				    term ? term : "");
	}
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_WAIT_MS);
	curs_set(0);
	init_colors(screen);
	*ret = screen;
	return NULL;
}

void top_screen_close(struct top_screen *screen)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen->screen);
	free(screen);
}

unsigned int top_screen_width(const struct top_screen *screen)
{
	(void)screen;
	return (unsigned int)getmaxx(stdscr);
}

unsigned int top_screen_height(const struct top_screen *screen)
{
	(void)screen;
	return (unsigned int)getmaxy(stdscr);
}

// Without colours, what matters is told by weight alone.
static attr_t attributes_of(const struct top_screen *screen,
			    enum top_style style)
{
	static const struct {
		attr_t plain;
		short pair;
	} styles[] = {
		[TOP_STYLE_PLAIN] = { A_NORMAL, 0 },
		[TOP_STYLE_BOLD] = { A_BOLD, 0 },
		[TOP_STYLE_DIM] = { A_DIM, 0 },
		[TOP_STYLE_WARNING] = { A_BOLD, PAIR_WARNING },
		[TOP_STYLE_HEADING] = { A_REVERSE, 0 },
		[TOP_STYLE_PYTHON] = { A_NORMAL, PAIR_PYTHON },
		[TOP_STYLE_NATIVE] = { A_NORMAL, PAIR_NATIVE },
		[TOP_STYLE_KERNEL] = { A_NORMAL, PAIR_KERNEL },
		[TOP_STYLE_TREND] = { A_NORMAL, PAIR_TREND },
	};

	return styles[style].plain |
	       (screen->colors ? (attr_t)COLOR_PAIR(styles[style].pair) : 0);
}

static void show_line(const struct top_screen *screen, int row,
		      const struct top_line *line)
{
	attr_t selected = line->selected ? A_REVERSE | A_BOLD : 0;

	move(row, 0);
	for (unsigned int i = 0; i < line->span_count; i++) {
		const struct top_span *span = &line->spans[i];

		attrset(selected ? selected :
				   attributes_of(screen, span->style));
		addstr(span->text);
	}
	if (selected)
		for (int column = getcurx(stdscr); column < getmaxx(stdscr) - 1;
		     column++)
			addch(' ');
	attrset(A_NORMAL);
}

void top_screen_show(struct top_screen *screen, const struct top_page *page)
{
	int height = getmaxy(stdscr);

	erase();
	for (int row = 0; row < height && (size_t)row < page->line_count; row++)
		show_line(screen, row, &page->lines[row]);
	refresh();
}

int top_screen_key(struct top_screen *screen)
{
	int key = getch();

	(void)screen;
	return key == ERR ? -1 : key;
}

int top_screen_resize_key(void)
{
	return KEY_RESIZE;
}
