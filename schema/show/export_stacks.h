/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What formats are made of that know threads and addresses: for each thread of
 * a selection, how often each call site was seen; and of call sites the
 * address, of modules the build-id.
 */
#ifndef BRINDLE_SCHEMA_SHOW_EXPORT_STACKS_H
#define BRINDLE_SCHEMA_SHOW_EXPORT_STACKS_H

#include "schema/read/excerpt.h"
#include "schema/show/export_threads.h"

struct export_cell {
	uint32_t thread; /* in threads; CALL_TREE_NONE: not told apart */
	uint32_t site;	 /* in tree.sites; CALL_TREE_NONE: no frames */
	struct call_weight weight;
};

struct export_stacks {
	struct excerpt excerpt;
	struct export_threads threads;
	struct grouping grouping; /* what groups are by */
	struct groups groups;
	struct export_cell *cells; /* owned; in no order */
	size_t cell_count, cell_capacity;
	struct call_ids frame_ids;
	uint64_t *vaddrs; /* owned; of each of frame_ids; 0: none */
	size_t vaddr_capacity;
	char **build_ids; /* owned, as are they; of each of tree.modules */
};

struct error *export_stacks_load(struct export_stacks *stacks,
				 struct profile *profile);
void export_stacks_deinit(struct export_stacks *stacks);

/** In the module's own addresses; 0: not known. */
uint64_t export_stacks_vaddr(const struct export_stacks *stacks,
			     const struct call_site *site);

#endif
