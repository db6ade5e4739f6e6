/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When was it busy, and with what? The weight of each process name (or
 * thread name) in each stretch of wall time. It is added up from sums, no stack is looked at, so a
 * year is quick.
 */
#ifndef BRINDLE_SCHEMA_READ_TIMELINE_H
#define BRINDLE_SCHEMA_READ_TIMELINE_H

#include "schema/read/profile.h"
#include "schema/read/selection.h"

struct timeline_row {
	char *name;	   /* owned; of all processes or threads called so */
	uint64_t *weights; /* owned; of each bucket */
	uint64_t samples, weight;
};

struct timeline {
	int64_t from_wall_ns; /* of bucket 0: a whole multiple of bucket_ns */
	uint64_t bucket_ns;
	size_t bucket_count;
	struct timeline_row *rows; /* owned; the heaviest first */
	size_t row_count, row_capacity;
	struct timeline_row all; /* name: "" */
	size_t left_out;	 /* rows that were too light to be here */
};

/**
 * At most @buckets buckets, of a length that people count in, and @most rows.
 */
struct error *timeline_load(struct timeline *timeline, sqlite3 *database,
			    const struct selection *selection, size_t buckets,
			    size_t most);
/** The same with a row for each thread name. */
struct error *timeline_load_threads(struct timeline *timeline,
				    sqlite3 *database,
				    const struct selection *selection,
				    size_t buckets, size_t most);
void timeline_deinit(struct timeline *timeline);

/** As a chart of characters, or as JSON; of what the profile selects. */
struct error *profile_timeline(struct profile *profile,
			       const struct report_options *options, FILE *out);

#endif
