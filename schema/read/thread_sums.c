// SPDX-License-Identifier: Apache-2.0
// Threads are mostly seen in the order of their rows: sums are added as they
// come, and the few that came late are put where they belong in the end.
#include "schema/read/thread_sums.h"

#include <stdlib.h>

#include "base/array.h"
#include "schema/read/id_map.h"

struct gathering {
	struct thread_sums *sums; /* borrowed */
	size_t capacity;
	struct id_map places; /* of each thread: its index, and 1 */
};

void thread_sums_deinit(struct thread_sums *sums)
{
	free(sums->sums);
	*sums = (struct thread_sums){ 0 };
}

// NULL: no memory.
static struct thread_sum *add_sum(struct gathering *gathering,
				  const struct selection_row *row)
{
	struct thread_sums *sums = gathering->sums;

	if (sums->count >= UINT32_MAX ||
	    !array_reserve_one(sums->sums, sums->count, gathering->capacity))
		return NULL;
	sums->sums[sums->count] = (struct thread_sum){
		.id = row->thread_id,
		.first_id = row->time_id,
	};
	return &sums->sums[sums->count++];
}

static bool take_row(void *context, const struct selection_row *row)
{
	struct gathering *gathering = context;
	struct thread_sum *sum;
	uint32_t *place;

	if (row->thread_id < 0 || !row->samples)
		return true;
	place = id_map_at(&gathering->places, row->thread_id);
	if (!place)
		return false;
	sum = *place ? &gathering->sums->sums[*place - 1] :
		       add_sum(gathering, row);
	if (!sum)
		return false;
	if (!*place)
		*place = (uint32_t)gathering->sums->count;
	sum->samples += row->samples;
	sum->weight += row->weight;
	sum->last_id = row->time_id;
	sum->threads += row->threads;
	return true;
}

static int compare_sums(const void *left, const void *right)
{
	const struct thread_sum *a = left, *b = right;

	return (a->id > b->id) - (a->id < b->id);
}

// Takes out those that come behind a later one.
static void take_late(struct thread_sums *sums, struct thread_sum *late)
{
	size_t kept = 0;

	for (size_t i = 0; i < sums->count; i++) {
		if (kept && sums->sums[i].id < sums->sums[kept - 1].id)
			*late++ = sums->sums[i];
		else
			sums->sums[kept++] = sums->sums[i];
	}
}

static size_t count_late(const struct thread_sums *sums)
{
	int64_t latest = -1;
	size_t count = 0;

	for (size_t i = 0; i < sums->count; i++) {
		if (sums->sums[i].id < latest)
			count++;
		else
			latest = sums->sums[i].id;
	}
	return count;
}

// From the end, where there is room for those that were taken out.
static void merge(struct thread_sums *sums, const struct thread_sum *late,
		  size_t late_count)
{
	size_t at = sums->count, kept = sums->count - late_count;

	while (late_count) {
		if (kept && sums->sums[kept - 1].id > late[late_count - 1].id)
			sums->sums[--at] = sums->sums[--kept];
		else
			sums->sums[--at] = late[--late_count];
	}
}

static bool put_in_order(struct thread_sums *sums)
{
	size_t count = count_late(sums);
	_cleanup_free_ struct thread_sum *late = NULL;

	if (!count)
		return true;
	late = calloc(count, sizeof(*late));
	if (!late)
		return false;
	take_late(sums, late);
	qsort(late, count, sizeof(*late), compare_sums);
	merge(sums, late, count);
	return true;
}

struct error *thread_sums_load(struct thread_sums *sums, sqlite3 *database,
			       const struct selection *selection,
			       uint64_t *ret_resolution_ns)
{
	struct gathering gathering = { .sums = sums };
	const struct selection_reading reading = {
		.take = take_row,
		.context = &gathering,
	};
	struct error *error;

	*sums = (struct thread_sums){ .count = 0 };
	error = selection_read(selection, database, &reading,
			       ret_resolution_ns);
	id_map_deinit(&gathering.places);
	if (!error && !put_in_order(sums))
		error = &error_nomem;
	if (error)
		thread_sums_deinit(sums);
	return error;
}
