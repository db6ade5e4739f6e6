/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Things met before get the id they got then: a set of 128-bit keys, numbered
 * from 1 in the order of their arrival. A key is the thing itself where it
 * fits, else a hash of it with a random seed, so that foreign data cannot be
 * made to collide; the thing is then not kept.
 *
 * With a window, only so many of the latest are found: numbers go on, and
 * memory does not.
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
	struct intern_key *keys; /* owned; [id - 1], in a window in rotation */
	size_t count, capacity;	 /* count: of all ever added */
	size_t window;		 /* power of two; 0: all are found */
	uint32_t *slots;   /* owned; open addressing: ids, 0 is free */
	size_t slot_count; /* power of two, or 0 */
};

/** As new, but for its window. */
void intern_deinit(struct intern *intern);
/** Empty again; memory is kept. */
void intern_clear(struct intern *intern);

/** Takes memory for @count, at most the window, before they come. False: there
 *  is none; it grows with what comes, as it would without. */
bool intern_prepare(struct intern *intern, size_t count);

/** The id of @key, or 0: not met yet. */
uint32_t intern_find(const struct intern *intern, struct intern_key key);

/** Adds @key, which was not found. 0: no memory. */
uint32_t intern_add(struct intern *intern, struct intern_key key);

/** Undoes the latest intern_add(). */
void intern_undo(struct intern *intern);

#endif
