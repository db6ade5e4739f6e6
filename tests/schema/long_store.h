/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store that goes on, as tests write it: times are seconds since the wall
 * time of the fixture, as they would pass on a host that never sleeps.
 */
#ifndef BRINDLE_TESTS_SCHEMA_LONG_STORE_H
#define BRINDLE_TESTS_SCHEMA_LONG_STORE_H

#include "schema/store/store.h"

struct long_store {
	struct store *store;
	struct store_session session;
	struct store_limits limits;
	double start;	   /* of the session */
	uint64_t start_ns; /* the same by CLOCK_MONOTONIC; 0: a default */
	char *note;	   /* owned */
};

/** Its session and limits only. */
void long_store_init(struct long_store *long_store, double start);

/** A new session. start_ns and limits of one before are kept. */
void long_store_open(struct long_store *long_store, const char *path,
		     double start);
void long_store_close(struct long_store *long_store, double end);

uint64_t long_store_time(const struct long_store *long_store, double seconds);

/** @count samples at the same place, thread "main" of process "app". */
void long_store_sample(struct long_store *long_store, double seconds,
		       const char *function, int count);

/** The same in another thread, on a stack @depth deep, and with a weight. */
struct long_place {
	const char *thread, *function;
	int depth;
	int64_t event_id;
	uint64_t weight;
};
void long_store_add(struct long_store *long_store, double seconds,
		    const struct long_place *place);

#endif
