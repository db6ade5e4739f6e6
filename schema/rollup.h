/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which stacks was a thread seen in during a span, and how often? The blob in
 * column stacks of rollup_10s and rollup_10min. It is a sequence of groups of
 * unsigned LEB128 numbers (DWARF 5, 7.6):
 *
 *     (samples << 1 | has_weight) [weight] count delta...
 *
 * A group is the count callsites that have as many samples each, in ascending
 * order: a delta is the distance from the id before, the first one from 0.
 * weight is that of each of them, and absent where it is samples times the
 * period of the event. Callsite 0 are the samples without frames.
 */
#ifndef BRINDLE_SCHEMA_ROLLUP_H
#define BRINDLE_SCHEMA_ROLLUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Threads that have begun so long before a span's end may share a row in it,
 *  see schema/store/store_merge.h. */
enum { ROLLUP_YOUNG_SECONDS = 1200 };

struct rollup_stack {
	int64_t callsite_id;
	uint64_t samples, weight;
};

/** A blob being read, borrowed; malformed bytes end it early. */
struct rollup_reader {
	const uint8_t *at, *end;
	uint64_t period; /* of the event */
	struct rollup_stack stack; /* of the group, and its latest id */
	uint64_t remaining;	   /* ids of the group that follow */
	bool malformed;
};

void rollup_reader_init(struct rollup_reader *reader, const void *bytes,
			size_t size, uint64_t period);

/** False at the end. Ids are at least 0, samples at least 1. */
bool rollup_next(struct rollup_reader *reader, struct rollup_stack *ret);

#endif
