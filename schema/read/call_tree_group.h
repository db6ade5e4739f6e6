/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree of calls with the groups of those who called as rows at its root: each
 * stack stands below its group's. What is told of a tree by name and weight
 * holds as before: a group is the outermost caller.
 */
#ifndef BRINDLE_SCHEMA_READ_CALL_TREE_GROUP_H
#define BRINDLE_SCHEMA_READ_CALL_TREE_GROUP_H

#include "schema/read/call_tree.h"
#include "schema/read/groups.h"

/**
 * @tally is by group, and what @tree was made from. Afterwards @tree has no
 * call sites and no lines. On an error it is as it was, or empty.
 */
struct error *call_tree_group(struct call_tree *tree,
			      const struct tally *tally,
			      const struct groups *groups,
			      enum call_tree_order order);

#endif
