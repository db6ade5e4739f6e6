/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which samples are asked for? People name a span of wall time, an event, and
 * whose samples; a selection is that in the terms of a file: spans of store
 * time (0003_store.sql), ids of events and of threads.
 *
 * It is read from the cheapest rows that hold it exactly: rollups of ten
 * minutes for what lies whole inside, those of ten seconds towards the edges,
 * samples at the edges. Where the samples are pruned already, a span counts
 * when it begins inside; then resolution_ns says how far off an edge may be.
 */
#ifndef BRINDLE_SCHEMA_READ_SELECTION_H
#define BRINDLE_SCHEMA_READ_SELECTION_H

#include "base/error.h"
#include "schema/read/id_set.h"
#include "schema/read/stack_filter.h"
#include "schema/read/time_range.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As people write it; NULL: all, and of events the main one. Borrowed. */
struct selection_options {
	const char *from, *until; /* see time_range.h */
	const char *range;	  /* both in one: "-2h,-1h" */
	const char *event;	  /* its name */
	const char *process;	  /* number, name, or a pattern with * and ? */
	const char *thread;	  /* the same */
	const char *cgroup;	  /* path, container id, systemd unit */
	const char *user;	  /* name or number */
	bool since_boot;	  /* of the host, before the last session */
	bool era_sums; /* of queries: sums of stacks as the file has them */
	int64_t now_ns; /* what "-1h" is before; 0: the time it is */
};

/* Store time, from from_id on, up to but without until_id. */
struct selection_span {
	int64_t from_id, until_id;
};

enum { SELECTION_EVENTS_MAX = 64 };

struct selection {
	struct selection_span *spans; /* owned; in order, apart */
	size_t span_count, span_capacity;
	struct time_range wall; /* what was asked for, within the file */
	bool bounded;		/* a range was asked for, or is implied */

	/* Of one name: sessions at different rates have different rows. */
	char *event, *unit; /* owned */
	struct {
		int64_t id;
		uint64_t period;
	} events[SELECTION_EVENTS_MAX];
	size_t event_count;
	bool only_event;   /* the file has no other */
	bool bare_samples; /* those without frames are of this event */

	bool any_thread;
	struct id_set threads; /* else these */
	/*
	 * When they are asked for by number, and some rollups in here count
	 * them together with others: then samples are read, where there are
	 * any left. untold: where there are not, and some of what they did is
	 * not in the answer.
	 */
	struct selection_span merged;
	bool untold;

	/* All samples of a file whose call sites have the sums already. */
	bool whole_recording;
	/* Which stacks of them; NULL: all. Borrowed. Only trees of calls look
	   at it. */
	const struct stack_filter *stacks;
	/* A function at two lines is two. Only trees of calls look at it. */
	bool split_lines;
};

/** @now_ns: the wall clock's, for "-1h". Errors name what was not found. */
struct error *selection_init(struct selection *selection, sqlite3 *database,
			     const struct selection_options *options,
			     int64_t now_ns);
void selection_deinit(struct selection *selection);

/**
 * A statement with one row when the thread whose row is bound to parameter
 * SELECTION_THREAD_ID is one that @options name; none when not.
 */
enum { SELECTION_THREAD_ID = 9 };
struct error *selection_prepare_thread(sqlite3 *database,
				       const struct selection_options *options,
				       sqlite3_stmt **ret);

/* What a thread did in a span, or one sample of it. */
struct selection_row {
	int64_t time_id; /* of the sample, or where the span begins */
	int64_t thread_id;
	int64_t callsite_id; /* 0: no frames, or not asked for */
	uint64_t samples, weight;
	/* That it stands for and were in no row before; with stacks 0. */
	uint64_t threads;
};

/** False: no memory. */
typedef bool (*selection_take_fn)(void *context,
				  const struct selection_row *row);

struct selection_reading {
	bool stacks; /* false: sums of threads, without call sites */
	/* Rows of spans longer than this are not used; 0: any. */
	uint64_t longest_span_ns;
	selection_take_fn take;
	void *context; /* of take; borrowed */
};

/** The longest span whose edge may be on the wrong side; 0: all exact. */
struct error *selection_read(const struct selection *selection,
			     sqlite3 *database,
			     const struct selection_reading *reading,
			     uint64_t *ret_resolution_ns);

/** The wall time of store time @id, by table clock. */
struct error *selection_wall_ns(sqlite3 *database, int64_t id, int64_t *ret);

#endif
