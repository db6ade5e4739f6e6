/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A number for each row id. Ids that are asked for one after the other mostly
 * lie side by side, so their numbers do, too: pages of them, found by hash, so
 * that a file with any ids gets no more than a page for each.
 */
#ifndef BRINDLE_SCHEMA_READ_ID_MAP_H
#define BRINDLE_SCHEMA_READ_ID_MAP_H

#include "schema/store/intern.h"

#include <stddef.h>
#include <stdint.h>

struct id_map {
	struct intern pages; /* by number */
	uint32_t *numbers;   /* owned; those of page i begin at i * its size */
	size_t capacity;     /* pages */
	int64_t latest;	     /* page that was asked for */
	uint32_t latest_at;  /* its place, and 1; 0: none */
};

/** Of @id, not negative: 0 at first, borrowed until the next call. NULL: no
 *  memory. */
uint32_t *id_map_at(struct id_map *map, int64_t id);
void id_map_deinit(struct id_map *map);

#endif
