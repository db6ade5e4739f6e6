// SPDX-License-Identifier: Apache-2.0
#include "web/api/answers.h"

#include "base/clock.h"
#include "schema/read/timeline.h"
#include "schema/sql.h"

/* Of a shorter range, single samples are read as quickly. */
#define SAMPLES_RANGE_NS (600 * NS_PER_SEC)
#define SPAN_NS (10 * NS_PER_SEC)

enum { BUCKETS_STANDARD = 300, BUCKETS_MOST = 2000, ROWS_STANDARD = 10,
       ROWS_MOST = 20 };

static void write_row(struct json *json, const char *key,
		      const struct timeline *timeline,
		      const struct timeline_row *row)
{
	struct json_column column;

	json_open(json, key, '{');
	json_text(json, "name", row->name);
	json_integer(json, "samples", (int64_t)row->samples);
	json_integer(json, "weight", (int64_t)row->weight);
	json_column_open(&column, json, "weights");
	for (size_t i = 0; i < timeline->bucket_count; i++)
		json_column_add(&column, row->weights[i]);
	json_column_close(&column);
	json_close(json, '}');
}

static void write_timeline(struct api_call *call,
			   const struct selection *selection,
			   const struct timeline *timeline)
{
	struct json json = { .out = call->out };

	json_open(&json, NULL, '{');
	api_write_selection(&json, call, selection, 0);
	json_integer(&json, "from_us", timeline->from_wall_ns / 1000);
	json_integer(&json, "bucket_us", (int64_t)timeline->bucket_ns / 1000);
	json_integer(&json, "count", (int64_t)timeline->bucket_count);
	json_open(&json, "rows", '[');
	for (size_t i = 0; i < timeline->row_count; i++)
		write_row(&json, NULL, timeline, &timeline->rows[i]);
	json_close(&json, ']');
	write_row(&json, "all", timeline, &timeline->all);
	json_integer(&json, "left_out", (int64_t)timeline->left_out);
	json_close(&json, '}');
}

// Spans of ten seconds are summed up already: where they are short enough to be
// seen, nothing shorter is worth reading each sample.
static struct error *limit_buckets(sqlite3 *database,
				   const struct selection *selection,
				   uint64_t *buckets)
{
	const struct time_range *wall = &selection->wall;
	uint64_t range_ns = wall->until_ns > wall->from_ns ?
				    (uint64_t)(wall->until_ns - wall->from_ns) :
				    0;
	int64_t done_id;
	struct error *error = sql_integer(
		database, "SELECT done_id FROM level WHERE name = 'rollup_10s'",
		&done_id);

	if (error || !done_id || range_ns < SAMPLES_RANGE_NS)
		return error;
	if (*buckets > range_ns / SPAN_NS + 1)
		*buckets = range_ns / SPAN_NS + 1;
	return NULL;
}

static const char *const by_words[] = { "process", "thread", NULL };
static struct error *(*const loads[])(struct timeline *timeline,
				      sqlite3 *database,
				      const struct selection *selection,
				      size_t buckets, size_t most) = {
	timeline_load,
	timeline_load_threads,
};

struct error *answer_timeline(struct api_call *call)
{
	struct selection selection;
	struct timeline timeline;
	uint64_t buckets, rows;
	size_t by;
	struct error *error = api_select(call);

	if (!error)
		error = api_param_word(call, "by", by_words, &by);
	if (!error)
		error = api_param_number(call, "buckets", BUCKETS_STANDARD, 1,
					 BUCKETS_MOST, &buckets);
	if (!error)
		error = api_param_number(call, "rows", ROWS_STANDARD, 0,
					 ROWS_MOST, &rows);
	if (!error)
		error = profile_selection(call->profile, &selection);
	if (error)
		return error;
	error = limit_buckets(profile_database(call->profile), &selection,
			      &buckets);
	if (!error)
		error = loads[by](&timeline, profile_database(call->profile),
				  &selection, buckets, rows);
	if (!error) {
		write_timeline(call, &selection, &timeline);
		timeline_deinit(&timeline);
	}
	selection_deinit(&selection);
	return error;
}
