/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the thread of a sample had the interpreter's lock, waited for it, or
 * ran without it. What was read says the first; that a thread without it waits
 * is seen on its native stack: it stands in the function that takes the lock,
 * or the interpreter's own code waits on a condition or for a mutex of the C
 * library, which it does for this lock only (locks of Python are semaphores):
 * until somebody lets go of it, or, having been asked to let go, until somebody
 * has taken it.
 *
 * Used by the worker alone.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_SAMPLE_GIL_H
#define BRINDLE_DAEMON_PIPELINE_SAMPLE_GIL_H

#include "schema/store/store.h"
#include "unwind/python/gil.h"
#include "unwind/walk.h"

struct sample_gil {
	enum store_gil state;
	pid_t holder_tid; /* of one that waits; 0: not known */
};

/** @walk: of the sample that @snapshot was read for, leaf first. */
struct sample_gil sample_gil_of(const struct python_layout *layout,
				const struct snapshot *snapshot,
				const struct walk_result *walk);

#endif
