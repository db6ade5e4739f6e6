/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What did each thread of a selection do? There may be half a million of a day,
 * most of which did little: a sum for each, and nothing else.
 */
#ifndef BRINDLE_SCHEMA_READ_THREAD_SUMS_H
#define BRINDLE_SCHEMA_READ_THREAD_SUMS_H

#include "base/error.h"
#include "schema/read/selection.h"

struct thread_sum {
	int64_t id; /* row */
	uint64_t samples, weight;
	int64_t first_id, last_id; /* store time at which it was seen */
	uint64_t threads; /* that it stands for; 0: for itself */
};

struct thread_sums {
	struct thread_sum *sums; /* owned; by id */
	size_t count;
};

/** @ret_resolution_ns: see selection_read(); may be NULL. */
struct error *thread_sums_load(struct thread_sums *sums, sqlite3 *database,
			       const struct selection *selection,
			       uint64_t *ret_resolution_ns);
void thread_sums_deinit(struct thread_sums *sums);

#endif
