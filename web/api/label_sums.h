/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What did all of one name do together? A sum for each text.
 */
#ifndef BRINDLE_WEB_API_LABEL_SUMS_H
#define BRINDLE_WEB_API_LABEL_SUMS_H

#include "schema/read/call_tree.h"
#include "schema/store/intern.h"

struct label {
	char *value; /* owned */
	struct call_weight weight;
};

struct label_sums {
	struct label *labels; /* owned; in the order of their interning */
	size_t count, capacity;
	struct intern values; /* by their hashes */
	uint64_t seed;
};

/** False: no memory. */
bool label_sums_add(struct label_sums *sums, const char *value,
		    const struct call_weight *weight);
void label_sums_deinit(struct label_sums *sums);

/** The heaviest first; the last thing to do. */
void label_sums_sort(struct label_sums *sums);

#endif
