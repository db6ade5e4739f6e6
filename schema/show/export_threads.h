/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who did it: the names and numbers of threads, by their rows.
 */
#ifndef BRINDLE_SCHEMA_SHOW_EXPORT_THREADS_H
#define BRINDLE_SCHEMA_SHOW_EXPORT_THREADS_H

#include "schema/read/call_tree.h"

struct export_thread {
	char *process, *name; /* owned; well-formed UTF-8 */
	int64_t pid, tid;
};

struct export_threads {
	struct call_ids ids; /* rows of each of threads */
	struct export_thread *threads; /* owned */
	size_t count, capacity;
};

/** Those of @wanted that there are. */
struct error *export_threads_load(struct export_threads *threads,
				  sqlite3 *database,
				  const struct id_set *wanted);
void export_threads_deinit(struct export_threads *threads);

#endif
