/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which thread did what? For each thread, its own samples in the nodes of a
 * call tree, so that the tree can be drawn for one thread or one process.
 */
#ifndef BRINDLE_SCHEMA_READ_CALL_THREADS_H
#define BRINDLE_SCHEMA_READ_CALL_THREADS_H

#include "schema/read/call_tree.h"

struct call_share {
	uint32_t node;
	struct call_weight self;
	uint64_t doubtful_samples; /* as in struct call_node */
};

struct call_thread {
	char *process, *name; /* owned; "sh (800 threads)" for several */
	int64_t pid, tid;     /* 0: of one that stands for several */
	uint64_t samples;
	struct call_share *shares; /* owned; by node */
	size_t share_count;
};

struct call_threads {
	struct call_thread *threads; /* owned; the busiest first */
	size_t count;
};

/**
 * The @most busiest threads of @tally, which is by thread; what the others did
 * is the last one's, named "N more threads", with tid 0.
 */
struct error *call_threads_load(struct call_threads *threads,
				const struct call_tree *tree,
				sqlite3 *database, const struct tally *tally,
				size_t most);
void call_threads_deinit(struct call_threads *threads);

#endif
