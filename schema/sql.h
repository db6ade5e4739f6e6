/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite with this program's manners: results become errors with context,
 * statements are finalized when their scope ends.
 */
#ifndef BRINDLE_SCHEMA_SQL_H
#define BRINDLE_SCHEMA_SQL_H

#include "base/error.h"

#include <sqlite3.h>
#include <stdbool.h>

static inline void sql_finalizep(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

static inline void sql_closep(sqlite3 **database)
{
	sqlite3_close_v2(*database);
}

#define _cleanup_statement_ _cleanup_(sql_finalizep)
#define _cleanup_database_ _cleanup_(sql_closep)

/** What the last call on @database that failed with @result means. */
struct error *sql_error(sqlite3 *database, int result);

/** Runs constant statements whose rows do not matter. */
struct error *sql_run(sqlite3 *database, const char *sql);

struct error *sql_prepare(sqlite3 *database, const char *sql,
			  sqlite3_stmt **ret);

/** Runs a statement that yields no rows, once, and makes it ready again. */
struct error *sql_step(sqlite3 *database, sqlite3_stmt *statement);

/** Takes one row. False: no memory. */
typedef bool (*sql_row_fn)(void *context, sqlite3_stmt *row);

/** All rows of @statement, whose parameters are bound. */
struct error *sql_rows(sqlite3_stmt *statement, sql_row_fn take, void *context);

/** The one integer of the first row; 0 when there is none. */
struct error *sql_integer(sqlite3 *database, const char *sql, int64_t *ret);

#endif
