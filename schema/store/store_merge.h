/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is told apart in a rollup? Hosts start processes without end, and most do
 * little: a row for each would make a store grow with their number. So threads
 * that have not run for long, did little in a span and are equal in process
 * name, executable, Python version, user, cgroup and thread name share a row,
 * whose thread stands for them (0005_merged.sql).
 */
#ifndef BRINDLE_SCHEMA_STORE_STORE_MERGE_H
#define BRINDLE_SCHEMA_STORE_STORE_MERGE_H

#include "schema/store/store_state.h"

/* Little: fewer samples than one in so many of the event's in the span. */
struct store_merge_rule {
	uint32_t part;
	uint32_t least, most; /* bounds of that number */
};

/**
 * Gives entries of @roll's builder, which is sorted, to threads that stand for
 * several. Their rows may be new: they must reach the file before the rollup
 * does. What is to be marked is added to @roll->marks.
 */
struct error *store_merge_threads(struct store *store, struct store_roll *roll,
				  const struct store_merge_rule *rule,
				  int64_t until_id);

/** In a transaction: @max more of the marks, with the end of the span. */
struct error *store_mark_some(struct store *store, struct store_roll *roll,
			      int64_t until_id, int max);
void store_forget_marks(struct store_roll *roll);

#endif
