/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What does a pc mean? The module, the CFI row, and what of CPython is there, in
 * one address space at one generation of its mappings. Internal to walk*.c.
 *
 * Addresses of one call site recur in every sample, so that a small direct-mapped
 * cache turns three binary searches into one comparison.
 */
#ifndef BRINDLE_UNWIND_WALK_PLACE_H
#define BRINDLE_UNWIND_WALK_PLACE_H

#include "unwind/native/cfi_table.h"
#include "unwind/python/python_stack.h"
#include "unwind/walk.h"

enum {
	WALK_CACHE_SLOTS = 4096, /* power of two */
	CACHE_LINE_BYTES = 64,
};

struct walk_place {
	const struct space *space;
	uint64_t generation;
	uint64_t pc;
	struct module *module;
	const struct cfi_table *cfi;
	const struct cfi_row *row; /* NULL: no CFI here */
	uint64_t vaddr;
	bool mapped;
	bool eval;
	bool unsupported; /* of a version that is not read */
	bool entering; /* the eval loop's straight-line entry */
	bool greenlet; /* code that switches between stacks */
	uint8_t expressions; /* that a step from here takes */
} __attribute__((aligned(CACHE_LINE_BYTES)));

_Static_assert(sizeof(struct walk_place) == CACHE_LINE_BYTES,
	       "a look-up costs one miss");

struct walk_cache {
	struct walk_place place[WALK_CACHE_SLOTS];
	struct python_frame python[PYTHON_STACK_FRAME_MAX];
};

void walk_place_look_up(struct space *space, uint64_t pc,
			struct walk_place *ret);

/** Valid until the next call. */
static inline const struct walk_place *
walk_place_of(struct walk_cache *cache, struct space *space, uint64_t pc)
{
	struct walk_place *slot =
		&cache->place[(pc ^ pc >> 12) & (WALK_CACHE_SLOTS - 1)];

	if (slot->pc != pc || slot->space != space ||
	    slot->generation != space->generation)
		walk_place_look_up(space, pc, slot);
	return slot;
}

#endif
