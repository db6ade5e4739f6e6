/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rows are wanted? A set of row ids, as bits in chunks, so that it can be
 * walked in order and in runs: rows that are near each other are read by one
 * statement, those far away are not read at all. Ids are those of our tables,
 * which count from 1: what is not in [0, 2^36) cannot be added.
 */
#ifndef BRINDLE_SCHEMA_READ_ID_SET_H
#define BRINDLE_SCHEMA_READ_ID_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct id_set {
	uint64_t **chunks; /* owned, and so are they; NULL: empty */
	size_t chunk_count;
	size_t count; /* ids */
};

/** From @from to @until, both members. What lies between may be none. */
struct id_run {
	int64_t from, until;
};

void id_set_deinit(struct id_set *set);

/** False: no memory. An id out of bounds is ignored. */
bool id_set_add(struct id_set *set, int64_t id);
bool id_set_has(const struct id_set *set, int64_t id);

/** The first run at or after @at. False: there is none. */
bool id_set_next_run(const struct id_set *set, int64_t at, struct id_run *ret);

/** The last run at or before @at. */
bool id_set_previous_run(const struct id_set *set, int64_t at,
			 struct id_run *ret);

#endif
