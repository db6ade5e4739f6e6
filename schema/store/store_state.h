/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store holds in memory: ids of everything met, the tree of stacks with
 * its weights, and what is not in the file yet. Private to schema/store*.c and
 * their tests;
 * schema/store/store_parts.h says what they do for each other.
 *
 * Everything pending stays until a transaction has taken it, so a commit that
 * failed is repeated whole by the next one.
 *
 * Numbers and ids: what is interned is numbered from 1. A row's id is that
 * number plus the table's base, where each era begins anew; or it is kept
 * beside the number, for tables whose rows outlive eras.
 */
#ifndef BRINDLE_SCHEMA_STORE_STORE_STATE_H
#define BRINDLE_SCHEMA_STORE_STORE_STATE_H

#include <sqlite3.h>

#include "schema/read/id_set.h"
#include "schema/store/intern.h"
#include "schema/store/rollup_builder.h"
#include "schema/store/store.h"

enum {
	STORE_ROWS_MAX = 1 << 20,      /* of each table of things */
	STORE_CALLSITES_MAX = 1 << 20, /* nodes of the tree */
	STORE_PENDING_MAX = 1 << 20,   /* samples waiting for the disk */
	STORE_TEXT_MAX = 4096,	       /* bytes of a name */
	STORE_OUTCOMES_MAX = 1024,
	STORE_EVENTS_MAX = 64,
	STORE_RENAMES_MAX = 1024,
	STORE_HEALTH_MAX = 1024,
	STORE_LABELS_BYTES_MAX = 16 << 20,
	STORE_INCIDENTS_MAX = 256,
	STORE_CLOCKS_MAX = 1024,
	STORE_VITALS_MAX = 4096,
	STORE_BATCH = 16,	 /* samples an INSERT */
	STORE_SAMPLE_BYTES = 20, /* of a row, about */
};

/** The tables of things that are interned; also indexes of statements. */
enum store_table {
	TABLE_PROCESS,
	TABLE_THREAD,
	TABLE_MODULE,
	TABLE_SOURCE_FILE,
	TABLE_FUNCTION,
	TABLE_FRAME,
	TABLE_CGROUP,
	TABLE_COUNT,
};

enum { STORE_ROW_NUMBERS = 4, STORE_ROW_TEXTS = 3 };

/** A new row; store_statements.c says what is what. */
struct store_row {
	int64_t id;
	int64_t number[STORE_ROW_NUMBERS];
	char *text[STORE_ROW_TEXTS]; /* owned once pending */
};

/** A row that outlives eras. */
struct store_kept {
	int64_t id : 63;
	uint64_t used : 1; /* in this era */
};

struct store_rows {
	struct intern intern;
	int64_t base;		   /* the id of number 0; kept: the last one */
	bool kept;		   /* rows outlive eras */
	struct store_kept *ids;	   /* owned; [number - 1]; ascending; if kept */
	size_t id_capacity;
	struct store_row *pending; /* owned */
	size_t count, capacity;
	int64_t overflow_id; /* of the row that stands for those beyond max */
};

struct store_callsite {
	uint32_t function_id;
	uint32_t depth : 30;
	uint32_t recursive : 1;
	uint32_t dirty : 1; /* differs from its row */
	uint32_t event;	    /* index */
	int32_t carry_samples;
	int64_t carry_ns; /* to be added to total, here and above */
	uint64_t self_samples, self_ns;
	uint64_t total_samples, total_ns;
};

/** The tree; the key of a node is (parent << 32 | frame), all numbers. */
struct store_tree {
	struct intern intern;
	struct store_callsite *nodes; /* owned; [number - 1] */
	size_t count, capacity;
	size_t written;		     /* nodes that have a row */
	int64_t base;		     /* the id of number 0 */
	uint32_t *function_of_frame; /* owned; [frame number - 1] */
	size_t frame_count, frame_capacity;
};

struct store_pending_sample {
	int64_t offset_ns; /* store time */
	uint64_t weight;
	uint32_t thread, callsite, cpu; /* numbers; 0: none */
	uint32_t gil_holder, waker;	/* threads; 0: none */
	uint32_t every; /* stands for so many; 0: not known */
	uint16_t outcome, event;	/* indexes */
};

struct store_outcome {
	enum store_trust trust;
	enum store_gil gil;
	const char *reason, *walk_end; /* constant strings */
	uint64_t samples;
	bool dirty;
};

/** Its id for those who write is its index + 1. */
struct store_event {
	int64_t row_id;
	char *name, *unit; /* owned */
	uint64_t period;
	int64_t no_stack; /* the callsite of samples without frames; 0: none */
	bool written;
};

struct store_rename {
	enum store_table table;
	int64_t id;
	char *name; /* owned */
};

enum { STORE_LABEL_TEXTS = 4 };

struct store_label {
	int64_t process_id, cgroup_id, uid;
	char *text[STORE_LABEL_TEXTS]; /* owned; store_labels.c says which */
};

struct store_incident {
	int64_t id, start_id;
	int64_t end_id; /* INT64_MAX: not over */
	const char *kind; /* constant string */
	char *detail;	  /* owned */
	bool dirty;
};

struct store_clock_row {
	int64_t id, wall_ns, monotonic_ns;
	const char *reason; /* constant string */
};

struct store_vitals_row {
	int64_t id;
	struct store_vitals vitals;
	uint64_t store_bytes;
};

struct store_counter {
	char *name, *meaning; /* owned */
	int64_t value;
	bool dirty;
};

/** The rows of table level. */
enum store_level { LEVEL_SAMPLE, LEVEL_10S, LEVEL_10MIN, LEVEL_COUNT };

struct store_level_row {
	int64_t kept_id, done_id;
	int64_t row_count, bytes;
};

/** A thread that another row counts, see store_merge.h. */
struct store_mark {
	int64_t thread_id, merged_id;
};

/** A span that is being rolled up, see store_rollup.c. */
struct store_roll {
	enum { ROLL_IDLE, ROLL_READING, ROLL_MERGING, ROLL_WRITING } phase;
	bool read_all; /* no row of the source is left */
	bool stale;    /* a sample came that was read over */
	int64_t span_id, next_id;
	struct rollup_builder builder;
	bool merged;		  /* builder is, and marks are complete */
	struct store_mark *marks; /* owned; to be written before the rows */
	size_t mark_count, mark_capacity, mark_at;
	struct id_set counted; /* threads that are new in rows of this span */
};

struct store_late {
	int64_t span_id;
	struct rollup_builder builder;
};

enum { STORE_ROLLS = 2 };

/** How far the search for rows without references is, see store_sweep.c. */
struct store_sweep {
	int phase;	     /* 0: there is no reason for one */
	int64_t at;	     /* the last row looked at */
	bool swept_all;	     /* of the table */
	struct id_set marks; /* referred to */
	int64_t era_from[4]; /* the first row left of the era that goes */
	int64_t log_pruned_id;
};

/** The same for threads that no rollup tells apart, see
 *  store_sweep_threads.c. */
struct store_thread_sweep {
	enum { SWEEP_NONE, SWEEP_THREADS, SWEEP_PROCESSES } phase;
	int64_t era_id;	   /* the last one that was begun */
	int64_t at, until; /* rows */
	int64_t process_at, process_until;
	struct id_set marks; /* processes of threads that stay */
};

/** Samples that were given up, as long as that goes on. */
struct store_gap {
	uint64_t samples;
	int64_t from_id, until_id;
};

struct store {
	char *path; /* owned */
	struct store_session session; /* a copy of what continues; texts owned */
	int lock_fd;		      /* -1: none */
	bool lock_existed;	      /* before it was taken */
	struct store_limits limits;
	sqlite3 *database;
	sqlite3_stmt **statements; /* owned; [enum store_statement] */
	uint64_t device, inode;	   /* of the file */
	uint64_t log_inode;	   /* of its log */
	int log_frames;		   /* pages in the log after the last commit */
	int log_frames_max;	   /* smaller in tests */
	uint64_t seed;
	bool continued; /* made by store_continue() */
	bool ending;	/* the next commit ends the session */
	int64_t session_id;
	int64_t start_ns; /* of the session, CLOCK_MONOTONIC */
	int64_t start_id; /* the same in store time */
	int64_t session_first_thread_id;
	int64_t now_id;	  /* the latest store time heard of */
	uint32_t era;
	size_t rows_max, callsites_max, pending_max; /* smaller in tests */

	struct store_rows rows[TABLE_COUNT];
	struct store_tree tree;
	struct store_event events[STORE_EVENTS_MAX]; /* [0]: the main one */
	size_t event_count;
	int64_t event_last_id; /* the largest row id */
	struct store_outcome outcomes[STORE_OUTCOMES_MAX];
	size_t outcome_count;
	int64_t outcome_base; /* the row id of outcomes[0] */
	struct store_pending_sample *samples; /* owned */
	size_t sample_count, sample_capacity;
	int64_t last_sample_id;	      /* the largest in the file */
	struct store_rename *renames; /* owned */
	size_t rename_count, rename_capacity;
	struct store_label *labels; /* owned */
	size_t label_count, label_capacity;
	size_t label_bytes;
	struct store_incident incidents[STORE_INCIDENTS_MAX];
	size_t incident_count;
	int64_t incident_last_id;
	struct store_clock_row clocks[STORE_CLOCKS_MAX];
	size_t clock_count;
	int64_t clock_last_id;
	struct store_vitals_row *vitals; /* owned */
	size_t vitals_count, vitals_capacity;
	struct store_counter *counters; /* owned */
	size_t counter_count, counter_capacity;
	size_t counter_next; /* index of the one after the latest found */
	struct store_level_row levels[LEVEL_COUNT], levels_written[LEVEL_COUNT];

	struct store_roll rolls[STORE_ROLLS];
	struct store_late late[STORE_ROLLS];
	int64_t era_start_id;
	bool era_due;
	size_t era_rows_max, era_callsites_max; /* smaller in tests */
	bool prune_rest[LEVEL_COUNT]; /* of a span that is half gone */
	struct store_sweep sweep;
	struct store_thread_sweep thread_sweep;
	struct id_set apart; /* threads whose rows say so */
	size_t weights_at; /* the next node to be written + 1; 0: none */

	int64_t off_id; /* when the file ended that was joined; 0: none */
	struct store_gap gap;
	unsigned int failures;	/* commits that failed since one did not */
	int64_t failing_id;	/* the first of them, in store time */
	char *failure;		/* owned; what it said */
	uint64_t start_over_ns; /* when it was tried last */
	uint64_t tried_ns; /* the latest commit was */
	uint64_t try_ns;   /* CPU time that it took */
	bool no_room;	   /* seen since then */
	uint64_t wall_ahead_ns; /* of CLOCK_MONOTONIC */
	uint64_t reader_since_ns; /* the log could not be emptied; 0: it was */
	int64_t reader_incident;  /* 0: none */
	uint64_t last_commit_ns;
	uint64_t longest_step_ns; /* CPU time of a transaction, at most */
	int64_t end_ns;		  /* of the session, CLOCK_MONOTONIC */
	uint64_t dropped_samples; /* the disk stayed full */
	uint64_t full_tables;	  /* look-ups that met a full table */
	bool out_of_memory;	  /* since the last commit */
};

/** An instant of CLOCK_MONOTONIC in store time. */
static inline int64_t store_time(const struct store *store, uint64_t monotonic)
{
	return (int64_t)(monotonic - (uint64_t)store->start_ns) +
	       store->start_id;
}

#endif
