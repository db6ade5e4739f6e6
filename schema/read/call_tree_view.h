/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree of calls, seen from elsewhere: from the leaves up, from one function
 * up to its callers or down to its callees, or together with another tree. Each
 * is a call tree of its own, with the nodes in the same order: numbered breadth
 * first, siblings the heaviest first. It has no call sites, no lines and no
 * trust, and of the functions only those that it shows.
 *
 * A function that calls itself counts once: what is looked at are its outermost
 * activations.
 */
#ifndef BRINDLE_SCHEMA_READ_CALL_TREE_VIEW_H
#define BRINDLE_SCHEMA_READ_CALL_TREE_VIEW_H

#include "schema/read/call_tree.h"

/* Too many nodes: the lightest are their parent's own, as in
 * call_tree_prune(). */
struct call_tree_limit {
	size_t most;	       /* nodes; at least 1 */
	uint64_t least_samples; /* set: what each has at least; 0: all are there */
};

/**
 * Bottom up: below the root stand the functions that samples were in, below
 * each of them its callers. What a node has of its own are stacks that begin
 * there.
 */
struct error *call_tree_invert(const struct call_tree *tree,
			       struct call_tree_limit *limit,
			       struct call_tree *ret);

/** The root is @function; below it its callers, and theirs. */
struct error *call_tree_callers(const struct call_tree *tree,
				uint32_t function,
				struct call_tree_limit *limit,
				struct call_tree *ret);

/** The root is @function; below it what it calls. */
struct error *call_tree_callees(const struct call_tree *tree,
				uint32_t function,
				struct call_tree_limit *limit,
				struct call_tree *ret);

/**
 * Both in one: weights are those of @after; *ret_before has the own samples of
 * each node in @before, and is owned by the caller. Functions that differ in
 * their first line only are one.
 */
struct error *call_tree_merge(const struct call_tree *before,
			      const struct call_tree *after,
			      struct call_tree_limit *limit,
			      struct call_tree *ret, uint64_t **ret_before);

/** Forgets functions, files and modules that no node has. */
struct error *call_tree_compact(struct call_tree *tree);

#endif
