// SPDX-License-Identifier: Apache-2.0
#include "schema/read/tally.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/clock.h"

enum {
	FIRST_SLOT_COUNT = 4096,
	NEAR_BITS = 4,
	/* Of threads or blocks apart: 128 MiB. */
	PARTS_MAX = 4000000,
};

void tally_deinit(struct tally *tally)
{
	free(tally->entries);
	free(tally->slots);
	id_set_deinit(&tally->threads);
	*tally = (struct tally){ 0 };
}

// Neighbours, which come one after the other, share a cache line.
static size_t first_slot(const struct tally *tally, int64_t part_id,
			 int64_t callsite_id)
{
	uint64_t key = (uint64_t)callsite_id >> NEAR_BITS;
	uint64_t near = (uint64_t)callsite_id & ((1 << NEAR_BITS) - 1);

	key = (key + (uint64_t)part_id * UINT64_C(0xd6e8feb86659fd93)) *
	      UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(key >> 32 << NEAR_BITS | near) &
	       (tally->slot_count - 1);
}

// The slot that holds it, or the free one where it belongs.
static uint32_t *find_slot(const struct tally *tally, int64_t part_id,
			   int64_t callsite_id)
{
	size_t slot = first_slot(tally, part_id, callsite_id);

	while (tally->slots[slot]) {
		const struct tally_entry *entry =
			&tally->entries[tally->slots[slot] - 1];

		if (entry->callsite_id == callsite_id &&
		    entry->part_id == part_id)
			break;
		slot = (slot + 1) & (tally->slot_count - 1);
	}
	return &tally->slots[slot];
}

// Half full at most, so that a free slot is always near.
static bool make_room(struct tally *tally)
{
	size_t count = tally->slot_count ? 2 * tally->slot_count :
					   FIRST_SLOT_COUNT;
	uint32_t *slots;

	if (tally->count < tally->slot_count / 2)
		return true;
	if (tally->count >= UINT32_MAX / 2)
		return false;
	slots = calloc(count, sizeof(*slots));
	if (!slots)
		return false;
	free(tally->slots);
	tally->slots = slots;
	tally->slot_count = count;
	for (size_t i = 0; i < tally->count; i++)
		*find_slot(tally, tally->entries[i].part_id,
			   tally->entries[i].callsite_id) = (uint32_t)(i + 1);
	return true;
}

bool tally_add(struct tally *tally, const struct tally_entry *entry)
{
	uint32_t *slot;
	struct tally_entry *mine;

	if (!make_room(tally))
		return false;
	slot = find_slot(tally, entry->part_id, entry->callsite_id);
	if (!*slot) {
		if (!array_reserve_one(tally->entries, tally->count,
				       tally->capacity))
			return false;
		tally->entries[tally->count] = (struct tally_entry){
			.part_id = entry->part_id,
			.callsite_id = entry->callsite_id,
		};
		*slot = (uint32_t)++tally->count;
	}
	mine = &tally->entries[*slot - 1];
	mine->samples += entry->samples;
	mine->weight += entry->weight;
	tally->samples += entry->samples;
	tally->weight += entry->weight;
	return true;
}

static bool join_parts(struct tally *tally)
{
	struct tally joined = { .by = TALLY_TOGETHER };

	for (size_t i = 0; i < tally->count; i++) {
		struct tally_entry entry = tally->entries[i];

		entry.part_id = 0;
		if (!tally_add(&joined, &entry)) {
			tally_deinit(&joined);
			return false;
		}
	}
	tally_deinit(tally);
	*tally = joined;
	return true;
}

static int64_t part_of(const struct tally *tally,
		       const struct selection_row *row)
{
	switch (tally->by) {
	case TALLY_BY_THREAD:
		return id_set_has(&tally->threads, row->thread_id) ?
			       row->thread_id :
			       0;
	case TALLY_BY_BLOCK:
		return tally->block_ns ?
			       (row->time_id - tally->from_id) /
				       (int64_t)tally->block_ns :
			       0;
	case TALLY_TOGETHER:
		break;
	}
	return 0;
}

static bool take_row(void *context, const struct selection_row *row)
{
	struct tally *tally = context;
	const struct tally_entry entry = {
		.part_id = part_of(tally, row),
		.callsite_id = row->callsite_id,
		.samples = row->samples,
		.weight = row->weight,
	};

	if (!tally_add(tally, &entry))
		return false;
	return tally->by == TALLY_TOGETHER || tally->count < PARTS_MAX ||
	       join_parts(tally);
}

// Blocks are no shorter than the spans of a rollup, which belong to one whole.
static void choose_blocks(struct tally *tally, const struct selection *selection)
{
	const struct time_range *wall = &selection->wall;
	uint64_t least_ns = selection->whole_recording ? NS_PER_MS :
							 10 * NS_PER_SEC;

	if (!selection->span_count || wall->until_ns <= wall->from_ns)
		return;
	tally->from_id = selection->spans[0].from_id;
	tally->block_ns =
		(uint64_t)(wall->until_ns - wall->from_ns) / TALLY_BLOCKS + 1;
	if (tally->block_ns < least_ns)
		tally->block_ns = least_ns;
}

static bool take_thread(void *context, const struct selection_row *row)
{
	return tally_add(context, &(struct tally_entry){
					  .part_id = row->thread_id,
					  .samples = row->samples,
					  .weight = row->weight,
				  });
}

static int compare_busiest_first(const void *left, const void *right)
{
	const struct tally_entry *a = left, *b = right;

	if (a->samples != b->samples)
		return a->samples > b->samples ? -1 : 1;
	return (a->part_id > b->part_id) - (a->part_id < b->part_id);
}

// There may be millions that lived for a moment: only the busiest are apart.
static struct error *choose_threads(struct tally *tally, sqlite3 *database,
				    const struct selection *selection)
{
	struct tally sums = { .by = TALLY_BY_THREAD };
	const struct selection_reading reading = {
		.take = take_thread,
		.context = &sums,
	};
	struct error *error;

	error = selection_read(selection, database, &reading, NULL);
	if (!error && sums.count)
		qsort(sums.entries, sums.count, sizeof(*sums.entries),
		      compare_busiest_first);
	for (size_t i = 0; !error && i < sums.count && i < TALLY_THREADS; i++)
		if (!id_set_add(&tally->threads, sums.entries[i].part_id))
			error = &error_nomem;
	if (sums.count > TALLY_THREADS)
		tally->other_threads = sums.count - TALLY_THREADS;
	tally_deinit(&sums);
	return error;
}

struct error *tally_load(struct tally *tally, sqlite3 *database,
			 const struct selection *selection, enum tally_by by)
{
	struct selection_reading reading = {
		.stacks = true,
		.take = take_row,
		.context = tally,
	};
	struct error *error = NULL;

	*tally = (struct tally){ .by = by };
	if (by == TALLY_BY_BLOCK)
		choose_blocks(tally, selection);
	else if (by == TALLY_BY_THREAD)
		error = choose_threads(tally, database, selection);
	reading.longest_span_ns = tally->block_ns;
	if (!error)
		error = selection_read(selection, database, &reading,
				       &tally->resolution_ns);
	if (error)
		tally_deinit(tally);
	return error;
}
