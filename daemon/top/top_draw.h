/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page of a state: header, table or sandwich, bottom line. --once shows the
 * header and the table only.
 */
#ifndef BRINDLE_DAEMON_TOP_TOP_DRAW_H
#define BRINDLE_DAEMON_TOP_TOP_DRAW_H

#include "daemon/top/top_page.h"
#include "daemon/top/top_reader.h"
#include "daemon/top/top_state.h"

struct top_scene {
	const struct top_model *model; /* all borrowed */
	const struct top_head *head;
	const struct top_shown *shown;
	const char *source;  /* "daemon", "own recording", or a path */
	const char *message; /* something is wrong; NULL: nothing */
};

/** Fills exactly @height lines, and sets what @state needs of it. */
void top_draw(struct top_page *page, const struct top_scene *scene,
	      struct top_state *state, unsigned int height);

/** Header and the first @count rows. */
void top_draw_once(struct top_page *page, const struct top_scene *scene,
		   const struct top_state *state, size_t count);

/** The lines above the table. */
void top_draw_header(struct top_page *page, const struct top_scene *scene,
		     const struct top_state *state);
void top_draw_help(struct top_page *page, unsigned int height);

#endif
