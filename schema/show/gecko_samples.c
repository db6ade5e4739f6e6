// SPDX-License-Identifier: Apache-2.0
#include "schema/show/gecko_samples.h"

#include <stdlib.h>

#include "base/array.h"

enum { SAMPLES_MAX = 1000000 };

struct row {
	int64_t thread_id, time_id, callsite_id;
	uint64_t samples;
};

struct loader {
	struct row *rows; /* owned */
	size_t count, capacity;
	uint64_t samples;
	struct id_set threads;
};

void gecko_samples_deinit(struct gecko_samples *samples)
{
	excerpt_deinit(&samples->excerpt);
	export_threads_deinit(&samples->threads);
	groups_deinit(&samples->groups);
	free(samples->samples);
	*samples = (struct gecko_samples){ 0 };
}

// What goes beyond the limit is counted, but not kept.
static bool take_row(void *context, const struct selection_row *row)
{
	struct loader *loader = context;

	loader->samples += row->samples;
	if (loader->samples > SAMPLES_MAX)
		return true;
	if (!array_reserve_one(loader->rows, loader->count, loader->capacity))
		return false;
	loader->rows[loader->count++] =
		(struct row){ row->thread_id, row->time_id, row->callsite_id,
			      row->samples };
	return id_set_add(&loader->threads, row->thread_id);
}

// 0: none.
static uint32_t node_of(const struct call_tree *tree, int64_t callsite_id)
{
	uint32_t site = call_ids_find(&tree->callsites, callsite_id);

	if (site == CALL_TREE_NONE)
		return tree->bare_node;
	return tree->sites[site].left_out ? 0 : tree->sites[site].node;
}

static bool add_samples(struct gecko_samples *samples, const struct row *row)
{
	const struct call_tree *tree = &samples->excerpt.tree;
	const struct selection *selection = &samples->excerpt.selection;
	struct gecko_sample sample = {
		.thread = call_ids_find(&samples->threads.ids, row->thread_id),
		.node = node_of(tree, row->callsite_id),
		.time_ns = row->time_id - selection->spans[0].from_id,
	};

	// Written since, left out, or of no thread.
	if (sample.thread == CALL_TREE_NONE || sample.node == 0)
		return true;
	for (uint64_t i = 0; i < row->samples; i++) {
		if (!array_reserve_one(samples->samples, samples->count,
				       samples->capacity))
			return false;
		samples->samples[samples->count++] = sample;
		sample.time_ns += (int64_t)selection->events[0].period;
	}
	return true;
}

static int compare_samples(const void *left, const void *right)
{
	const struct gecko_sample *a = left, *b = right;

	if (a->thread != b->thread)
		return a->thread < b->thread ? -1 : 1;
	return (a->time_ns > b->time_ns) - (a->time_ns < b->time_ns);
}

static struct error *load(struct gecko_samples *samples, sqlite3 *database,
			  struct loader *loader)
{
	const struct selection_reading reading = {
		.stacks = true,
		.take = take_row,
		.context = loader,
	};
	struct error *error;

	error = selection_read(&samples->excerpt.selection, database, &reading,
			       NULL);
	if (!error && loader->samples > SAMPLES_MAX)
		error = error_create(ERROR_UNSUPPORTED,
				     "%llu samples are more than this format's "
				     "reader can take: choose a shorter range",
				     (unsigned long long)loader->samples);
	if (!error)
		error = export_threads_load(&samples->threads, database,
					    &loader->threads);
	for (size_t i = 0; !error && i < loader->count; i++)
		if (!add_samples(samples, &loader->rows[i]))
			error = &error_nomem;
	if (!error && samples->count)
		qsort(samples->samples, samples->count,
		      sizeof(*samples->samples), compare_samples);
	return error;
}

struct error *gecko_samples_load(struct gecko_samples *samples,
				 struct profile *profile)
{
	struct loader loader = { 0 };
	struct error *error;

	*samples = (struct gecko_samples){ 0 };
	error = excerpt_load(&samples->excerpt, profile, CALL_TREE_HEAVY_FIRST,
			     TALLY_TOGETHER);
	if (error)
		return error;
	if (profile_grouping(profile)->count)
		error = groups_load(&samples->groups, profile_database(profile),
				    &samples->excerpt.selection,
				    profile_grouping(profile));
	if (!error)
		error = load(samples, profile_database(profile), &loader);
	free(loader.rows);
	id_set_deinit(&loader.threads);
	if (error)
		gecko_samples_deinit(samples);
	return error;
}
