/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte strings stored once and named by small numbers: the rows of a CFI table
 * (a library of 80,000 rows has about 1,000 different ones) and its
 * expressions. Bytes start at multiples of 8 and are kept until deinit.
 */
#ifndef BRINDLE_UNWIND_NATIVE_CFI_INTERN_H
#define BRINDLE_UNWIND_NATIVE_CFI_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cfi_intern_item {
	uint32_t offset, size; /* in the pool */
};

struct cfi_intern {
	uint8_t *pool; /* owned */
	size_t pool_size, pool_capacity;
	struct cfi_intern_item *items; /* owned */
	size_t count, capacity;
	uint32_t *slots; /* owned; item + 1, or 0; open addressing */
	size_t slot_count;
};

void cfi_intern_init(struct cfi_intern *intern);
void cfi_intern_deinit(struct cfi_intern *intern);

/** False when memory or one of the limits is short. */
bool cfi_intern_add(struct cfi_intern *intern, const void *bytes, size_t size,
		    uint32_t *ret_id);

/** Gives up the look-up table and the slack once all has been added. */
void cfi_intern_freeze(struct cfi_intern *intern);

static inline const uint8_t *cfi_intern_bytes(const struct cfi_intern *intern,
					      uint32_t id)
{
	return intern->pool + intern->items[id].offset;
}

#endif
