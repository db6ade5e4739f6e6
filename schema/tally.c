// SPDX-License-Identifier: Apache-2.0
#include "schema/tally.h"

#include <stdlib.h>

#include "base/array.h"

enum {
	FIRST_SLOT_COUNT = 4096,
	/* Of threads apart: 128 MiB. */
	BY_THREAD_MAX = 4000000,
};

void tally_deinit(struct tally *tally)
{
	free(tally->entries);
	free(tally->slots);
	*tally = (struct tally){ 0 };
}

static size_t first_slot(const struct tally *tally, int64_t thread_id,
			 int64_t callsite_id)
{
	uint64_t key = (uint64_t)callsite_id +
		       (uint64_t)thread_id * UINT64_C(0xd6e8feb86659fd93);

	key *= UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(key >> 32) & (tally->slot_count - 1);
}

// The slot that holds it, or the free one where it belongs.
static uint32_t *find_slot(const struct tally *tally, int64_t thread_id,
			   int64_t callsite_id)
{
	size_t slot = first_slot(tally, thread_id, callsite_id);

	while (tally->slots[slot]) {
		const struct tally_entry *entry =
			&tally->entries[tally->slots[slot] - 1];

		if (entry->callsite_id == callsite_id &&
		    entry->thread_id == thread_id)
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
		*find_slot(tally, tally->entries[i].thread_id,
			   tally->entries[i].callsite_id) = (uint32_t)(i + 1);
	return true;
}

bool tally_add(struct tally *tally, const struct tally_entry *entry)
{
	uint32_t *slot;
	struct tally_entry *mine;

	if (!make_room(tally))
		return false;
	slot = find_slot(tally, entry->thread_id, entry->callsite_id);
	if (!*slot) {
		if (!array_reserve_one(tally->entries, tally->count,
				       tally->capacity))
			return false;
		tally->entries[tally->count] = (struct tally_entry){
			.thread_id = entry->thread_id,
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

static bool join_threads(struct tally *tally)
{
	struct tally joined = { 0 };

	for (size_t i = 0; i < tally->count; i++) {
		struct tally_entry entry = tally->entries[i];

		entry.thread_id = 0;
		if (!tally_add(&joined, &entry)) {
			tally_deinit(&joined);
			return false;
		}
	}
	tally_deinit(tally);
	*tally = joined;
	return true;
}

static bool take_row(void *context, const struct selection_row *row)
{
	struct tally *tally = context;
	const struct tally_entry entry = {
		.thread_id = tally->by_thread ? row->thread_id : 0,
		.callsite_id = row->callsite_id,
		.samples = row->samples,
		.weight = row->weight,
	};

	if (!tally_add(tally, &entry))
		return false;
	return !tally->by_thread || tally->count < BY_THREAD_MAX ||
	       join_threads(tally);
}

struct error *tally_load(struct tally *tally, sqlite3 *database,
			 const struct selection *selection, bool by_thread)
{
	const struct selection_reading reading = {
		.stacks = true,
		.take = take_row,
		.context = tally,
	};
	struct error *error;

	*tally = (struct tally){ .by_thread = by_thread };
	error = selection_read(selection, database, &reading,
			       &tally->resolution_ns);
	if (error)
		tally_deinit(tally);
	return error;
}
