/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rows are one process, or one thread? A store numbers anew in each era,
 * so that one that lives on has a row in each (table era in schema/README.md).
 *
 * A process is known by the kernel's run that it is of, its pid and when it
 * started; a thread by its process, its tid, its name and, as far as known, its
 * start. Rows of one era are never the same one: there a pid or tid that comes
 * again was reused.
 */
#ifndef BRINDLE_SCHEMA_READ_SAME_ROWS_H
#define BRINDLE_SCHEMA_READ_SAME_ROWS_H

#include "base/error.h"
#include "schema/read/id_set.h"

#include <sqlite3.h>

struct same_row {
	int64_t id, latest_id;
};

struct same_rows {
	struct same_row *rows; /* owned; by id; only those that have a later one */
	size_t count, capacity;
};

/** Among the rows @wanted of table process, or thread. */
struct error *same_rows_of_processes(struct same_rows *same, sqlite3 *database,
				     const struct id_set *wanted);
struct error *same_rows_of_threads(struct same_rows *same, sqlite3 *database,
				   const struct id_set *wanted);
void same_rows_deinit(struct same_rows *same);

/** The latest row of the same one: @id itself, if there is no other. */
int64_t same_rows_latest(const struct same_rows *same, int64_t id);

#endif
