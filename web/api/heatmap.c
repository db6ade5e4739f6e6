// SPDX-License-Identifier: Apache-2.0
// When, within each second? Columns are seconds of wall time, rows the parts of
// a second: what happens each second at the same time is a line, what blocks
// everything a gap. It is made of single samples, where they are still there.
//
// Of a clock's samples each stands for the time since the one before, so a cell
// is a time: at half the rate half as many samples are as much. Of other events
// (off-CPU waits, page faults) each is something that happened: a cell is their
// number. A part of a second that is shorter than two samples are apart would be
// empty now and then while a program runs: then the parts are longer.
#include "web/api/answers.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { COLUMNS_STANDARD = 900, COLUMNS_MOST = 3600, ROWS_MOST = 200 };

// Numbers of rows to choose from; the finest is a multiple of each.
static const uint64_t row_choices[] = { 50, 25, 10, 5, 2, 1 };
static const uint64_t *const row_choices_end =
	row_choices + sizeof(row_choices) / sizeof(row_choices[0]);

struct heatmap {
	int64_t from_ns, column_ns, row_ns; /* wall time */
	size_t columns, rows;
	uint64_t *cells; /* owned; column by column */
	bool timed;	 /* cells are ns, else samples */
	uint64_t samples, weight; /* of all cells */
	sqlite3 *database;	  /* borrowed */
	/* Wall time is so much ahead of store time, until @clock_until_id. */
	int64_t ahead_ns, clock_until_id;
	bool failed;
};

// The rows of table clock come seldom: one question for each stretch of them.
static bool find_clock(struct heatmap *map, int64_t id)
{
	int64_t wall_ns;
	struct error *error;

	if (id < map->clock_until_id)
		return true;
	error = selection_wall_ns(map->database, id, &wall_ns);
	if (error) {
		error_destroy(error);
		map->failed = true;
		return false;
	}
	map->ahead_ns = wall_ns - id;
	map->clock_until_id = id + (int64_t)NS_PER_SEC;
	return true;
}

static bool take_row(void *context, const struct selection_row *row)
{
	struct heatmap *map = context;
	int64_t at_ns, column;

	if (!find_clock(map, row->time_id))
		return false;
	at_ns = row->time_id + map->ahead_ns - map->from_ns;
	column = at_ns / map->column_ns;
	if (at_ns < 0 || column >= (int64_t)map->columns)
		return true;
	map->cells[(size_t)column * map->rows +
		   (size_t)(at_ns % map->column_ns / map->row_ns)] +=
		map->timed ? row->weight : row->samples;
	map->samples += row->samples;
	map->weight += row->weight;
	return true;
}

// Whole seconds; the last ones, where there are more than @most.
static bool init_cells(struct heatmap *map, const struct selection *selection,
		       size_t most, size_t rows)
{
	int64_t second_ns = (int64_t)NS_PER_SEC;
	int64_t first = selection->wall.from_ns / second_ns;
	int64_t last = (selection->wall.until_ns + second_ns - 1) / second_ns;

	if (last - first > (int64_t)most)
		first = last - (int64_t)most;
	map->from_ns = first * second_ns;
	map->column_ns = second_ns;
	map->columns = last > first ? (size_t)(last - first) : 0;
	map->rows = rows;
	map->row_ns = second_ns / (int64_t)rows + (second_ns % (int64_t)rows > 0);
	map->cells = calloc(map->columns * rows + 1, sizeof(*map->cells));
	return map->cells;
}

// What a clock's samples stand for. The waits of off-CPU samples are ns, too, but
// each has its own.
static bool is_clock(const struct selection *selection)
{
	return selection->event_count && selection->events[0].period > 1 &&
	       strcmp(selection->unit, "ns") == 0;
}

// The most rows of which a busy thread has a sample in each.
static size_t rows_served(const struct heatmap *map)
{
	uint64_t apart_ns = map->samples ? map->weight / map->samples : 0;
	const uint64_t *rows = row_choices;

	if (!map->timed)
		return map->rows;
	// A row of just two samples would now and then have one.
	while (rows + 1 < row_choices_end &&
	       *rows * apart_ns * 19 / 10 > NS_PER_SEC)
		rows++;
	return (size_t)*rows;
}

// @rows is a part of those that there are.
static void keep_rows(struct heatmap *map, size_t rows)
{
	size_t each = map->rows / rows;

	if (each == 1)
		return;
	for (size_t to = 0; to < map->columns * rows; to++) {
		uint64_t sum = 0;

		for (size_t from = to * each; from < (to + 1) * each; from++)
			sum += map->cells[from];
		map->cells[to] = sum;
	}
	map->rows = rows;
	map->row_ns *= (int64_t)each;
}

static struct error *fill(struct heatmap *map, struct api_call *call,
			  struct selection *selection)
{
	const struct selection_reading reading = {
		.longest_span_ns = 1,
		.take = take_row,
		.context = map,
	};
	struct error *error;
	bool cut;

	map->timed = is_clock(selection);
	map->database = profile_database(call->profile);
	map->clock_until_id = INT64_MIN;
	// Nothing is read that would have no column.
	error = api_keep_latest(selection, map->database,
				(map->columns + 1) * NS_PER_SEC, &cut);
	if (!error)
		error = selection_read(selection, map->database, &reading,
				       NULL);
	if (map->failed) {
		error_destroy(error);
		error = error_create(ERROR_BAD_DATA, "its clock is not known");
	}
	return error;
}

static void write_map(struct api_call *call, const struct selection *selection,
		      const struct heatmap *map)
{
	struct json json = { .out = call->out };
	struct json_column column;
	uint64_t ns_per_unit = map->timed ? 1000 : 1, most = 0;

	json_open(&json, NULL, '{');
	api_write_selection(&json, call, selection, 0);
	json_integer(&json, "from_us", map->from_ns / 1000);
	json_integer(&json, "column_us", map->column_ns / 1000);
	json_integer(&json, "row_us", map->row_ns / 1000);
	json_integer(&json, "columns", (int64_t)map->columns);
	json_integer(&json, "rows", (int64_t)map->rows);
	json_column_open(&column, &json, "cells");
	for (size_t i = 0; i < map->columns * map->rows; i++) {
		uint64_t value = map->cells[i] / ns_per_unit;

		json_column_add(&column, value);
		if (value > most)
			most = value;
	}
	json_column_close(&column);
	json_text(&json, "cell_unit", map->timed ? "us" : "samples");
	json_integer(&json, "most", (int64_t)most);
	json_integer(&json, "samples", (int64_t)map->samples);
	json_text(&json, "note",
		  map->samples ? NULL :
			    "There are no single samples of this range: they "
			    "were summed up long ago, or there were none.");
	json_close(&json, '}');
}

struct error *answer_heatmap(struct api_call *call)
{
	struct heatmap map = { .cells = NULL };
	struct selection selection;
	uint64_t columns, rows;
	struct error *error = api_select(call);

	if (!error)
		error = api_param_number(call, "columns", COLUMNS_STANDARD, 1,
					 COLUMNS_MOST, &columns);
	if (!error)
		error = api_param_number(call, "rows", 0, 1, ROWS_MOST, &rows);
	if (!error)
		error = profile_selection(call->profile, &selection);
	if (error)
		return error;
	error = init_cells(&map, &selection, columns, rows ? rows : *row_choices) ?
			fill(&map, call, &selection) :
			&error_nomem;
	if (!error && !rows)
		keep_rows(&map, rows_served(&map));
	if (!error)
		write_map(call, &selection, &map);
	free(map.cells);
	selection_deinit(&selection);
	return error;
}
