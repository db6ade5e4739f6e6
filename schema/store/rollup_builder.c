// SPDX-License-Identifier: Apache-2.0
#include "schema/store/rollup_builder.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

enum { FIRST_SLOT_COUNT = 256, NUMBER_BYTES_MAX = 10 };

void rollup_builder_deinit(struct rollup_builder *builder)
{
	free(builder->entries);
	free(builder->slots);
	free(builder->bytes);
	*builder = (struct rollup_builder){ 0 };
}

void rollup_builder_clear(struct rollup_builder *builder)
{
	if (builder->count)
		memset(builder->slots, 0,
		       builder->slot_count * sizeof(*builder->slots));
	builder->count = 0;
	builder->at = 0;
}

static bool same_place(const struct rollup_entry *a,
		       const struct rollup_entry *b)
{
	return a->stack.callsite_id == b->stack.callsite_id &&
	       a->thread_id == b->thread_id && a->event_id == b->event_id;
}

// Multiplicative hashing (Knuth 6.4): the high bits are the good ones.
static size_t first_slot(const struct rollup_builder *builder,
			 const struct rollup_entry *entry)
{
	uint64_t mixed = (uint64_t)entry->stack.callsite_id;

	mixed = mixed * UINT64_C(0x9e3779b97f4a7c15) +
		(uint64_t)entry->thread_id;
	mixed = mixed * UINT64_C(0x9e3779b97f4a7c15) +
		(uint64_t)entry->event_id;
	mixed *= UINT64_C(0x9e3779b97f4a7c15);
	return (mixed >> 32) & (builder->slot_count - 1);
}

// The slot of @entry's place, or the free one where it belongs.
static size_t find_slot(const struct rollup_builder *builder,
			const struct rollup_entry *entry)
{
	size_t slot = first_slot(builder, entry);
	uint32_t index;

	while ((index = builder->slots[slot]) != 0) {
		if (same_place(&builder->entries[index - 1], entry))
			break;
		slot = (slot + 1) & (builder->slot_count - 1);
	}
	return slot;
}

static bool grow_slots(struct rollup_builder *builder)
{
	struct rollup_builder grown = *builder;

	if (builder->count + 1 <= builder->slot_count / 2)
		return true;
	grown.slot_count = builder->slot_count ? builder->slot_count * 2 :
						 FIRST_SLOT_COUNT;
	grown.slots = calloc(grown.slot_count, sizeof(*grown.slots));
	if (!grown.slots)
		return false;
	for (size_t i = 0; i < grown.count; i++)
		grown.slots[find_slot(&grown, &grown.entries[i])] =
			(uint32_t)i + 1;
	free(builder->slots);
	*builder = grown;
	return true;
}

bool rollup_builder_add(struct rollup_builder *builder,
			const struct rollup_entry *entry)
{
	struct rollup_stack *stack;
	size_t slot;

	if (!grow_slots(builder) ||
	    !array_reserve_one(builder->entries, builder->count,
			       builder->capacity))
		return false;
	slot = find_slot(builder, entry);
	if (!builder->slots[slot]) {
		builder->entries[builder->count++] = *entry;
		builder->slots[slot] = (uint32_t)builder->count;
		return true;
	}
	stack = &builder->entries[builder->slots[slot] - 1].stack;
	stack->samples += entry->stack.samples;
	stack->weight += entry->stack.weight;
	builder->entries[builder->slots[slot] - 1].threads += entry->threads;
	return true;
}

bool rollup_builder_join(struct rollup_builder *builder)
{
	struct rollup_builder joined = { 0 };

	for (size_t i = 0; i < builder->count; i++) {
		if (rollup_builder_add(&joined, &builder->entries[i]))
			continue;
		rollup_builder_deinit(&joined);
		return false;
	}
	rollup_builder_deinit(builder);
	*builder = joined;
	return true;
}

static bool has_weight(const struct rollup_entry *entry)
{
	return entry->stack.weight != entry->stack.samples * entry->period;
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

// Rows, in them groups, in them callsites. Those with a weight of their own
// come behind those without.
static int compare_entries(const void *a, const void *b)
{
	const struct rollup_entry *x = a, *y = b;
	int order = compare((uint64_t)x->event_id, (uint64_t)y->event_id);

	if (!order)
		order = compare((uint64_t)x->thread_id,
				(uint64_t)y->thread_id);
	if (!order)
		order = compare(has_weight(x), has_weight(y));
	if (!order)
		order = compare(x->stack.samples, y->stack.samples);
	if (!order)
		order = compare(x->stack.weight, y->stack.weight);
	if (!order)
		order = compare((uint64_t)x->stack.callsite_id,
				(uint64_t)y->stack.callsite_id);
	return order;
}

void rollup_builder_sort(struct rollup_builder *builder)
{
	// An empty one has no array, which qsort() may not be given.
	if (builder->count)
		qsort(builder->entries, builder->count,
		      sizeof(*builder->entries), compare_entries);
}

static void put_number(struct rollup_builder *builder, uint64_t number)
{
	while (number >= 0x80) {
		builder->bytes[builder->byte_count++] =
			(uint8_t)(number | 0x80);
		number >>= 7;
	}
	builder->bytes[builder->byte_count++] = (uint8_t)number;
}

static bool same_row(const struct rollup_entry *a, const struct rollup_entry *b)
{
	return a->event_id == b->event_id && a->thread_id == b->thread_id;
}

static bool same_group(const struct rollup_entry *a,
		       const struct rollup_entry *b)
{
	return same_row(a, b) && a->stack.samples == b->stack.samples &&
	       a->stack.weight == b->stack.weight;
}

// The end of the run of entries from @first on that are like it.
static size_t run_end(const struct rollup_builder *builder, size_t first,
		      bool (*like)(const struct rollup_entry *,
				   const struct rollup_entry *))
{
	size_t end = first + 1;

	while (end < builder->count &&
	       like(&builder->entries[first], &builder->entries[end]))
		end++;
	return end;
}

static void put_group(struct rollup_builder *builder, size_t first, size_t end)
{
	const struct rollup_entry *entry = &builder->entries[first];
	bool weight = has_weight(entry);
	int64_t before = 0;

	put_number(builder, entry->stack.samples << 1 | weight);
	if (weight)
		put_number(builder, entry->stack.weight);
	put_number(builder, end - first);
	for (size_t i = first; i < end; i++) {
		int64_t id = builder->entries[i].stack.callsite_id;

		put_number(builder, (uint64_t)(id - before));
		before = id;
	}
}

bool rollup_builder_next(struct rollup_builder *builder, struct rollup_row *ret)
{
	size_t first = builder->at, end;

	if (first == builder->count)
		return false;
	end = run_end(builder, first, same_row);
	// An entry is a group of its own at worst: four numbers.
	if (!array_reserve((void **)&builder->bytes, &builder->byte_capacity,
			   (end - first) * 4 * NUMBER_BYTES_MAX, 1))
		return false;
	builder->byte_count = 0;
	*ret = (struct rollup_row){
		.event_id = builder->entries[first].event_id,
		.thread_id = builder->entries[first].thread_id,
	};
	for (size_t i = first; i < end; i++) {
		ret->samples += builder->entries[i].stack.samples;
		ret->weight += builder->entries[i].stack.weight;
		ret->threads += builder->entries[i].threads;
	}
	for (size_t i = first; i < end; i = run_end(builder, i, same_group))
		put_group(builder, i, run_end(builder, i, same_group));
	ret->bytes = builder->bytes;
	ret->size = builder->byte_count;
	builder->at = end;
	return true;
}
