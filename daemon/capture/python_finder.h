/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the processes that run a CPython and publishes them as targets: by
 * their mappings, at a look at /proc or from records as they come, and by whose
 * children they are. Takes them back when they end or become another program.
 *
 * The keeper's own, used by its thread alone.
 */
#ifndef BRINDLE_DAEMON_CAPTURE_PYTHON_FINDER_H
#define BRINDLE_DAEMON_CAPTURE_PYTHON_FINDER_H

#include "daemon/capture/lifeline.h"
#include "daemon/capture/python_files.h"
#include "daemon/capture/target_table.h"
#include "daemon/perf/perf_record.h"

enum { PYTHON_FINDER_BORN_MAX = 256 };

/** A child of a CPython that has not become another program yet. */
struct born {
	pid_t pid, parent; /* parent 0: it has ended, or become another */
	uint64_t since_ns;
};

struct python_finder {
	const struct opener *opener;  /* borrowed */
	struct target_table *targets; /* borrowed */
	struct python_files *files;   /* owned */
	struct lifeline *lifeline;    /* borrowed; NULL: reads may hang */
	struct lifeline_memory probe; /* what is_readable() reads */
	struct born born[PYTHON_FINDER_BORN_MAX];
	size_t born_count;
};

/** False without memory. */
bool python_finder_init(struct python_finder *finder,
			const struct opener *opener,
			struct target_table *targets);
void python_finder_deinit(struct python_finder *finder);

/** Publishes process @pid if it runs a supported CPython now. */
void python_finder_look_at(struct python_finder *finder, pid_t pid);

/** Takes a record of a mapping, a fork, an exec or an exit. */
void python_finder_take_record(struct python_finder *finder,
			       const struct perf_record *record);

/** There is no more for now: publishes the children that are still what their
 *  parents are. */
void python_finder_end_batch(struct python_finder *finder);

/** Whether the process of @target has ended, or has other mappings. */
bool python_finder_is_gone(struct python_finder *finder,
			   const struct target *target);

#endif
