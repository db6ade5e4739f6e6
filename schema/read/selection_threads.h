/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose samples are asked for? Threads by what people call them: a process by
 * number, name or executable, a thread, a cgroup, a user.
 */
#ifndef BRINDLE_SCHEMA_READ_SELECTION_THREADS_H
#define BRINDLE_SCHEMA_READ_SELECTION_THREADS_H

#include "schema/read/selection.h"

/** The threads of @selection, whose spans are there, and what rollups do not
 *  tell of them. Nobody: an error that says so. */
struct error *selection_load_threads(struct selection *selection,
				     sqlite3 *database,
				     const struct selection_options *options);

#endif
