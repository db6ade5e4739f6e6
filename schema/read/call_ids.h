/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of the file in memory: an array has those that are wanted, in the order
 * of their ids, and here is which of them stands where, and how they are read,
 * neighbours by one statement.
 */
#ifndef BRINDLE_SCHEMA_READ_CALL_IDS_H
#define BRINDLE_SCHEMA_READ_CALL_IDS_H

#include "base/error.h"
#include "schema/read/id_set.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CALL_IDS_NONE UINT32_MAX

struct call_ids {
	int64_t *ids; /* owned; ascending row ids; [i] is the row of index i */
	size_t count, capacity;
};

/** @id is greater than those that are there. False: no memory. */
bool call_ids_add(struct call_ids *ids, int64_t id);

/** The index of row @id, or CALL_IDS_NONE. */
uint32_t call_ids_find(const struct call_ids *ids, int64_t id);

/** False: no memory. */
typedef bool (*call_row_fn)(void *context, sqlite3_stmt *row);

/**
 * The rows of @wanted, in order. @sql has two parameters, the first and the
 * last id, and the id as its first column. What points nowhere is left out.
 */
struct error *call_rows_each(sqlite3 *database, const char *sql,
			     const struct id_set *wanted, call_row_fn take,
			     void *context);

/** Those of one @run, by a @statement with the same two parameters. */
struct error *call_rows_each_of_run(sqlite3_stmt *statement, struct id_run run,
				    const struct id_set *wanted,
				    call_row_fn take, void *context);

#endif
