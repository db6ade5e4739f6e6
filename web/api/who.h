/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who did it? The threads and processes of a selection with what each did.
 * There may be half a million of a day, so what else is known of them is only
 * read of those that are shown.
 */
#ifndef BRINDLE_WEB_API_WHO_H
#define BRINDLE_WEB_API_WHO_H

#include "schema/read/busiest.h"
#include "schema/read/call_tree.h"
#include "schema/read/profile.h"
#include "schema/read/thread_sums.h"

/* A thread or a process, of however many rows (schema/read/same_rows.h). */
struct who_one {
	int64_t id; /* its latest row */
	struct call_weight weight;
	int64_t first_id, last_id; /* store time at which it was seen */
	uint64_t threads; /* of it that were seen */
};

struct who {
	struct thread_sums threads; /* owned; of each row */
	uint64_t resolution_ns;	    /* see selection_read() */
	struct who_one *ones;	    /* owned; no order */
	size_t count, capacity;
	uint32_t *one_of; /* owned; of each row of a thread: its index in ones;
			   * CALL_TREE_NONE: none that is known */
};

/** Threads, or the processes that they belong to. */
struct error *who_load_threads(struct who *who, struct profile *profile,
			       const struct selection *selection);
struct error *who_load_processes(struct who *who, struct profile *profile,
				 const struct selection *selection);
void who_deinit(struct who *who);

/** At most @most of them, in order. */
struct error *who_busiest(const struct who *who, size_t most,
			  struct busiest *ret);

/* What is known of one thread and its process, or of a process. */
struct who_facts {
	int64_t tid, pid, uid; /* 0, 0, -1: not known */
	/* Owned; NULL: not known. */
	char *thread, *process, *command, *executable, *python, *user;
	char *cgroup, *container, *unit;
	/* Wall time; started_us 0: not known. */
	int64_t started_us, seen_from_us, seen_to_us;
};

/** A statement for one of these, owned by the caller. */
struct error *who_prepare_threads(sqlite3 *database, sqlite3_stmt **ret);
struct error *who_prepare_processes(sqlite3 *database, sqlite3_stmt **ret);

/** Of the row @id, which was seen from @first_id to @last_id. */
struct error *who_read_facts(sqlite3_stmt *statement, int64_t id,
			     int64_t first_id, int64_t last_id,
			     struct who_facts *ret);
void who_facts_deinit(struct who_facts *facts);

#endif
