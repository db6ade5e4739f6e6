/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names behind a sample's row ids: thread and process, and the functions of
 * its stack, taken over into the model when first met. Names of threads and
 * processes change (exec, prctl), and with them who is asked for: those that
 * show up in a poll are read again in it.
 */
#ifndef BRINDLE_DAEMON_TOP_TOP_NAMES_H
#define BRINDLE_DAEMON_TOP_TOP_NAMES_H

#include "daemon/top/top_model.h"
#include "schema/read/selection.h"

#include <sqlite3.h>

struct top_names {
	sqlite3 *database; /* borrowed */
	sqlite3_stmt *thread, *chosen, *callsite, *function; /* owned */
	uint32_t *thread_polls; /* owned; [place in the model] */
	size_t thread_capacity;
	uint32_t poll;
	bool any_thread; /* no filter was given */
};

struct error *top_names_init(struct top_names *names, sqlite3 *database,
			     const struct selection_options *options);
void top_names_deinit(struct top_names *names);

/** A new poll: names may have changed. */
void top_names_renew(struct top_names *names);

/** The places of rows in @model; TOP_NONE for rows that are not there. */
struct error *top_names_thread(struct top_names *names,
			       struct top_model *model, int64_t id,
			       uint32_t *ret);
/** @id 0: no frames, TOP_NONE. */
struct error *top_names_callsite(struct top_names *names,
				 struct top_model *model, int64_t id,
				 uint32_t *ret);

#endif
