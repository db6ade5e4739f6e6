/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growable arrays: `items`, `count`, `capacity` as three plain members of the
 * owning structure, and one function that makes room for one more.
 */
#ifndef BRINDLE_BASE_ARRAY_H
#define BRINDLE_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Makes room for @count elements of @element_size bytes in *@items, doubling.
 * False when memory is short; the array is then unchanged.
 */
bool array_reserve(void **items, size_t *capacity, size_t count,
		   size_t element_size);

/**
 * The same, with the memory itself taken, not only promised: who will need it
 * sooner or later has it from the start, and grows no more.
 */
bool array_prepare(void **items, size_t *capacity, size_t count,
		   size_t element_size);

/** Takes the memory of @size bytes that were allocated. */
void memory_take(void *bytes, size_t size);

/** Room for one more element at the end of an (items, count, capacity) trio. */
#define array_reserve_one(items, count, capacity)                              \
	array_reserve((void **)&(items), &(capacity), (count) + 1,             \
		      sizeof(*(items)))

#endif
