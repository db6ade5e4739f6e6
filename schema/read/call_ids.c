// SPDX-License-Identifier: Apache-2.0
#include "schema/read/call_ids.h"

#include <stdlib.h>

#include "base/array.h"
#include "schema/sql.h"

bool call_ids_add(struct call_ids *ids, int64_t id)
{
	if (ids->count >= CALL_IDS_NONE - 2 ||
	    !array_reserve_one(ids->ids, ids->count, ids->capacity))
		return false;
	ids->ids[ids->count++] = id;
	return true;
}

static int compare_ids(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

uint32_t call_ids_find(const struct call_ids *ids, int64_t id)
{
	const int64_t *found;

	// Ids are handed out from 1 on, so mostly this is it.
	if (id > 0 && (uint64_t)id <= ids->count && ids->ids[id - 1] == id)
		return (uint32_t)(id - 1);
	if (!ids->count)
		return CALL_IDS_NONE;
	found = bsearch(&id, ids->ids, ids->count, sizeof(id), compare_ids);
	return found ? (uint32_t)(found - ids->ids) : CALL_IDS_NONE;
}

struct error *call_rows_each_of_run(sqlite3_stmt *statement, struct id_run run,
				    const struct id_set *wanted,
				    call_row_fn take, void *context)
{
	struct error *error = NULL;
	int result;

	sqlite3_bind_int64(statement, 1, run.from);
	sqlite3_bind_int64(statement, 2, run.until);
	while ((result = sqlite3_step(statement)) == SQLITE_ROW && !error) {
		if (!id_set_has(wanted, sqlite3_column_int64(statement, 0)))
			continue;
		if (!take(context, statement))
			error = &error_nomem;
	}
	if (!error && result != SQLITE_DONE)
		error = sql_error(sqlite3_db_handle(statement), result);
	sqlite3_reset(statement);
	return error;
}

struct error *call_rows_each(sqlite3 *database, const char *sql,
			     const struct id_set *wanted, call_row_fn take,
			     void *context)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct error *error = sql_prepare(database, sql, &statement);
	struct id_run run = { 0, -1 };

	while (!error && id_set_next_run(wanted, run.until + 1, &run))
		error = call_rows_each_of_run(statement, run, wanted, take,
					      context);
	return error;
}
