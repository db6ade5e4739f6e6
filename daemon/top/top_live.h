/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where top gets its samples from: the daemon's database or another profile,
 * which it only reads; or, where no daemon runs, a recording of its own into a
 * temporary file, which is removed at the end.
 */
#ifndef BRINDLE_DAEMON_TOP_TOP_LIVE_H
#define BRINDLE_DAEMON_TOP_TOP_LIVE_H

#include "base/error.h"
#include "daemon/top/top_reader.h"

#include <stdbool.h>
#include <sys/types.h>

struct top_live_options {
	const char *db; /* NULL: the daemon's, or an own recording */
	const pid_t *pids; /* of an own recording; 0: the whole host */
	size_t pid_count;
	unsigned int frequency_hz; /* of an own recording */
	struct selection_options selection;
};

struct top_live;

/** @options: borrowed. */
struct error *top_live_open(const struct top_live_options *options,
			    struct top_live **ret);
void top_live_close(struct top_live *live);

/**
 * Records what is due, and reads what is new when @want is set, which need not
 * be more than a few times a second.
 */
struct error *top_live_step(struct top_live *live, struct top_model *model,
			    bool want);

/** Only reads; also when the recording has ended. */
struct error *top_live_read(struct top_live *live, struct top_model *model);

/** Ends an own recording, so that all of it can be read. */
struct error *top_live_finish(struct top_live *live);

/** Milliseconds until the next step is due; at most @most. */
int top_live_pause_ms(const struct top_live *live, int most);

/** Borrowed. */
const struct top_head *top_live_head(const struct top_live *live);

/** "the daemon", "own recording", or the path. */
const char *top_live_source(const struct top_live *live);

/** It records by itself. */
bool top_live_records(const struct top_live *live);

#endif
