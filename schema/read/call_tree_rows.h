/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows that a call tree is made from: the call sites that were seen, with
 * their callers, and what their frames are. Nothing else of the file is read,
 * and all of it in one transaction. Part of loading.
 */
#ifndef BRINDLE_SCHEMA_READ_CALL_TREE_ROWS_H
#define BRINDLE_SCHEMA_READ_CALL_TREE_ROWS_H

#include "schema/read/call_tree.h"

struct call_row {
	int64_t id, parent_id; /* parent_id 0: a root; else less than id */
	int64_t frame_id;
	struct call_weight self, total;
	bool left_out; /* by a filter: it has no samples of its own */
	bool folded;   /* no node of its own: it counts for its caller */
};

/* What a frame is to the tree. */
struct call_place {
	uint32_t function, line; /* line 0: not known */
	bool doubtful;		 /* unproven, unresolved, guessed */
	bool python, proven, unproven;
};

struct call_rows {
	struct call_row *rows; /* owned; by id, a caller before it */
	size_t count, capacity;
	struct call_ids frames;
	struct call_place *places; /* owned; of each of frames */
	size_t place_capacity;
	struct call_weight bare; /* samples without frames */
};

/** Functions, files and modules go to @tree right away: 0 is the root's. */
struct error *call_rows_load(struct call_rows *rows, struct call_tree *tree,
			     sqlite3 *database,
			     const struct selection *selection,
			     const struct tally *tally,
			     enum call_tree_order order);
void call_rows_deinit(struct call_rows *rows);

/** Takes out of own weights, and marks, what @filter is not for. */
struct error *call_rows_filter(struct call_rows *rows,
			       const struct call_tree *tree,
			       const struct stack_filter *filter);

/** Each line of a function becomes a function of its own. False: no memory. */
bool call_rows_split_lines(struct call_rows *rows, struct call_tree *tree);

/**
 * The functions @wanted, with their files and modules, behind those that are
 * there. @ret_aliases says for each id which function it is shown as; owned by
 * the caller, as is ret_ids->ids.
 */
struct error *call_functions_load(struct call_tree *tree, sqlite3 *database,
				  const struct id_set *wanted,
				  enum call_tree_order order,
				  struct call_ids *ret_ids,
				  uint32_t **ret_aliases);

/** A function of no file, kind other. */
bool call_tree_add_function(struct call_tree *tree, const char *name);

#endif
