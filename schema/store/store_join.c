// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/clock.h"
#include "schema/migration.h"
#include "schema/sql.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

/*
 * Going on in a file that is there. Ids go on behind the largest ones, and
 * store time behind the latest instant that the file knows: by as much as the
 * wall clock says has passed since, and never back.
 */

// A wall clock that was wrong when a session began must not carry store time
// to where int64_t ends.
#define PAUSE_MAX_NS (10 * 366 * 86400 * NS_PER_SEC)

enum {
	KNOWN_ROWS_MAX = 30000, // read again of each table of names
	// A file that grew up without it is small enough to be written again.
	VACUUM_BYTES_MAX = 256 << 20,
};

static struct error *keep_free_pages(sqlite3 *database)
{
	int64_t mode, bytes;
	struct error *error =
		sql_integer(database, "PRAGMA auto_vacuum", &mode);

	if (!error)
		error = sql_integer(database,
				    "SELECT page_count * page_size FROM "
				    "pragma_page_count, pragma_page_size",
				    &bytes);
	if (error || mode == 2 || bytes > VACUUM_BYTES_MAX)
		return error;
	return sql_run(database, "PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
}

static struct error *read_ends(struct store *store, int64_t *largest)
{
	const struct {
		const char *sql;
		int64_t *value;
	} end[] = {
		{ "SELECT ifnull(max(id), 0) + 1 FROM session",
		  &store->session_id },
		{ "SELECT ifnull(max(id), 0) FROM event",
		  &store->event_last_id },
		{ "SELECT ifnull(max(id) + 1, 0) FROM outcome",
		  &store->outcome_base },
		{ "SELECT ifnull(max(id), 0) FROM process",
		  &store->rows[TABLE_PROCESS].base },
		{ "SELECT ifnull(max(id), 0) FROM thread",
		  &store->rows[TABLE_THREAD].base },
		{ "SELECT ifnull(max(id), 0) FROM module",
		  &store->rows[TABLE_MODULE].base },
		{ "SELECT ifnull(max(id), 0) FROM source_file",
		  &store->rows[TABLE_SOURCE_FILE].base },
		{ "SELECT ifnull(max(id), 0) FROM function",
		  &store->rows[TABLE_FUNCTION].base },
		{ "SELECT ifnull(max(id), 0) FROM frame",
		  &store->rows[TABLE_FRAME].base },
		{ "SELECT ifnull(max(id), 0) FROM cgroup",
		  &store->rows[TABLE_CGROUP].base },
		{ "SELECT ifnull(max(id), 0) FROM callsite",
		  &store->tree.base },
		{ "SELECT ifnull(max(id), -9223372036854775808) FROM sample",
		  &store->last_sample_id },
		{ "SELECT ifnull(max(id), -1) FROM ("
		  "SELECT max(id) AS id FROM sample UNION ALL "
		  "SELECT max(id) FROM clock UNION ALL "
		  "SELECT max(id) FROM vitals UNION ALL "
		  "SELECT max(end_id) FROM session UNION ALL "
		  "SELECT max(start_id) FROM incident UNION ALL "
		  "SELECT max(end_id) FROM incident UNION ALL "
		  "SELECT max(done_id) FROM level)",
		  largest },
	};
	struct error *error = NULL;
	int64_t value;

	for (size_t i = 0; !error && i < sizeof(end) / sizeof(*end); i++) {
		error = sql_integer(store->database, end[i].sql, &value);
		// In a file that took another's place, ids go on where those
		// of the other ended, for somebody may remember them.
		if (!error && (value > *end[i].value ||
			       end[i].value == largest ||
			       end[i].value == &store->session_id ||
			       end[i].value == &store->event_last_id ||
			       end[i].value == &store->last_sample_id))
			*end[i].value = value;
	}
	return error;
}

static struct error *read_incident_end(struct store *store)
{
	int64_t last;
	struct error *error =
		sql_integer(store->database,
			    "SELECT ifnull(max(id), 0) FROM incident", &last);

	if (!error && last > store->incident_last_id)
		store->incident_last_id = last;
	return error;
}

// Where store time goes on: behind @largest, at the session's wall time.
static struct error *find_start(struct store *store, int64_t largest)
{
	static const char sql[] =
		"SELECT ifnull((SELECT wall_ns - id FROM clock "
		"ORDER BY id DESC LIMIT 1), 0)";
	int64_t wall_at_0, start;
	struct error *error = sql_integer(store->database, sql, &wall_at_0);

	if (error)
		return error;
	start = (int64_t)store->session.start_wall_ns - wall_at_0;
	if (wall_at_0 == 0 || start <= largest)
		start = largest + 1;
	if (start - largest > (int64_t)PAUSE_MAX_NS)
		start = largest + (int64_t)PAUSE_MAX_NS;
	store->start_id = store->now_id = start;
	return NULL;
}

static struct error *read_levels(struct store *store)
{
	static const char sql[] =
		"SELECT kept_id, done_id, row_count, bytes FROM level "
		"ORDER BY seconds";
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error = sql_prepare(store->database, sql, &row);

	if (error)
		return error;
	for (size_t i = 0; i < LEVEL_COUNT; i++) {
		int result = sqlite3_step(row);

		if (result == SQLITE_DONE)
			return error_create(ERROR_BAD_DATA,
					    "it has no levels");
		if (result != SQLITE_ROW)
			return sql_error(store->database, result);
		store->levels[i] = (struct store_level_row){
			.kept_id = sqlite3_column_int64(row, 0),
			.done_id = sqlite3_column_int64(row, 1),
			.row_count = sqlite3_column_int64(row, 2),
			.bytes = sqlite3_column_int64(row, 3),
		};
	}
	memcpy(store->levels_written, store->levels, sizeof(store->levels));
	return NULL;
}

static struct store_event *find_event(struct store *store, const char *name,
				      const char *unit, int64_t period)
{
	int64_t id = store_event(store, name, unit, (uint64_t)period);

	return id ? &store->events[id - 1] : NULL;
}

// Those that are known by name and period have rows; the others get new ones.
static struct error *read_events(struct store *store)
{
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error =
		sql_prepare(store->database,
			    "SELECT id, name, unit, period FROM event", &row);
	int64_t last = store->event_last_id;
	int result;

	if (error)
		return error;
	for (size_t i = 0; i < store->event_count; i++) {
		store->events[i].written = false;
		store->events[i].row_id = ++last;
	}
	while ((result = sqlite3_step(row)) == SQLITE_ROW) {
		struct store_event *event = find_event(
			store, (const char *)sqlite3_column_text(row, 1),
			(const char *)sqlite3_column_text(row, 2),
			sqlite3_column_int64(row, 3));

		if (!event)
			return &error_nomem;
		event->written = true;
		event->row_id = sqlite3_column_int64(row, 0);
	}
	store->event_last_id = last;
	return result == SQLITE_DONE ? NULL : sql_error(store->database, result);
}

// As the row that interning it anew would make.
static bool know_row(struct store *store, enum store_table table,
		     size_t text_count, sqlite3_stmt *row)
{
	struct store_row known = { .id = sqlite3_column_int64(row, 0) };

	for (int i = 0; i < STORE_ROW_NUMBERS; i++)
		known.number[i] = sqlite3_column_int64(row, 1 + i);
	for (int i = 0; i < STORE_ROW_TEXTS; i++)
		known.text[i] = (char *)(uintptr_t)sqlite3_column_text(
			row, 1 + STORE_ROW_NUMBERS + i);
	return store_intern_known(store, table, &known, text_count);
}

static struct error *read_names(struct store *store, enum store_table table,
				const char *sql, size_t text_count)
{
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error = sql_prepare(store->database, sql, &row);
	int result;

	if (error)
		return error;
	store->rows[table].kept = true;
	sqlite3_bind_int64(row, 1, KNOWN_ROWS_MAX);
	while ((result = sqlite3_step(row)) == SQLITE_ROW)
		if (!know_row(store, table, text_count, row))
			return &error_nomem;
	return result == SQLITE_DONE ? NULL : sql_error(store->database, result);
}

// Names stay the same rows over eras and sessions: what was seen last is known.
#define LATEST(columns, table)                                                 \
	"SELECT * FROM (SELECT " columns " FROM " table                        \
	" ORDER BY id DESC LIMIT ?1) ORDER BY 1"

struct error *store_read_names(struct store *store)
{
	static const struct {
		enum store_table table;
		const char *sql;
		size_t text_count;
	} names[] = {
		{ TABLE_MODULE,
		  LATEST("id, 0, 0, 0, 0, path, build_id, NULL", "module"), 2 },
		{ TABLE_SOURCE_FILE,
		  LATEST("id, 0, 0, 0, 0, path, NULL, NULL", "source_file"),
		  1 },
		{ TABLE_FUNCTION,
		  LATEST("id, kind_id, ifnull(source_file_id, 0), "
			 "ifnull(first_line, 0), ifnull(module_id, 0), name, "
			 "NULL, NULL",
			 "function"),
		  1 },
		{ TABLE_CGROUP,
		  LATEST("id, 0, 0, 0, 0, path, container, unit", "cgroup"),
		  1 },
	};
	struct error *error = NULL;

	for (size_t i = 0; !error && i < sizeof(names) / sizeof(*names); i++)
		error = read_names(store, names[i].table, names[i].sql,
				   names[i].text_count);
	return error;
}

static struct error *run_with(sqlite3 *database, const char *sql, int64_t value)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct error *error = sql_prepare(database, sql, &statement);

	if (error)
		return error;
	sqlite3_bind_int64(statement, 1, value);
	return sql_step(database, statement);
}

static struct error *begin_session(struct store *store, void *largest)
{
	sqlite3 *database = store->database;
	int64_t end = *(int64_t *)largest;
	struct error *error =
		run_with(database,
			 "UPDATE incident SET end_id = max(start_id, ?1) "
			 "WHERE end_id IS NULL",
			 end);

	store->session_first_thread_id = store->rows[TABLE_THREAD].base + 1;
	if (!error)
		error = store_insert_session(store, database, &store->session);
	if (!error)
		error = store_insert_era(store, database);
	return error;
}

static struct error *read_file(struct store *store, int64_t *largest)
{
	struct error *error = read_ends(store, largest);

	if (!error)
		error = read_incident_end(store);
	if (!error)
		error = find_start(store, *largest);
	if (!error)
		error = read_levels(store);
	if (!error)
		error = read_events(store);
	return error ? error : store_read_names(store);
}

struct error *store_attach(struct store *store, int64_t *largest)
{
	struct error *error = store_connect(store);

	store->session_first_thread_id = INT64_MAX;
	if (!error)
		error = migration_run(store->database);
	if (!error)
		error = keep_free_pages(store->database);
	if (!error)
		error = store_prepare_statements(store);
	if (!error)
		error = read_file(store, largest);
	if (!error)
		error = store_discard_unfinished(store);
	return error;
}

struct error *store_join(struct store *store)
{
	int64_t largest = -1;
	struct error *error = store_attach(store, &largest);

	if (!error)
		error = store_transact(store, begin_session, &largest);
	if (error)
		return error;
	if (largest >= 0)
		store->off_id = largest;
	return NULL;
}
