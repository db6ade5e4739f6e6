// SPDX-License-Identifier: Apache-2.0
#include "schema/read/query_overlay.h"

#include <string.h>

#include "base/embed.h"
#include "schema/read/call_tree_rows.h"
#include "schema/migration.h"
#include "schema/sql.h"

EMBEDDED_FILE(query_overlay_sql);

static struct error *insert(sqlite3 *database, sqlite3_stmt *statement,
			    int64_t first, int64_t second)
{
	sqlite3_bind_int64(statement, 1, first);
	sqlite3_bind_int64(statement, 2, second);
	return sql_step(database, statement);
}

static struct error *fill_spans(sqlite3 *database,
				const struct selection *selection)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct error *error;

	error = sql_prepare(database,
			    "INSERT INTO temp.selection_span VALUES (?1, ?2)",
			    &statement);
	for (size_t i = 0; !error && i < selection->span_count; i++)
		error = insert(database, statement, selection->spans[i].from_id,
			       selection->spans[i].until_id);
	return error;
}

static struct error *fill_events(sqlite3 *database,
				 const struct selection *selection)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct error *error;

	error = sql_prepare(database,
			    "INSERT INTO temp.selection_event VALUES (?1, ?2)",
			    &statement);
	for (size_t i = 0; !error && i < selection->event_count; i++)
		error = insert(database, statement, selection->events[i].id,
			       selection->bare_samples);
	return error;
}

static struct error *fill_threads(sqlite3 *database,
				  const struct selection *selection)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct id_run run = { 0, -1 };
	struct error *error;

	error = sql_prepare(database,
			    "INSERT INTO temp.selection_thread VALUES (?1)",
			    &statement);
	while (!error &&
	       id_set_next_run(&selection->threads, run.until + 1, &run)) {
		for (int64_t id = run.from; !error && id <= run.until; id++) {
			if (!id_set_has(&selection->threads, id))
				continue;
			sqlite3_bind_int64(statement, 1, id);
			error = sql_step(database, statement);
		}
	}
	return error;
}

static struct error *fill_callsites(sqlite3 *database,
				    const struct call_rows *rows)
{
	static const char sql[] =
		"INSERT INTO temp.callsite SELECT id, parent_id, frame_id, "
		"depth, recursive, ?2, ?3, ?4, ?5, event_id "
		"FROM main.callsite WHERE id = ?1";
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct error *error = sql_prepare(database, sql, &statement);

	for (size_t i = 0; !error && i < rows->count; i++) {
		const struct call_row *row = &rows->rows[i];

		sqlite3_bind_int64(statement, 2, (int64_t)row->self.samples);
		sqlite3_bind_int64(statement, 3, (int64_t)row->self.weight);
		sqlite3_bind_int64(statement, 4, (int64_t)row->total.samples);
		sqlite3_bind_int64(statement, 5, (int64_t)row->total.weight);
		sqlite3_bind_int64(statement, 1, row->id);
		error = sql_step(database, statement);
	}
	return error;
}

// The names and the samples of a tree are not needed, only its rows.
static struct error *load_rows(struct call_rows *rows, sqlite3 *database,
			       const struct selection *selection)
{
	struct call_tree tree = { 0 };
	struct tally tally = { 0 };
	struct error *error = NULL;

	if (!selection->whole_recording)
		error = tally_load(&tally, database, selection,
				   TALLY_TOGETHER);
	if (!error)
		error = call_rows_load(
			rows, &tree, database, selection,
			selection->whole_recording ? NULL : &tally,
			CALL_TREE_HEAVY_FIRST);
	tally_deinit(&tally);
	call_tree_deinit(&tree);
	return error;
}

// The views once more, as those of the connection: a view of the file never
// looks at a table of the connection.
static struct error *make_views(sqlite3 *database)
{
	static const char what[] = "CREATE VIEW ", instead[] = "CREATE TEMP VIEW ";
	const char *from = migration_views(), *next;
	_cleanup_free_ char *sql = malloc(2 * strlen(from) + 1);
	char *to = sql;

	if (!sql)
		return &error_nomem;
	while ((next = strstr(from, what))) {
		to = mempcpy(to, from, (size_t)(next - from));
		to = stpcpy(to, instead);
		from = next + strlen(what);
	}
	strcpy(to, from);
	return sql_run(database, sql);
}

static struct error *overlay(sqlite3 *database,
			     const struct selection *selection,
			     const struct call_rows *rows)
{
	struct error *error;

	error = sql_run(database, embedded_query_overlay_sql.text);
	if (!error)
		error = fill_spans(database, selection);
	if (!error)
		error = fill_events(database, selection);
	if (!error)
		error = fill_threads(database, selection);
	if (!error)
		error = fill_callsites(database, rows);
	if (!error)
		error = make_views(database);
	return error;
}

static struct error *overlay_writable(sqlite3 *database,
				      const struct selection *selection,
				      const struct call_rows *rows)
{
	struct error *error = sql_run(database, "PRAGMA query_only = OFF; BEGIN");

	if (error)
		return error;
	error = overlay(database, selection, rows);
	error_destroy(sql_run(database, "COMMIT"));
	if (!error)
		error = sql_run(database, "PRAGMA query_only = ON");
	return error;
}

struct error *query_overlay(struct profile *profile)
{
	sqlite3 *database = profile_database(profile);
	struct call_rows rows = { 0 };
	struct selection selection;
	struct error *error;
	int64_t made;

	error = sql_integer(database,
			    "SELECT count(*) FROM temp.sqlite_schema "
			    "WHERE name = 'selection_span'",
			    &made);
	if (error || made)
		return error;
	error = profile_selection(profile, &selection);
	if (error)
		return error;
	error = load_rows(&rows, database, &selection);
	if (!error)
		error = overlay_writable(database, &selection, &rows);
	call_rows_deinit(&rows);
	selection_deinit(&selection);
	return error;
}
