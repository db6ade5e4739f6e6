// SPDX-License-Identifier: Apache-2.0
#include "schema/read/query_guard.h"

#include <string.h>

#include "schema/sql.h"

static bool is_harmful_function(const char *name)
{
	return strcasecmp(name, "load_extension") == 0 ||
	       strcasecmp(name, "fts3_tokenizer") == 0;
}

// What table-valued functions like pragma_table_info('sample') ask for.
static bool is_descriptive_pragma(const char *name)
{
	static const char *const names[] = {
		"table_info",	    "table_xinfo",     "table_list",
		"index_list",	    "index_info",      "index_xinfo",
		"foreign_key_list", "compile_options", "function_list",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool is_permitted(struct query_guard *guard, int action,
			 const char *first, const char *second)
{
	switch (action) {
	case SQLITE_SELECT:
		guard->selecting = true;
		return true;
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return true;
	case SQLITE_FUNCTION:
		return second && !is_harmful_function(second);
	case SQLITE_PRAGMA:
		return guard->selecting && is_descriptive_pragma(first);
	default:
		return false;
	}
}

static int authorize(void *context, int action, const char *first,
		     const char *second, const char *database,
		     const char *trigger)
{
	struct query_guard *guard = context;

	(void)database, (void)trigger;
	if (is_permitted(guard, action, first, second))
		return SQLITE_OK;
	guard->refused = true;
	return SQLITE_DENY;
}

// Making the table behind json_each() runs SQL that the authorizer would
// refuse, but is done once a connection only: so before it is there. What this
// SQLite was built without is left out.
static void meet_table_functions(sqlite3 *database)
{
	static const char *const queries[] = {
		"SELECT 1 FROM json_each('[]') LIMIT 0",
		"SELECT 1 FROM json_tree('[]') LIMIT 0",
		"SELECT 1 FROM dbstat LIMIT 0",
		"SELECT 1 FROM pragma_table_info('sample') LIMIT 0",
		"SELECT 1 FROM pragma_table_xinfo('sample') LIMIT 0",
		"SELECT 1 FROM pragma_table_list LIMIT 0",
		"SELECT 1 FROM pragma_index_list('sample') LIMIT 0",
		"SELECT 1 FROM pragma_function_list LIMIT 0",
	};

	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++)
		error_destroy(sql_run(database, queries[i]));
}

static struct error *refusal(void)
{
	return error_create(ERROR_USAGE, "a query can only read: one SELECT");
}

struct error *query_guard_error(const struct query_guard *guard, int result)
{
	return error_wrap(sql_error(guard->database, result), "query");
}

// Comments and a last semicolon may follow: what is left must compile to
// nothing.
static struct error *check_tail(sqlite3 *database, const char *tail)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int result = SQLITE_OK;

	while (*tail && result == SQLITE_OK && !statement) {
		const char *next = tail;

		result = sqlite3_prepare_v2(database, tail, -1, &statement,
					    &next);
		if (next == tail)
			break;
		tail = next;
	}
	if (!statement && result == SQLITE_OK)
		return NULL;
	return error_create(ERROR_USAGE,
			    "a query is one statement: there is another one "
			    "after the first");
}

struct error *query_guard_prepare(struct query_guard *guard, const char *sql,
				  sqlite3_stmt **ret)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	sqlite3 *database = guard->database;
	const char *tail;
	struct error *error;
	int result;

	result = sqlite3_prepare_v2(database, sql, -1, &statement, &tail);
	if (guard->refused)
		return refusal();
	if (result != SQLITE_OK)
		return query_guard_error(guard, result);
	if (!statement)
		return error_create(ERROR_USAGE, "the query is empty");
	if (!sqlite3_stmt_readonly(statement) ||
	    sqlite3_column_count(statement) == 0)
		return refusal();
	error = check_tail(database, tail);
	if (error)
		return error;
	*ret = take_ptr(statement);
	return NULL;
}

void query_guard_set(struct query_guard *guard, sqlite3 *database)
{
	*guard = (struct query_guard){ .database = database };
	meet_table_functions(database);
	sqlite3_set_authorizer(database, authorize, guard);
}

void query_guard_remove(struct query_guard *guard)
{
	sqlite3_set_authorizer(guard->database, NULL, NULL);
}
