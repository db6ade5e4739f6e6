/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Things met before get the id they got then: a set of 128-bit keys, numbered
 * from 1 in the order of their arrival. A key is the thing itself where it
 * fits, else a hash of it with a random seed, so that foreign data cannot be
 * made to collide; the thing is then not kept.
 */
#ifndef BRINDLE_SCHEMA_STORE_INTERN_H
#define BRINDLE_SCHEMA_STORE_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intern_key {
	uint64_t low, high;
};

struct intern {
	struct intern_key *keys; /* owned; [id - 1] */
	size_t count, capacity;
	uint32_t *slots;   /* owned; open addressing: ids, 0 is free */
	size_t slot_count; /* power of two, or 0 */
};

void intern_deinit(struct intern *intern);

/** The id of @key, or 0: not met yet. */
uint32_t intern_find(const struct intern *intern, struct intern_key key);

/** Adds @key, which was not found. 0: no memory. */
uint32_t intern_add(struct intern *intern, struct intern_key key);

/** Undoes the latest intern_add(). */
void intern_undo(struct intern *intern);

#endif
