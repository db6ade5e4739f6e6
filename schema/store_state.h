/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store holds in memory: ids of everything met, the tree of stacks with
 * its weights, and what is not in the file yet. Private to schema/store*.c and
 * their tests.
 *
 * Everything pending stays until a transaction has taken it, so a commit that
 * failed is repeated whole by the next one.
 */
#ifndef BRINDLE_SCHEMA_STORE_STATE_H
#define BRINDLE_SCHEMA_STORE_STATE_H

#include <sqlite3.h>

#include "schema/intern.h"
#include "schema/store.h"

enum {
	STORE_ROWS_MAX = 1 << 20,      /* of each table of things */
	STORE_CALLSITES_MAX = 1 << 20, /* nodes of the tree */
	STORE_PENDING_MAX = 1 << 20,   /* samples waiting for the disk */
	STORE_TEXT_MAX = 4096,	       /* bytes of a name */
	STORE_OUTCOMES_MAX = 256,
	STORE_RENAMES_MAX = 1024,
	STORE_HEALTH_MAX = 1024,
	STORE_BATCH = 16, /* samples an INSERT */
};

/** The tables of things that are interned; also indexes of statements. */
enum store_table {
	TABLE_PROCESS,
	TABLE_THREAD,
	TABLE_MODULE,
	TABLE_SOURCE_FILE,
	TABLE_FUNCTION,
	TABLE_FRAME,
	TABLE_COUNT,
};

enum { STORE_ROW_NUMBERS = 4, STORE_ROW_TEXTS = 2 };

/** A new row; store_statements.c says what is what. */
struct store_row {
	uint32_t id;
	int64_t number[STORE_ROW_NUMBERS];
	char *text[STORE_ROW_TEXTS]; /* owned once pending */
};

struct store_rows {
	struct intern intern;
	struct store_row *pending; /* owned */
	size_t count, capacity;
	uint32_t overflow_id; /* of the row that stands for those beyond max */
};

struct store_callsite {
	uint32_t function_id;
	uint32_t depth : 30;
	uint32_t recursive : 1;
	uint32_t dirty : 1; /* differs from its row */
	uint64_t self_samples, self_ns;
	uint64_t total_samples, total_ns;
	uint64_t carry_ns; /* to be added to total, here and above */
	uint32_t carry_samples;
};

/** The tree; the key of node id is (parent << 32 | frame). */
struct store_tree {
	struct intern intern;
	struct store_callsite *nodes; /* owned; [id - 1] */
	size_t count, capacity;
	size_t written;		     /* nodes that have a row */
	uint32_t *function_of_frame; /* owned; [frame id - 1] */
	size_t frame_count, frame_capacity;
};

struct store_pending_sample {
	int64_t offset_ns; /* since the start of the session */
	uint64_t weight_ns;
	uint32_t thread_id, callsite_id, cpu;
	uint32_t outcome; /* index */
};

struct store_outcome {
	enum store_trust trust;
	const char *reason, *walk_end; /* constant strings */
	uint64_t samples;
	bool dirty;
};

struct store_rename {
	enum store_table table;
	int64_t id;
	char *name; /* owned */
};

struct store_counter {
	char *name, *meaning; /* owned */
	int64_t value;
	bool dirty;
};

struct store {
	char *path; /* owned */
	sqlite3 *database;
	sqlite3_stmt **statements; /* owned; [enum store_statement] */
	uint64_t device, inode;	   /* of the file */
	uint64_t seed;
	int64_t start_ns;
	uint64_t period_ns;
	size_t rows_max, callsites_max, pending_max; /* smaller in tests */

	struct store_rows rows[TABLE_COUNT];
	struct store_tree tree;
	struct store_outcome outcomes[STORE_OUTCOMES_MAX];
	size_t outcome_count;
	struct store_pending_sample *samples; /* owned */
	size_t sample_count, sample_capacity;
	int64_t last_sample_id;	      /* the largest in the file */
	struct store_rename *renames; /* owned */
	size_t rename_count, rename_capacity;
	struct store_counter *counters; /* owned */
	size_t counter_count, counter_capacity;

	uint64_t dropped_samples; /* the disk stayed full */
	uint64_t full_tables;	  /* look-ups that met a full table */
	bool out_of_memory;	  /* since the last commit */
};

/** The statements that follow the INSERTs of enum store_table. */
enum store_statement {
	STATEMENT_INSERT_CALLSITE = TABLE_COUNT,
	STATEMENT_UPDATE_CALLSITE,
	STATEMENT_INSERT_OUTCOME,
	STATEMENT_INSERT_SAMPLE,
	STATEMENT_INSERT_SAMPLES, /* STORE_BATCH of them */
	STATEMENT_RENAME_PROCESS,
	STATEMENT_RENAME_THREAD,
	STATEMENT_SET_HEALTH,
	STATEMENT_END_SESSION,
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_COUNT,
};

struct error *store_prepare_statements(struct store *store);
void store_finalize_statements(struct store *store);

/** Inside a transaction: the pending samples; their largest row id. */
struct error *store_write_samples(struct store *store, int64_t *ret_last_id);

/** Writes the end of the session; part of store_close(). */
struct error *store_write_end(struct store *store, uint64_t end_monotonic_ns);

#endif
