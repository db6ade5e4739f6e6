/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of many are the busiest? There may be millions, of which a screen shows
 * some hundred: these are kept in order, the others are only looked at once.
 */
#ifndef BRINDLE_SCHEMA_READ_BUSIEST_H
#define BRINDLE_SCHEMA_READ_BUSIEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct busiest {
	/* After busiest_sort() the heaviest first; until then a heap. */
	struct busiest_entry {
		uint64_t weight;
		uint32_t index; /* whose it is, to the caller */
	} *entries; /* owned */
	size_t count, most;
};

/** False: no memory. */
bool busiest_init(struct busiest *busiest, size_t most);
void busiest_deinit(struct busiest *busiest);

/** Of equal weights the lower @index is the busier. */
void busiest_offer(struct busiest *busiest, uint64_t weight, uint32_t index);
void busiest_sort(struct busiest *busiest);

#endif
