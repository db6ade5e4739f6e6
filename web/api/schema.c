// SPDX-License-Identifier: Apache-2.0
// What there is to ask for in SQL: tables, views, their columns, and what the
// schema itself and schema/README.md say about them.
#include <string.h>

#include "schema/read/guide.h"
#include "schema/read/query_functions.h"
#include "schema/read/schema_comment.h"
#include "schema/sql.h"
#include "web/api/answers.h"

// Text of this row; borrowed. NULL: there is none.
static const char *column_text(sqlite3_stmt *row, int column)
{
	return (const char *)sqlite3_column_text(row, column);
}

static void write_column(struct json *json, const char *table, const char *sql,
			 sqlite3_stmt *row)
{
	const char *name = column_text(row, 0), *type = column_text(row, 1);
	struct guide_text text = guide_column(table, name);
	_cleanup_free_ char *comment =
		text.size ? guide_copy(text) :
			    schema_comment_of_column(sql, name);

	json_open(json, NULL, '{');
	json_text(json, "name", name);
	json_text(json, "type", type && *type ? type : NULL);
	json_text(json, "comment", comment);
	json_close(json, '}');
}

static struct error *write_columns(struct json *json, sqlite3 *database,
				   const char *table, const char *sql)
{
	_cleanup_statement_ sqlite3_stmt *columns = NULL;
	struct error *error = sql_prepare(database,
					  "SELECT name, type FROM "
					  "pragma_table_info(?1)", &columns);
	int result;

	if (error)
		return error;
	sqlite3_bind_text(columns, 1, table, -1, SQLITE_STATIC);
	json_open(json, "columns", '[');
	while ((result = sqlite3_step(columns)) == SQLITE_ROW)
		if (column_text(columns, 0))
			write_column(json, table, sql, columns);
	json_close(json, ']');
	return result == SQLITE_DONE ? NULL : sql_error(database, result);
}

static struct error *write_tables(struct json *json, sqlite3 *database)
{
	_cleanup_statement_ sqlite3_stmt *tables = NULL;
	struct error *error = sql_prepare(
		database,
		"SELECT name, type, sql FROM sqlite_schema "
		"WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' "
		"AND sql IS NOT NULL ORDER BY type = 'table', name", &tables);
	int result = SQLITE_DONE;

	json_open(json, "tables", '[');
	while (!error && (result = sqlite3_step(tables)) == SQLITE_ROW) {
		const char *name = column_text(tables, 0);
		const char *sql = column_text(tables, 2);
		_cleanup_free_ char *comment = schema_comment_of_table(sql);

		json_open(json, NULL, '{');
		json_text(json, "name", name);
		json_text(json, "kind", column_text(tables, 1));
		json_text(json, "comment", comment);
		error = write_columns(json, database, name, sql);
		json_close(json, '}');
	}
	json_close(json, ']');
	if (!error && result != SQLITE_DONE)
		error = sql_error(database, result);
	return error;
}

static void write_functions(struct json *json)
{
	json_open(json, "functions", '[');
	for (const struct query_function *function = query_functions;
	     function->name; function++) {
		json_open(json, NULL, '{');
		json_text(json, "name", function->name);
		json_text(json, "usage", function->usage);
		json_text(json, "comment", function->about);
		json_close(json, '}');
	}
	json_close(json, ']');
}

struct error *answer_schema(struct api_call *call)
{
	struct json json = { .out = call->out };
	struct error *error;

	json_open(&json, NULL, '{');
	error = write_tables(&json, profile_database(call->profile));
	write_functions(&json);
	json_close(&json, '}');
	return error_wrap(error, "read the schema");
}
