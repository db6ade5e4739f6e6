/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often was each stack seen, by whom or when? What a selection of samples
 * comes down to before it is a tree: one entry for each call site, or for each
 * one of each thread, or of each part of the time. Weights are in the unit of
 * the selection's event.
 */
#ifndef BRINDLE_SCHEMA_READ_TALLY_H
#define BRINDLE_SCHEMA_READ_TALLY_H

#include "base/error.h"
#include "schema/read/groups.h"
#include "schema/read/selection.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tally_by {
	TALLY_TOGETHER,
	TALLY_BY_THREAD,
	TALLY_BY_BLOCK,
	TALLY_BY_GROUP,
};

enum {
	TALLY_BLOCKS = 20,   /* of time, for TALLY_BY_BLOCK */
	TALLY_THREADS = 200, /* that are apart, for TALLY_BY_THREAD */
};

struct tally_entry {
	/* The thread, 0 for those that did least, or the number of the block,
	   or of the group. */
	int64_t part_id;
	int64_t callsite_id; /* 0: samples without frames */
	uint64_t samples, weight;
};

struct tally {
	struct tally_entry *entries; /* owned */
	size_t count, capacity;
	uint32_t *slots; /* owned; open addressing: 0 is free */
	size_t slot_count;
	enum tally_by by;	/* what was asked for, unless there was too much */
	struct id_set threads;	/* those that are apart */
	uint64_t other_threads; /* how many are not */
	/* Of those that stand for several (0005_merged.sql): how many. */
	struct tally_crowd {
		int64_t thread_id;
		uint64_t threads;
	} *crowds; /* owned */
	size_t crowd_count, crowd_capacity;
	const struct groups *groups; /* borrowed; for TALLY_BY_GROUP */
	int64_t from_id;   /* where block 0 begins */
	uint64_t block_ns; /* 0: too little time for blocks */
	uint64_t samples, weight; /* of all entries */
	uint64_t resolution_ns;	  /* see selection_read() */
};

/** False: no memory. */
bool tally_add(struct tally *tally, const struct tally_entry *entry);

/** Reads what @selection names. */
struct error *tally_load(struct tally *tally, sqlite3 *database,
			 const struct selection *selection, enum tally_by by);
/** The same, by @groups: borrowed as long as @tally is there. */
struct error *tally_load_groups(struct tally *tally, sqlite3 *database,
				const struct selection *selection,
				const struct groups *groups);
/** Of it what @threads did, each apart: some of those that it names, few. */
struct error *tally_load_threads(struct tally *tally, sqlite3 *database,
				 const struct selection *selection,
				 const struct id_set *threads);
void tally_deinit(struct tally *tally);

#endif
