// SPDX-License-Identifier: Apache-2.0
#include "schema/read/profile.h"

#include <errno.h>

#include "schema/read/query_functions.h"
#include "schema/read/query_guard.h"
#include "schema/read/query_overlay.h"
#include "schema/read/query_print.h"
#include "schema/sql.h"

static struct error *run_query(struct query_guard *guard, const char *sql,
			       enum query_format format, FILE *out)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct error *error = query_guard_prepare(guard, sql, &statement);
	int result;

	if (error)
		return error;
	result = query_print(statement, format, out);
	if (result == SQLITE_NOMEM)
		return &error_nomem;
	if (result != SQLITE_DONE)
		return query_guard_error(guard, result);
	if (fflush(out) != 0)
		return error_from_errno(errno, "write the result");
	return NULL;
}

struct error *profile_query(struct profile *profile, const char *sql,
			    enum query_format format, FILE *out)
{
	sqlite3 *database = profile_database(profile);
	struct query_guard guard;
	struct error *error = query_overlay_for(profile, sql);

	if (!error)
		error = query_functions_add(database);
	if (error)
		return error;
	query_guard_set(&guard, database);
	error = run_query(&guard, sql, format, out);
	query_guard_remove(&guard);
	return error;
}
