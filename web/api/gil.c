// SPDX-License-Identifier: Apache-2.0
// Who held the interpreter's lock, waited for it, ran without it? Rollups do not
// say, so it is counted in single samples, the last hour of them at most.
#include "web/api/answers.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "schema/read/same_rows.h"
#include "schema/sql.h"

enum { LIMIT_MOST = 1000 };

#define RANGE_NS_MAX (3600 * NS_PER_SEC)

enum state { STATE_HELD, STATE_WAITING, STATE_WITHOUT, STATE_COUNT };

static const char *const state_words[] = { "held", "waiting", "without" };

/* Samples of one thread by what it had to do with the lock. */
struct gil_row {
	int64_t thread_id;
	uint64_t samples[STATE_COUNT];
};

struct gil {
	struct gil_row *rows; /* owned; by thread, then the longest waits */
	size_t count, capacity;
	bool cut; /* the range was longer */
};

// Columns: thread, state, count.
static bool take_row(struct gil *gil, sqlite3_stmt *row)
{
	int64_t thread_id = sqlite3_column_int64(row, 0);
	const char *word = (const char *)sqlite3_column_text(row, 1);
	struct gil_row *last = NULL;

	if (gil->count)
		last = &gil->rows[gil->count - 1];
	if (!last || last->thread_id != thread_id) {
		if (!array_reserve_one(gil->rows, gil->count, gil->capacity))
			return false;
		last = &gil->rows[gil->count++];
		*last = (struct gil_row){ .thread_id = thread_id };
	}
	for (int i = 0; word && i < STATE_COUNT; i++)
		if (strcmp(word, state_words[i]) == 0)
			last->samples[i] +=
				(uint64_t)sqlite3_column_int64(row, 2);
	return true;
}

static struct error *read_span(struct gil *gil, sqlite3 *database,
			       const struct selection *selection,
			       struct selection_span span)
{
	static const char sql[] =
		"SELECT s.thread_id, o.gil, count(*) FROM sample AS s "
		"JOIN outcome AS o ON o.id = s.outcome_id "
		"WHERE s.id >= ?1 AND s.id < ?2 AND o.gil IS NOT NULL "
		"GROUP BY 1, 2";
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error = sql_prepare(database, sql, &row);
	int result;

	if (error)
		return error;
	sqlite3_bind_int64(row, 1, span.from_id);
	sqlite3_bind_int64(row, 2, span.until_id);
	while ((result = sqlite3_step(row)) == SQLITE_ROW) {
		if (!selection->any_thread &&
		    !id_set_has(&selection->threads,
				sqlite3_column_int64(row, 0)))
			continue;
		if (!take_row(gil, row))
			return &error_nomem;
	}
	return result == SQLITE_DONE ? NULL : sql_error(database, result);
}

static int compare_threads(const void *left, const void *right)
{
	const struct gil_row *a = left, *b = right;

	return (a->thread_id > b->thread_id) - (a->thread_id < b->thread_id);
}

static int compare_waits(const void *left, const void *right)
{
	const struct gil_row *a = left, *b = right;

	for (int i = 0; i < 2; i++) {
		enum state state = i ? STATE_HELD : STATE_WAITING;

		if (a->samples[state] != b->samples[state])
			return a->samples[state] > b->samples[state] ? -1 : 1;
	}
	return compare_threads(left, right);
}

// Each span has its own rows of a thread, and each era another number for it.
static void merge(struct gil *gil)
{
	size_t kept = 0;

	if (!gil->count)
		return;
	qsort(gil->rows, gil->count, sizeof(*gil->rows), compare_threads);
	for (size_t i = 1; i < gil->count; i++) {
		if (gil->rows[i].thread_id != gil->rows[kept].thread_id) {
			gil->rows[++kept] = gil->rows[i];
			continue;
		}
		for (int k = 0; k < STATE_COUNT; k++)
			gil->rows[kept].samples[k] += gil->rows[i].samples[k];
	}
	gil->count = kept + 1;
	qsort(gil->rows, gil->count, sizeof(*gil->rows), compare_waits);
}

static struct error *number_alike(struct gil *gil, sqlite3 *database)
{
	struct same_rows same = { .count = 0 };
	struct id_set wanted = { .count = 0 };
	struct error *error = NULL;

	for (size_t i = 0; i < gil->count && !error; i++)
		if (!id_set_add(&wanted, gil->rows[i].thread_id))
			error = &error_nomem;
	if (!error)
		error = same_rows_of_threads(&same, database, &wanted);
	for (size_t i = 0; i < gil->count && !error; i++)
		gil->rows[i].thread_id =
			same_rows_latest(&same, gil->rows[i].thread_id);
	id_set_deinit(&wanted);
	same_rows_deinit(&same);
	return error;
}

static struct error *load(struct gil *gil, sqlite3 *database,
			  struct selection *selection)
{
	struct error *error = api_keep_latest(selection, database, RANGE_NS_MAX,
					      &gil->cut);

	for (size_t i = 0; i < selection->span_count && !error; i++)
		error = read_span(gil, database, selection,
				  selection->spans[i]);
	if (!error)
		error = number_alike(gil, database);
	merge(gil);
	return error;
}

static void write_row(struct json *json, sqlite3_stmt *thread,
		      const struct gil_row *row)
{
	sqlite3_reset(thread);
	sqlite3_bind_int64(thread, 1, row->thread_id);
	if (sqlite3_step(thread) != SQLITE_ROW)
		return;
	json_open(json, NULL, '{');
	json_text(json, "process",
		  (const char *)sqlite3_column_text(thread, 0));
	json_integer(json, "pid", sqlite3_column_int64(thread, 1));
	json_text(json, "thread",
		  (const char *)sqlite3_column_text(thread, 2));
	json_integer(json, "tid", sqlite3_column_int64(thread, 3));
	for (int i = 0; i < STATE_COUNT; i++)
		json_integer(json, state_words[i], (int64_t)row->samples[i]);
	json_close(json, '}');
}

static const char *note_of(const struct gil *gil)
{
	if (!gil->count)
		return "No Python thread was seen that held the interpreter's "
		       "lock or waited for it.";
	return gil->cut ? "This is of the last hour of the range." : NULL;
}

static struct error *write_gil(struct api_call *call,
			       const struct selection *selection,
			       const struct gil *gil, size_t limit)
{
	sqlite3 *database = profile_database(call->profile);
	_cleanup_statement_ sqlite3_stmt *thread = NULL;
	struct json json = { .out = call->out };
	struct error *error = sql_prepare(
		database,
		"SELECT p.name, p.pid, t.name, t.tid FROM thread AS t "
		"LEFT JOIN process AS p ON p.id = t.process_id "
		"WHERE t.id = ?1", &thread);

	if (error)
		return error;
	json_open(&json, NULL, '{');
	api_write_selection(&json, call, selection, 0);
	json_integer(&json, "count", (int64_t)gil->count);
	json_open(&json, "rows", '[');
	for (size_t i = 0; i < gil->count && i < limit; i++)
		write_row(&json, thread, &gil->rows[i]);
	json_close(&json, ']');
	json_text(&json, "note", note_of(gil));
	json_close(&json, '}');
	return NULL;
}

struct error *answer_gil(struct api_call *call)
{
	struct gil gil = { .count = 0 };
	struct selection selection;
	uint64_t limit;
	struct error *error = api_select_rows(call, LIMIT_MOST, &limit);

	if (!error)
		error = profile_selection(call->profile, &selection);
	if (error)
		return error;
	error = load(&gil, profile_database(call->profile), &selection);
	if (!error)
		error = write_gil(call, &selection, &gil, limit);
	free(gil.rows);
	selection_deinit(&selection);
	return error;
}
