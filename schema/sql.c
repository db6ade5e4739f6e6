// SPDX-License-Identifier: Apache-2.0
#include "schema/sql.h"

#include <stdint.h>

static enum error_code code_of_result(int result)
{
	switch (result & 0xff) {
	case SQLITE_NOMEM:
		return ERROR_NO_MEMORY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ERROR_BAD_DATA;
	case SQLITE_PERM:
	case SQLITE_READONLY:
		return ERROR_PERMISSION;
	case SQLITE_AUTH:
	case SQLITE_ERROR:
		return ERROR_USAGE;
	default:
		return ERROR_SYSTEM;
	}
}

struct error *sql_error(sqlite3 *database, int result)
{
	if ((result & 0xff) == SQLITE_NOMEM)
		return &error_nomem;
	return error_create(code_of_result(result), "%s",
			    sqlite3_errmsg(database));
}

struct error *sql_run(sqlite3 *database, const char *sql)
{
	int result = sqlite3_exec(database, sql, NULL, NULL, NULL);

	return result == SQLITE_OK ? NULL : sql_error(database, result);
}

struct error *sql_prepare(sqlite3 *database, const char *sql, sqlite3_stmt **ret)
{
	int result = sqlite3_prepare_v3(database, sql, -1,
					SQLITE_PREPARE_PERSISTENT, ret, NULL);

	return result == SQLITE_OK ? NULL : sql_error(database, result);
}

struct error *sql_step(sqlite3 *database, sqlite3_stmt *statement)
{
	struct error *error = NULL;
	int result = sqlite3_step(statement);

	// The message belongs to the step; the reset may replace it.
	if (result != SQLITE_DONE && result != SQLITE_ROW)
		error = sql_error(database, result);
	sqlite3_reset(statement);
	return error;
}

struct error *sql_rows(sqlite3_stmt *statement, sql_row_fn take, void *context)
{
	int result;

	while ((result = sqlite3_step(statement)) == SQLITE_ROW)
		if (!take(context, statement))
			return &error_nomem;
	return result == SQLITE_DONE ?
		       NULL :
		       sql_error(sqlite3_db_handle(statement), result);
}

struct error *sql_integer(sqlite3 *database, const char *sql, int64_t *ret)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct error *error = sql_prepare(database, sql, &statement);
	int result;

	if (error)
		return error;
	result = sqlite3_step(statement);
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		return sql_error(database, result);
	*ret = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
	return NULL;
}
