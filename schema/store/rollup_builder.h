/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rollups being made: counts of stacks by event and thread go in, in any order,
 * and rows with their blobs (schema/rollup.h) come out. Memory is bounded: when
 * it is full, the rows so far are taken and it goes on empty; a span may have
 * several rows of one thread.
 */
#ifndef BRINDLE_SCHEMA_STORE_ROLLUP_BUILDER_H
#define BRINDLE_SCHEMA_STORE_ROLLUP_BUILDER_H

#include "schema/rollup.h"

enum { ROLLUP_BUILDER_MAX = 1 << 18 }; /* entries */

struct rollup_entry {
	int64_t event_id, thread_id;
	uint64_t period; /* of the event */
	uint32_t threads; /* that are counted by this one; see 0005_merged.sql */
	struct rollup_stack stack;
};

struct rollup_builder {
	struct rollup_entry *entries; /* owned */
	size_t count, capacity;
	uint32_t *slots; /* owned; open addressing: index + 1, 0 is free */
	size_t slot_count;
	size_t at;	/* the first entry that is in no row yet */
	uint8_t *bytes; /* owned; of the latest row */
	size_t byte_count, byte_capacity;
};

/** A row of table rollup_10s or rollup_10min but its id. */
struct rollup_row {
	int64_t event_id, thread_id;
	uint64_t samples, weight; /* of all its stacks */
	uint64_t threads;
	const uint8_t *bytes;	  /* borrowed until the next call */
	size_t size;
};

void rollup_builder_deinit(struct rollup_builder *builder);
/** Empty again; memory is kept. */
void rollup_builder_clear(struct rollup_builder *builder);

static inline bool rollup_builder_full(const struct rollup_builder *builder)
{
	return builder->count >= ROLLUP_BUILDER_MAX;
}

/** False: no memory. */
bool rollup_builder_add(struct rollup_builder *builder,
			const struct rollup_entry *entry);

/** Adds up what is in the same place since threads of entries were changed.
 *  False: no memory, and nothing was done. */
bool rollup_builder_join(struct rollup_builder *builder);

/** Before the first row. Nothing is added from then on, until it is cleared. */
void rollup_builder_sort(struct rollup_builder *builder);

/** The next row; false at the end, or without memory (then some are left). */
bool rollup_builder_next(struct rollup_builder *builder,
			 struct rollup_row *ret);

#endif
