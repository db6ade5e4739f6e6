// SPDX-License-Identifier: Apache-2.0
#include "schema/read/profile.h"

#include <errno.h>
#include <string.h>

#include "schema/read/query_overlay.h"
#include "schema/read/query_print.h"
#include "schema/sql.h"

/*
 * A query may read, nothing else. The file is open read-only already; the
 * authorizer keeps out ATTACH, PRAGMA and what loads code, and
 * sqlite3_stmt_readonly() what the authorizer is not asked about (VACUUM INTO).
 */
struct permission {
	bool selecting; /* a SELECT has begun: what follows is part of it */
	bool refused;
};

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

static bool is_permitted(struct permission *permission, int action,
			 const char *first, const char *second)
{
	switch (action) {
	case SQLITE_SELECT:
		permission->selecting = true;
		return true;
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return true;
	case SQLITE_FUNCTION:
		return second && !is_harmful_function(second);
	case SQLITE_PRAGMA:
		return permission->selecting && is_descriptive_pragma(first);
	default:
		return false;
	}
}

static int authorize(void *context, int action, const char *first,
		     const char *second, const char *database,
		     const char *trigger)
{
	struct permission *permission = context;

	(void)database, (void)trigger;
	if (is_permitted(permission, action, first, second))
		return SQLITE_OK;
	permission->refused = true;
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

static struct error *query_error(sqlite3 *database, int result)
{
	return error_wrap(sql_error(database, result), "query");
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

static struct error *prepare(sqlite3 *database, const char *sql,
			     const struct permission *permission,
			     sqlite3_stmt **ret)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	const char *tail;
	struct error *error;
	int result;

	result = sqlite3_prepare_v2(database, sql, -1, &statement, &tail);
	if (permission->refused)
		return refusal();
	if (result != SQLITE_OK)
		return query_error(database, result);
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

static struct error *run_query(sqlite3 *database, const char *sql,
			       const struct permission *permission,
			       enum query_format format, FILE *out)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct error *error = prepare(database, sql, permission, &statement);
	int result;

	if (error)
		return error;
	result = query_print(statement, format, out);
	if (result == SQLITE_NOMEM)
		return &error_nomem;
	if (result != SQLITE_DONE)
		return query_error(database, result);
	if (fflush(out) != 0)
		return error_from_errno(errno, "write the result");
	return NULL;
}

// Without a selection a query sees the file as any other program does.
static bool is_selected(const struct selection_options *options)
{
	return options->range || options->from || options->until ||
	       options->event ||
	       options->process || options->thread || options->cgroup ||
	       options->user || options->since_boot;
}

struct error *profile_query(struct profile *profile, const char *sql,
			    enum query_format format, FILE *out)
{
	sqlite3 *database = profile_database(profile);
	struct permission permission = { 0 };
	struct error *error = NULL;

	if (is_selected(profile_selected(profile)))
		error = query_overlay(profile);
	if (error)
		return error;
	meet_table_functions(database);
	sqlite3_set_authorizer(database, authorize, &permission);
	error = run_query(database, sql, &permission, format, out);
	sqlite3_set_authorizer(database, NULL, NULL);
	return error;
}
