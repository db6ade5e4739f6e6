/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a selection comes to: its samples as a tree of calls, and who did them.
 * Report, flame graph, folded stacks and comparisons begin here.
 */
#ifndef BRINDLE_SCHEMA_READ_EXCERPT_H
#define BRINDLE_SCHEMA_READ_EXCERPT_H

#include "schema/read/call_tree.h"
#include "schema/read/profile.h"

struct excerpt {
	struct selection selection;
	struct tally tally; /* by what was asked for, or empty */
	struct groups groups; /* for TALLY_BY_GROUP */
	struct call_tree tree;
	uint64_t resolution_ns; /* see selection_read() */
};

/**
 * @by: tally.by says whether these were not too many. TALLY_BY_GROUP is by
 * profile_grouping(), TALLY_TOGETHER where that has no label; then the tree has
 * the groups at its root (call_tree_group.h).
 */
struct error *excerpt_load(struct excerpt *excerpt, struct profile *profile,
			   enum call_tree_order order, enum tally_by by);
void excerpt_deinit(struct excerpt *excerpt);

/** Time between the selection's first and last instant; gaps are counted. */
uint64_t excerpt_duration_ns(const struct excerpt *excerpt);

#endif
