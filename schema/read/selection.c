// SPDX-License-Identifier: Apache-2.0
#include "schema/read/selection.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "schema/read/selection_threads.h"
#include "schema/sql.h"

/* What a long store answers for when no time is asked for. */
#define DEFAULT_RANGE_NS (24 * INT64_C(3600) * (int64_t)NS_PER_SEC)

enum { EVENT_NAMES_MAX = 400 };

void selection_deinit(struct selection *selection)
{
	free(selection->spans);
	free(selection->event);
	free(selection->unit);
	id_set_deinit(&selection->threads);
	*selection = (struct selection){ 0 };
}

static struct error *step_done(sqlite3 *database, int result)
{
	return result == SQLITE_DONE ? NULL : sql_error(database, result);
}

struct error *selection_wall_ns(sqlite3 *database, int64_t id, int64_t *ret)
{
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error;
	int result;

	error = sql_prepare(database,
			    "SELECT wall_ns - id + ?1 FROM clock WHERE id <= ?1"
			    " ORDER BY id DESC LIMIT 1",
			    &row);
	if (error)
		return error;
	sqlite3_bind_int64(row, 1, id);
	result = sqlite3_step(row);
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		return sql_error(database, result);
	*ret = result == SQLITE_ROW ? sqlite3_column_int64(row, 0) : 0;
	return NULL;
}

static bool add_span(struct selection *selection, int64_t from, int64_t until)
{
	struct selection_span *last = NULL;

	if (from >= until)
		return true;
	if (selection->span_count)
		last = &selection->spans[selection->span_count - 1];
	if (last && last->until_id == from) {
		last->until_id = until;
		return true;
	}
	if (!array_reserve_one(selection->spans, selection->span_count,
			       selection->span_capacity))
		return false;
	selection->spans[selection->span_count++] =
		(struct selection_span){ from, until };
	return true;
}

// Store time at which the wall clock, @ahead_ns before it, showed @wall_ns.
static int64_t id_of_wall(int64_t wall_ns, int64_t ahead_ns)
{
	int64_t id;

	if (wall_ns == INT64_MAX || wall_ns == INT64_MIN)
		return wall_ns;
	if (__builtin_sub_overflow(wall_ns, ahead_ns, &id))
		return wall_ns < 0 ? INT64_MIN : INT64_MAX;
	return id;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

// A clock that was set back shows the same hour twice: both are meant.
static struct error *add_spans(struct selection *selection, sqlite3 *database,
			       int64_t first_id)
{
	static const char sql[] =
		"SELECT id, wall_ns - id, "
		"ifnull(lead(id) OVER (ORDER BY id), 0x7fffffffffffffff) "
		"FROM clock ORDER BY id";
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error = sql_prepare(database, sql, &row);
	int result;

	if (error)
		return error;
	while ((result = sqlite3_step(row)) == SQLITE_ROW) {
		int64_t from = later(sqlite3_column_int64(row, 0), first_id);
		int64_t ahead = sqlite3_column_int64(row, 1);
		int64_t until = sqlite3_column_int64(row, 2);

		from = later(from,
			     id_of_wall(selection->wall.from_ns, ahead));
		until = earlier(until,
				id_of_wall(selection->wall.until_ns, ahead));
		if (!add_span(selection, from, until))
			return &error_nomem;
	}
	return step_done(database, result);
}

// Where the file begins, and just behind what it ends with, in store time.
static struct error *load_extent(sqlite3 *database,
				 struct selection_span *ret)
{
	struct error *error;

	error = sql_integer(database,
			    "SELECT max((SELECT ifnull(min(id), 0) FROM clock),"
			    " (SELECT ifnull(min(kept_id), 0) FROM level))",
			    &ret->from_id);
	if (!error)
		error = sql_integer(
			database,
			"SELECT max((SELECT ifnull(max(id), 0) + 1 FROM sample)"
			", (SELECT ifnull(max(done_id), 0) FROM level), "
			"(SELECT ifnull(max(ifnull(end_id, start_id)), 0) "
			"FROM session))",
			&ret->until_id);
	return error;
}

static struct error *parse_wall(struct time_range *wall,
				const struct selection_options *options,
				int64_t now_ns)
{
	struct time_range point;
	struct error *error = NULL;

	if (options->range)
		return time_range_parse(options->range, now_ns, wall);
	if (options->from) {
		error = time_point_parse(options->from, now_ns, &point);
		if (error)
			return error_wrap(error, "--from");
		wall->from_ns = point.from_ns;
	}
	if (options->until) {
		error = time_point_parse(options->until, now_ns, &point);
		if (error)
			return error_wrap(error, "--to");
		wall->until_ns = point.until_ns;
	}
	if (wall->from_ns >= wall->until_ns)
		return error_create(ERROR_USAGE,
				    "the range ends before it begins: --from "
				    "and --to");
	return NULL;
}

static struct error *first_id_of_boot(sqlite3 *database, int64_t *ret)
{
	return sql_integer(database,
			   "WITH latest AS (SELECT id, boot_id FROM session "
			   "ORDER BY id DESC LIMIT 1) "
			   "SELECT min(session.start_id) FROM session, latest "
			   "WHERE session.id = latest.id "
			   "OR session.boot_id = latest.boot_id",
			   ret);
}

// A recording answers for all of itself, a store that goes on for its last day.
static struct error *init_range(struct selection *selection, sqlite3 *database,
				const struct selection_options *options,
				int64_t now_ns, bool is_recording)
{
	struct time_range *wall = &selection->wall, held = { 0 };
	struct selection_span extent;
	int64_t first_id = INT64_MIN;
	struct error *error;

	*wall = (struct time_range){ INT64_MIN, INT64_MAX };
	error = parse_wall(wall, options, now_ns);
	if (!error)
		error = load_extent(database, &extent);
	if (!error && options->since_boot)
		error = first_id_of_boot(database, &first_id);
	if (!error)
		error = selection_wall_ns(
			database, later(first_id, extent.from_id),
			&held.from_ns);
	if (!error)
		error = selection_wall_ns(database, extent.until_id,
					  &held.until_ns);
	if (error)
		return error;
	selection->bounded = !is_recording || options->range || options->from ||
			     options->until || options->since_boot;
	if (!is_recording && !options->range && !options->from &&
	    !options->since_boot)
		wall->from_ns = earlier(wall->until_ns, held.until_ns) -
				DEFAULT_RANGE_NS;
	error = add_spans(selection, database,
			  later(first_id, extent.from_id));
	wall->from_ns = later(wall->from_ns, held.from_ns);
	wall->until_ns = earlier(wall->until_ns, held.until_ns);
	return error;
}

// "a, b, c": what there is, for who asked for something else.
static struct error *unknown_event(sqlite3 *database, const char *name)
{
	static const char sql[] =
		"SELECT group_concat(name, ', ') FROM (SELECT DISTINCT name "
		"FROM event ORDER BY id LIMIT 50)";
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error = sql_prepare(database, sql, &row);
	const char *names = NULL;

	if (error)
		return error;
	if (sqlite3_step(row) == SQLITE_ROW)
		names = (const char *)sqlite3_column_text(row, 0);
	return error_create(ERROR_USAGE, "no event '%s' was recorded; %.*s was",
			    name, EVENT_NAMES_MAX, names ? names : "none");
}

static bool take_event(struct selection *selection, sqlite3_stmt *row)
{
	size_t index = selection->event_count++;

	selection->events[index].id = sqlite3_column_int64(row, 0);
	selection->events[index].period =
		(uint64_t)later(sqlite3_column_int64(row, 3), 0);
	// Where the first event is another one, they have a node that says so.
	if (selection->events[index].id == 1)
		selection->bare_samples = true;
	if (index > 0)
		return true;
	selection->event = strdup((const char *)sqlite3_column_text(row, 1));
	selection->unit = strdup((const char *)sqlite3_column_text(row, 2));
	return selection->event && selection->unit;
}

static struct error *init_event(struct selection *selection, sqlite3 *database,
				const char *name)
{
	static const char sql[] =
		"WITH main(name) AS (SELECT event FROM session "
		"ORDER BY id DESC LIMIT 1) "
		"SELECT event.id, event.name, event.unit, event.period "
		"FROM main, event "
		"WHERE event.name = ifnull(?1, main.name) ORDER BY event.id";
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error = sql_prepare(database, sql, &row);
	int64_t others = 0;
	int result;

	if (error)
		return error;
	sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
	while ((result = sqlite3_step(row)) == SQLITE_ROW &&
	       selection->event_count < SELECTION_EVENTS_MAX)
		if (!take_event(selection, row))
			return &error_nomem;
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		return sql_error(database, result);
	if (!selection->event_count)
		return name ? unknown_event(database, name) :
			      error_create(ERROR_BAD_DATA, "it has no session");
	error = sql_integer(database, "SELECT count(*) - 1 FROM event", &others);
	selection->only_event = others == 0;
	return error;
}

// In one recording the sums of call sites are those of its samples.
static struct error *is_recording(sqlite3 *database, bool *ret)
{
	int64_t answer;
	struct error *error =
		sql_integer(database,
			    "SELECT (SELECT count(*) FROM session) = 1 "
			    "AND NOT EXISTS (SELECT 1 FROM era)",
			    &answer);

	if (!error)
		*ret = answer;
	return error;
}

struct error *selection_init(struct selection *selection, sqlite3 *database,
			     const struct selection_options *options,
			     int64_t now_ns)
{
	bool recording;
	struct error *error = is_recording(database, &recording);

	*selection = (struct selection){ 0 };
	if (!error)
		error = init_event(selection, database, options->event);
	if (!error)
		error = init_range(selection, database, options, now_ns,
				   recording);
	if (!error)
		error = selection_load_threads(selection, database, options);
	if (error) {
		selection_deinit(selection);
		return error;
	}
	selection->whole_recording = recording && !selection->bounded &&
				     selection->any_thread;
	return NULL;
}
