/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal, by curses: pages are shown in it and keys come from it. Colours
 * only where the terminal has them and NO_COLOR is not set. There is one.
 */
#ifndef BRINDLE_DAEMON_TOP_TOP_SCREEN_H
#define BRINDLE_DAEMON_TOP_TOP_SCREEN_H

#include "base/error.h"
#include "daemon/top/top_page.h"

struct top_screen;

struct error *top_screen_open(struct top_screen **ret);

/** Gives the terminal back as it was. */
void top_screen_close(struct top_screen *screen);

unsigned int top_screen_width(const struct top_screen *screen);
unsigned int top_screen_height(const struct top_screen *screen);
void top_screen_show(struct top_screen *screen, const struct top_page *page);

/** The next key, as getch() has it; -1: none waits. */
int top_screen_key(struct top_screen *screen);

/** A key that says only that the size has changed. */
int top_screen_resize_key(void);

#endif
