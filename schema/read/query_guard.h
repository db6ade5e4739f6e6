/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL of others may read, nothing else. The file is open read-only already;
 * while a guard stands, the authorizer keeps out ATTACH, PRAGMA and what loads
 * code, and sqlite3_stmt_readonly() what the authorizer is not asked about
 * (VACUUM INTO). How long a statement takes is somebody else's business.
 */
#ifndef BRINDLE_SCHEMA_READ_QUERY_GUARD_H
#define BRINDLE_SCHEMA_READ_QUERY_GUARD_H

#include "base/error.h"

#include <sqlite3.h>
#include <stdbool.h>

struct query_guard {
	sqlite3 *database; /* borrowed */
	bool selecting; /* a SELECT has begun: what follows is part of it */
	bool refused;
};

/** Stands until it is removed; @guard stays where it is. */
void query_guard_set(struct query_guard *guard, sqlite3 *database);
void query_guard_remove(struct query_guard *guard);

/** One statement that reads and has columns; else ERROR_USAGE says what. */
struct error *query_guard_prepare(struct query_guard *guard, const char *sql,
				  sqlite3_stmt **ret);

/** What a step that failed with @result means. */
struct error *query_guard_error(const struct query_guard *guard, int result);

#endif
