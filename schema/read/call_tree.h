/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who called whom, and how much time was spent there? The call-site trie of
 * the file tells lines and addresses apart; here the places of one function
 * under one caller are one node. Report, flame graph and folded stacks are
 * walks over this tree.
 *
 * Nodes are numbered breadth first: node 0 is the root "all", a parent comes
 * before its children, and the children of a node stand side by side. So a
 * loop forward passes values down, a loop backward sums them up, and nothing
 * recurses, however deep the stacks are.
 */
#ifndef BRINDLE_SCHEMA_READ_CALL_TREE_H
#define BRINDLE_SCHEMA_READ_CALL_TREE_H

#include "base/error.h"
#include "schema/read/call_ids.h"
#include "schema/read/selection.h"
#include "schema/store/store.h"
#include "schema/read/tally.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CALL_TREE_NONE CALL_IDS_NONE
#define CALL_TREE_BARE_NAME "[no stack]"

struct call_function {
	char *name; /* owned */
	enum store_kind kind;
	bool unresolved;     /* not a name, but why there is none */
	bool group;	     /* none: a row at the root (call_tree_group.h) */
	uint8_t label;	     /* of a group, see struct group_value */
	uint32_t file;	     /* in files; CALL_TREE_NONE: not known */
	uint32_t module;     /* in modules; CALL_TREE_NONE: none */
	uint32_t first_line; /* 0: not known */
};

struct call_weight {
	uint64_t samples;
	uint64_t weight; /* in the unit of the event: ns, mostly */
};

struct call_node {
	uint32_t parent, function;
	uint32_t first_child, child_count;
	struct call_weight self, total;
	/* Of the total, where this frame is unproven, unresolved, guessed. */
	uint64_t doubtful_samples;
};

/* A row of the trie, and where it went. A parent has a smaller index. */
struct call_site {
	uint32_t node, parent; /* parent: CALL_TREE_NONE above a root */
	uint32_t line;	       /* 0: not known */
	int64_t frame_id;      /* row of its frame */
	uint64_t self_samples, self_weight;
	/* The nearest one, from itself up, whose frame is in doubt, if any. */
	uint32_t nearest_doubtful;
	bool doubtful;
	bool left_out; /* by a filter: its own samples are not there */
	enum store_trust trust; /* of the stack that ends here */
};

/* A line at which a node's function was, itself or calling on. */
struct call_line {
	uint32_t node, line;
	uint64_t samples;
};

struct call_tree {
	char **files, **modules; /* owned, and so are the strings */
	size_t file_count, module_count;
	struct call_function *functions; /* owned */
	size_t function_count, function_capacity;
	struct call_node *nodes; /* owned */
	size_t node_count, node_capacity;
	struct call_line *lines; /* owned; by node, the heaviest first */
	size_t line_count, line_capacity;
	struct call_ids callsites;
	struct call_site *sites; /* owned; of each of callsites */
	size_t site_capacity;
	uint32_t bare_node; /* samples without any frame; 0: there are none */
	/* By what their stacks hold: Python that is proven, that is not, none. */
	uint64_t proven_samples, unproven_samples, native_samples;
};

enum call_tree_order {
	CALL_TREE_HEAVY_FIRST,
	/* And functions that differ in their first line only are one: where
	 * versions of a source are compared. */
	CALL_TREE_LINELESS,
	/* And functions of equal name are one: for formats that know names
	 * only. */
	CALL_TREE_BY_NAME,
};

/**
 * @tally: what was seen how often. NULL: all samples of a recording, by the
 * sums that its call sites have (selection->whole_recording). What equals in
 * kind, name, place and module is one function, also where the file has two.
 */
struct error *call_tree_load(struct call_tree *tree, sqlite3 *database,
			     const struct selection *selection,
			     const struct tally *tally,
			     enum call_tree_order order);
void call_tree_deinit(struct call_tree *tree);

/**
 * Leaves out the lightest nodes until @most are left: their weight is then
 * their caller's own. Of nodes that weigh the same all go; where that would be
 * most of the tree, as where a stack is deeper than @most, the outer ones stay.
 * What was left out, or 0: the samples that each node has
 * now at least.
 */
struct error *call_tree_prune(struct call_tree *tree, size_t most,
			      uint64_t *ret_samples);

/**
 * Puts nodes in their order, after which totals, children and lines are right.
 * Part of loading.
 */
struct error *call_tree_sort(struct call_tree *tree,
			     enum call_tree_order order);

/** Visits all nodes depth first, children in their order. */
typedef void (*call_visit_fn)(const struct call_tree *tree, uint32_t node,
			      void *context);
void call_tree_walk(const struct call_tree *tree, call_visit_fn enter,
		    call_visit_fn leave, void *context);

/** A function's weight over the whole tree; recursion counts once. */
struct call_sum {
	struct call_weight self, total;
	uint64_t doubtful_samples;
};

/** One for each function; owned by the caller. NULL: no memory. */
struct call_sum *call_tree_sum_functions(const struct call_tree *tree);

/** The file name of a function's file or module; NULL: not known. */
const char *call_tree_file(const struct call_tree *tree,
			   const struct call_function *function);
const char *call_tree_module(const struct call_tree *tree,
			     const struct call_function *function);

/**
 * Order by name, kind, file and module: 0 where functions of two trees are the
 * same, whatever line they begin at.
 */
int call_function_compare(const struct call_tree *tree_a, uint32_t index_a,
			  const struct call_tree *tree_b, uint32_t index_b);

/** "python", "native", "kernel", "other": the words of the views. */
const char *call_kind_name(enum store_kind kind);

#endif
