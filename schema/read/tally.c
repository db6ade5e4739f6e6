// SPDX-License-Identifier: Apache-2.0
#include "schema/read/tally.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/clock.h"
#include "schema/read/busiest.h"
#include "schema/read/thread_sums.h"

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
	free(tally->crowds);
	*tally = (struct tally){ 0 };
}

// Neighbours, which come one after the other, share a cache line.
static size_t first_slot(const struct tally *tally, int64_t part_id,
			 int64_t callsite_id)
{
	uint64_t key, near;

	// Where all are of one call site, the parts take its place.
	if (!callsite_id) {
		callsite_id = part_id;
		part_id = 0;
	}
	near = (uint64_t)callsite_id & ((1 << NEAR_BITS) - 1);
	key = (uint64_t)callsite_id >> NEAR_BITS;
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

// The entry of both, which may be new. NULL: no memory.
static struct tally_entry *find_or_add(struct tally *tally, int64_t part_id,
				       int64_t callsite_id)
{
	uint32_t *slot;

	if (!make_room(tally))
		return NULL;
	slot = find_slot(tally, part_id, callsite_id);
	if (!*slot) {
		if (!array_reserve_one(tally->entries, tally->count,
				       tally->capacity))
			return NULL;
		tally->entries[tally->count] = (struct tally_entry){
			.part_id = part_id,
			.callsite_id = callsite_id,
		};
		*slot = (uint32_t)++tally->count;
	}
	return &tally->entries[*slot - 1];
}

bool tally_add(struct tally *tally, const struct tally_entry *entry)
{
	struct tally_entry *mine = find_or_add(tally, entry->part_id,
					       entry->callsite_id);

	if (!mine)
		return false;
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
	case TALLY_BY_GROUP:
		return groups_find(tally->groups, row->thread_id);
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

// The busiest are apart; of the others it is known how many they are.
static bool share_crowds(struct tally *tally, const struct thread_sums *sums)
{
	if (sums->count > TALLY_THREADS)
		tally->other_threads = sums->count - TALLY_THREADS;
	for (size_t i = 0; i < sums->count; i++) {
		const struct thread_sum *sum = &sums->sums[i];

		if (!sum->threads)
			continue;
		if (!id_set_has(&tally->threads, sum->id)) {
			tally->other_threads += sum->threads - 1;
			continue;
		}
		if (!array_reserve_one(tally->crowds, tally->crowd_count,
				       tally->crowd_capacity))
			return false;
		tally->crowds[tally->crowd_count++] = (struct tally_crowd){
			sum->id, sum->threads
		};
	}
	return true;
}

static bool add_busiest(struct tally *tally, const struct thread_sums *sums)
{
	struct busiest busiest;
	bool good = busiest_init(&busiest, TALLY_THREADS);

	for (size_t i = 0; good && i < sums->count; i++)
		busiest_offer(&busiest, sums->sums[i].samples, (uint32_t)i);
	for (size_t i = 0; good && i < busiest.count; i++)
		good = id_set_add(&tally->threads,
				  sums->sums[busiest.entries[i].index].id);
	busiest_deinit(&busiest);
	return good;
}

// There may be millions that lived for a moment: only the busiest are apart.
static struct error *choose_threads(struct tally *tally, sqlite3 *database,
				    const struct selection *selection)
{
	struct thread_sums sums;
	struct error *error =
		thread_sums_load(&sums, database, selection, NULL);

	if (!error && (!add_busiest(tally, &sums) ||
		       !share_crowds(tally, &sums)))
		error = &error_nomem;
	thread_sums_deinit(&sums);
	return error;
}

static bool copy_ids(const struct id_set *from, struct id_set *to)
{
	struct id_run run = { 0, -1 };

	while (id_set_next_run(from, run.until + 1, &run))
		for (int64_t id = run.from; id <= run.until; id++)
			if (id_set_has(from, id) && !id_set_add(to, id))
				return false;
	return true;
}

struct error *tally_load_threads(struct tally *tally, sqlite3 *database,
				 const struct selection *selection,
				 const struct id_set *threads)
{
	struct selection narrow = *selection; // borrowed, as is what it has
	const struct selection_reading reading = {
		.stacks = true,
		.take = take_row,
		.context = tally,
	};
	struct error *error = NULL;

	narrow.any_thread = false;
	narrow.threads = *threads;
	*tally = (struct tally){ .by = TALLY_BY_THREAD };
	if (!copy_ids(threads, &tally->threads))
		error = &error_nomem;
	if (!error)
		error = selection_read(&narrow, database, &reading,
				       &tally->resolution_ns);
	if (error)
		tally_deinit(tally);
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

struct error *tally_load_groups(struct tally *tally, sqlite3 *database,
				const struct selection *selection,
				const struct groups *groups)
{
	const struct selection_reading reading = {
		.stacks = true,
		.take = take_row,
		.context = tally,
	};
	struct error *error;

	*tally = (struct tally){ .by = TALLY_BY_GROUP, .groups = groups };
	error = selection_read(selection, database, &reading,
			       &tally->resolution_ns);
	if (error)
		tally_deinit(tally);
	return error;
}
