/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line that shows how a recording goes: elapsed time, samples, losses,
 * proven share. Drawn on a terminal only; a pipe stays silent.
 */
#ifndef BRINDLE_DAEMON_COMMAND_PROGRESS_H
#define BRINDLE_DAEMON_COMMAND_PROGRESS_H

#include "daemon/pipeline/recorder.h"

#include <stdint.h>
#include <stdio.h>

struct progress {
	FILE *out;
	bool shown; /* a terminal */
	uint64_t start_ns, drawn_ns;
};

void progress_init(struct progress *progress, FILE *out);

/** Draws when the last drawing is old enough. */
void progress_update(struct progress *progress,
		     const struct recorder *recorder);

/** Wipes the line. */
void progress_clear(struct progress *progress);

/** The last word: what was written where, and what to do next. */
void progress_summary(struct progress *progress,
		      const struct recorder *recorder, const char *path);

#endif
