/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The samples of a selection one by one, by thread and in order of time. Where
 * only sums of a span are left, as many as these were, one period apart.
 */
#ifndef BRINDLE_SCHEMA_SHOW_GECKO_SAMPLES_H
#define BRINDLE_SCHEMA_SHOW_GECKO_SAMPLES_H

#include "schema/read/excerpt.h"
#include "schema/show/export_threads.h"

struct gecko_sample {
	uint32_t thread; /* in threads */
	uint32_t node;	 /* of the tree */
	int64_t time_ns; /* since the selection's beginning */
};

struct gecko_samples {
	struct excerpt excerpt;
	struct export_threads threads;
	struct groups groups; /* of threads, by profile_grouping() */
	struct gecko_sample *samples; /* owned */
	size_t count, capacity;
};

/** ERROR_UNSUPPORTED: there are more than a browser can take. */
struct error *gecko_samples_load(struct gecko_samples *samples,
				 struct profile *profile);
void gecko_samples_deinit(struct gecko_samples *samples);

#endif
