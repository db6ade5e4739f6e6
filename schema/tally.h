/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often was each stack seen, by whom? What a selection of samples comes
 * down to before it is a tree: one entry for each call site, or for each one of
 * each thread. Weights are in the unit of the selection's event.
 */
#ifndef BRINDLE_SCHEMA_TALLY_H
#define BRINDLE_SCHEMA_TALLY_H

#include "base/error.h"
#include "schema/selection.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tally_entry {
	int64_t thread_id;   /* 0: all of them */
	int64_t callsite_id; /* 0: samples without frames */
	uint64_t samples, weight;
};

struct tally {
	struct tally_entry *entries; /* owned */
	size_t count, capacity;
	uint32_t *slots; /* owned; open addressing: 0 is free */
	size_t slot_count;
	bool by_thread; /* asked for, and not too many */
	uint64_t samples, weight; /* of all entries */
	uint64_t resolution_ns;	  /* see selection_read() */
};

/** False: no memory. */
bool tally_add(struct tally *tally, const struct tally_entry *entry);

/** Reads what @selection names. Too many threads become one: by_thread tells. */
struct error *tally_load(struct tally *tally, sqlite3 *database,
			 const struct selection *selection, bool by_thread);
void tally_deinit(struct tally *tally);

#endif
