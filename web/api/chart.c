// SPDX-License-Identifier: Apache-2.0
// What did one thread do, one sample after the other?
#include "web/api/answers.h"

#include <stdlib.h>

#include "base/array.h"
#include "schema/read/call_tree_view.h"
#include "schema/show/flame_json.h"

enum { SAMPLES_STANDARD = 20000, SAMPLES_MOST = 200000 };

struct moment {
	int64_t id; /* store time */
	int64_t callsite_id;
	uint64_t weight;
};

struct chart {
	struct excerpt excerpt;
	struct moment *moments; /* owned; in order */
	size_t count, capacity, most;
	bool cut; /* there were more */
};

static bool take_row(void *context, const struct selection_row *row)
{
	struct chart *chart = context;
	const struct moment moment = {
		.id = row->time_id,
		.callsite_id = row->callsite_id,
		.weight = row->weight,
	};

	if (chart->count == chart->most) {
		chart->cut = true;
		return true;
	}
	if (!array_reserve_one(chart->moments, chart->count, chart->capacity))
		return false;
	chart->moments[chart->count++] = moment;
	return true;
}

static struct error *load(struct api_call *call, struct chart *chart)
{
	struct error *error = excerpt_load(&chart->excerpt, call->profile,
					   CALL_TREE_HEAVY_FIRST,
					   TALLY_TOGETHER);
	const struct selection_reading reading = {
		.stacks = true,
		.longest_span_ns = 1,
		.take = take_row,
		.context = chart,
	};

	if (!error)
		error = selection_read(&chart->excerpt.selection,
				       profile_database(call->profile),
				       &reading, NULL);
	return error;
}

// CALL_TREE_NONE: a filter left it out.
static uint32_t node_of(const struct call_tree *tree, int64_t callsite_id)
{
	uint32_t site = call_ids_find(&tree->callsites, callsite_id);

	if (site == CALL_TREE_NONE)
		return tree->bare_node ? tree->bare_node : CALL_TREE_NONE;
	return tree->sites[site].left_out ? CALL_TREE_NONE :
					    tree->sites[site].node;
}

static void keep_drawn(struct chart *chart)
{
	size_t kept = 0;

	for (size_t i = 0; i < chart->count; i++)
		if (node_of(&chart->excerpt.tree,
			    chart->moments[i].callsite_id) != CALL_TREE_NONE)
			chart->moments[kept++] = chart->moments[i];
	chart->count = kept;
}

// Of the first one, how long after @from_us; of others, after the one before.
static struct error *write_times(struct json *json, const struct chart *chart,
				 sqlite3 *database, int64_t from_us)
{
	struct error *error = NULL;
	struct json_column column;
	int64_t last_us = from_us;

	json_column_open(&column, json, "times");
	for (size_t i = 0; i < chart->count && !error; i++) {
		int64_t wall_ns = 0;

		error = selection_wall_ns(database, chart->moments[i].id,
					  &wall_ns);
		if (wall_ns / 1000 < last_us)
			wall_ns = last_us * 1000;
		json_column_add(&column, (uint64_t)(wall_ns / 1000 - last_us));
		last_us = wall_ns / 1000;
	}
	json_column_close(&column);
	return error;
}

static struct error *write_samples(struct json *json,
				   const struct chart *chart,
				   sqlite3 *database, int64_t from_us)
{
	struct json_column column;
	struct error *error;

	json_open(json, "samples", '{');
	json_integer(json, "count", (int64_t)chart->count);
	error = write_times(json, chart, database, from_us);
	json_column_open(&column, json, "nodes");
	for (size_t i = 0; i < chart->count; i++)
		json_column_add(&column,
				node_of(&chart->excerpt.tree,
					chart->moments[i].callsite_id));
	json_column_close(&column);
	json_column_open(&column, json, "weights");
	for (size_t i = 0; i < chart->count; i++)
		json_column_add(&column, chart->moments[i].weight);
	json_column_close(&column);
	json_close(json, '}');
	return error;
}

static struct error *write_chart(struct api_call *call, struct chart *chart)
{
	const struct selection *selection = &chart->excerpt.selection;
	uint64_t period = selection->events[0].period;
	const struct flame_document document = {
		.tree = &chart->excerpt.tree,
		.period = period,
		.uniform = flame_json_is_uniform(&chart->excerpt.tree, period),
	};
	int64_t from_us = selection->wall.from_ns / 1000;
	struct json json = { .out = call->out };
	struct error *error;

	keep_drawn(chart);
	json_open(&json, NULL, '{');
	api_write_selection(&json, call, selection, 0);
	json_integer(&json, "from_us", from_us);
	json_integer(&json, "to_us", selection->wall.until_ns / 1000);
	flame_json_write(&document, &json);
	error = write_samples(&json, chart, profile_database(call->profile),
			      from_us);
	json_bool(&json, "truncated", chart->cut);
	json_text(&json, "note",
		  chart->count ? NULL :
				 "There are no single samples of this thread in "
				 "this range: they were summed up long ago, or "
				 "there were none.");
	json_close(&json, '}');
	return error;
}

// The thread is chosen by its numbers, whatever it is called.
static struct error *select_thread(struct api_call *call)
{
	struct selection_options options;
	struct error *error = api_select(call);
	const char *pid, *tid;
	uint64_t number;

	if (!error)
		error = api_param_needed(call, "pid", &pid);
	if (!error)
		error = api_param_needed(call, "tid", &tid);
	if (!error)
		error = api_param_number(call, "pid", 0, 0, INT32_MAX, &number);
	if (!error)
		error = api_param_number(call, "tid", 0, 0, INT32_MAX, &number);
	if (error)
		return error;
	options = *profile_selected(call->profile);
	options.process = pid;
	options.thread = tid;
	profile_select(call->profile, &options);
	return api_filter(call);
}

struct error *answer_chart(struct api_call *call)
{
	struct chart chart = { .count = 0 };
	uint64_t most;
	struct error *error = select_thread(call);

	if (!error)
		error = api_param_number(call, "max_samples", SAMPLES_STANDARD,
					 1, SAMPLES_MOST, &most);
	if (error)
		return error;
	chart.most = most;
	error = load(call, &chart);
	if (!error)
		error = write_chart(call, &chart);
	excerpt_deinit(&chart.excerpt);
	free(chart.moments);
	return error;
}
