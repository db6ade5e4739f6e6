// SPDX-License-Identifier: Apache-2.0
#include "schema/read/query_overlay.h"

#include <string.h>

#include "base/embed.h"
#include "schema/read/call_tree_rows.h"
#include "schema/migration.h"
#include "schema/sql.h"

EMBEDDED_FILE(query_overlay_sql);
EMBEDDED_FILE(query_sums_sql);

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
	// Nobody is not everybody.
	if (!error && !selection->any_thread) {
		sqlite3_bind_int64(statement, 1, -1);
		error = sql_step(database, statement);
	}
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

static struct error *make_some_views(sqlite3 *database, const char *from)
{
	static const char what[] = "CREATE VIEW ", instead[] = "CREATE TEMP VIEW ";
	const char *next;
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

// The views once more, as those of the connection: a view of the file never
// looks at a table of the connection.
static struct error *make_views(sqlite3 *database)
{
	struct error *error = NULL;
	const char *sql;

	for (size_t i = 0; !error && (sql = migration_views(i)); i++)
		error = make_some_views(database, sql);
	return error;
}

static struct error *overlay(sqlite3 *database,
			     const struct selection *selection,
			     const struct call_rows *rows)
{
	struct error *error;

	error = sql_run(database, embedded_query_overlay_sql.text);
	if (!error)
		error = sql_run(database, embedded_query_sums_sql.text);
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

static bool is_selected(const struct selection_options *options)
{
	return options->range || options->from || options->until ||
	       options->event || options->process || options->thread ||
	       options->cgroup || options->user || options->since_boot;
}

/*
 * In a store, the sums that the file has are those of each era: nobody's
 * question. A query that asks for them and names no range gets those of the
 * last day, as a report does; samples and rollups are left as they are.
 */
static int note_sums(void *context, int action, const char *table,
		     const char *column, const char *database,
		     const char *trigger)
{
	static const char *const sums[] = { "self_samples", "self_ns",
					    "total_samples", "total_ns" };
	bool *asked = context;

	(void)database, (void)trigger;
	if (action != SQLITE_READ || !table || strcmp(table, "callsite") != 0)
		return SQLITE_OK;
	for (size_t i = 0; i < sizeof(sums) / sizeof(*sums); i++)
		*asked |= column && strcmp(column, sums[i]) == 0;
	return SQLITE_OK;
}

// What is wrong with @sql is said when it is run.
static bool asks_for_sums(sqlite3 *database, const char *sql)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	bool asked = false;

	sqlite3_set_authorizer(database, note_sums, &asked);
	sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
	sqlite3_set_authorizer(database, NULL, NULL);
	return asked;
}

/* Rows of each event, which has stacks of its own. */
struct event_rows {
	struct call_rows rows[SELECTION_EVENTS_MAX];
	size_t count;
};

static struct error *load_event(struct profile *profile, const char *event,
				struct call_rows *rows)
{
	sqlite3 *database = profile_database(profile);
	const struct selection_options options = { .event = event };
	struct selection selection;
	struct error *error = selection_init(&selection, database, &options,
					     profile_now(profile));

	if (error)
		return error;
	error = load_rows(rows, database, &selection);
	selection_deinit(&selection);
	return error;
}

static struct error *load_events(struct profile *profile,
				 struct event_rows *events)
{
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error =
		sql_prepare(profile_database(profile),
			    "SELECT DISTINCT name FROM event", &row);
	int result = SQLITE_DONE;

	while (!error && events->count < SELECTION_EVENTS_MAX &&
	       (result = sqlite3_step(row)) == SQLITE_ROW)
		error = load_event(profile,
				   (const char *)sqlite3_column_text(row, 0),
				   &events->rows[events->count++]);
	if (!error && result != SQLITE_ROW && result != SQLITE_DONE)
		error = sql_error(profile_database(profile), result);
	return error;
}

// The rows are read first: then their table stands before that of the file.
static struct error *overlay_sums(struct profile *profile)
{
	sqlite3 *database = profile_database(profile);
	struct event_rows events = { .count = 0 };
	struct error *error = load_events(profile, &events);

	if (!error)
		error = sql_run(database, "PRAGMA query_only = OFF; BEGIN");
	if (!error)
		error = sql_run(database, embedded_query_sums_sql.text);
	for (size_t i = 0; i < events.count; i++) {
		if (!error)
			error = fill_callsites(database, &events.rows[i]);
		call_rows_deinit(&events.rows[i]);
	}
	if (!error)
		error = make_views(database);
	if (!sqlite3_get_autocommit(database))
		error_destroy(sql_run(database, "COMMIT"));
	if (!error)
		error = sql_run(database, "PRAGMA query_only = ON");
	return error;
}

static struct error *has_table(sqlite3 *database, const char *name, bool *ret)
{
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error = sql_prepare(
		database, "SELECT 1 FROM temp.sqlite_schema WHERE name = ?1",
		&row);
	int result;

	if (error)
		return error;
	sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
	result = sqlite3_step(row);
	*ret = result == SQLITE_ROW;
	return result == SQLITE_ROW || result == SQLITE_DONE ?
		       NULL :
		       sql_error(database, result);
}

struct error *query_overlay_for(struct profile *profile, const char *sql)
{
	const struct selection_options *options = profile_selected(profile);
	struct selection selection;
	struct error *error;
	bool made, bounded;

	if (is_selected(options) || options->era_sums ||
	    !asks_for_sums(profile_database(profile), sql))
		return query_overlay(profile);
	error = has_table(profile_database(profile), "callsite", &made);
	if (error || made)
		return error;
	error = profile_selection(profile, &selection);
	if (error)
		return error;
	bounded = selection.bounded;
	selection_deinit(&selection);
	return bounded ? overlay_sums(profile) : NULL;
}

bool query_overlay_is_last_day(struct profile *profile)
{
	bool made = false;

	if (!is_selected(profile_selected(profile)))
		error_destroy(has_table(profile_database(profile), "callsite",
					&made));
	return made;
}

struct error *query_overlay(struct profile *profile)
{
	sqlite3 *database = profile_database(profile);
	struct call_rows rows = { 0 };
	struct selection selection;
	struct error *error;
	bool made;

	if (!is_selected(profile_selected(profile)))
		return NULL;
	error = has_table(database, "selection_span", &made);
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
