/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Address ranges made disjoint: which FDE speaks for an address when several
 * claim it? The first source wins (.eh_frame), the second fills its gaps
 * (.debug_frame); within a source the one that starts first keeps its range.
 */
#ifndef BRINDLE_UNWIND_NATIVE_CFI_RANGES_H
#define BRINDLE_UNWIND_NATIVE_CFI_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cfi_range {
	uint32_t start, end;
	uint32_t first_entry, entry_count; /* its rows, for the builder */
};

struct cfi_ranges {
	struct cfi_range *items; /* owned */
	size_t count, capacity;
};

bool cfi_ranges_add(struct cfi_ranges *ranges, struct cfi_range range);
void cfi_ranges_deinit(struct cfi_ranges *ranges);

/**
 * Both sources, sorted and clipped, into @ret, which starts empty. Sorts them
 * in place. False without memory.
 */
bool cfi_ranges_merge(struct cfi_ranges *first, struct cfi_ranges *second,
		      struct cfi_ranges *ret);

#endif
