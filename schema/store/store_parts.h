/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files that make up a store do for each other. Private to
 * schema/store*.c, schema/store/retention.c and their tests.
 */
#ifndef BRINDLE_SCHEMA_STORE_STORE_PARTS_H
#define BRINDLE_SCHEMA_STORE_STORE_PARTS_H

#include "schema/store/store_state.h"

/** The index of event @id; 0, the main one, when it is not known. */
uint32_t store_event_index(const struct store *store, int64_t id);

/** The row equal to @row in all numbers and the first @text_count texts. */
int64_t store_intern_row(struct store *store, enum store_table table,
			 const struct store_row *row, size_t text_count);

/** The id of that row, when it was interned; else 0. */
int64_t store_find_row(const struct store *store, enum store_table table,
		       const struct store_row *row, size_t text_count);

/** Interns row @row->id of the file, so that it will be found. */
bool store_intern_known(struct store *store, enum store_table table,
			const struct store_row *row, size_t text_count);

typedef struct error *store_write_fn(struct store *store, void *argument);

/** Runs @write in a transaction, and writes the levels with it. On failure
 *  nothing has changed, the levels in memory included. */
struct error *store_transact(struct store *store, store_write_fn *write,
			     void *argument);

/** Inside a transaction: the pending samples; their largest row id. */
struct error *store_write_samples(struct store *store, int64_t *ret_last_id);

/** Inside a transaction: nodes of the tree, new ones and changed ones. */
struct error *store_write_callsites(struct store *store);

/** Inside a transaction: events, users, labels. */
struct error *store_write_events(struct store *store);
struct error *store_write_labels(struct store *store);
void store_forget_labels(struct store *store);

/** Labels of a process that stands for others; of the cgroup, its row. */
void store_label_alike(struct store *store, int64_t process_id,
		       const struct store_process_labels *labels,
		       int64_t cgroup_id);

/** Inside a transaction: incidents, clock, vitals. */
struct error *store_write_log(struct store *store);
void store_forget_log(struct store *store);

/** A store without a file; of a session that begins. */
struct store *store_create(const struct store_session *session);

/** Opens the connection that writes @store->path, and closes it; what was
 *  said of its log is then wrong. */
struct error *store_connect(struct store *store);
void store_disconnect(struct store *store);
/** The same when the file was lost, or its content. */
void store_disconnect_lost(struct store *store);

/** On the disk: the log; the file with it. */
uint64_t store_log_bytes(const struct store *store);
uint64_t store_file_bytes(const struct store *store);

/** Its log moved into the file, which is then one plain file. False while
 *  somebody else uses it. */
bool store_leave_log(sqlite3 *database);

/** SQLite goes on writing to a file that has no name any more: an error. */
struct error *store_check_file(const struct store *store);

/** A copy of @session that owns its texts. False: no memory. */
bool store_copy_session(struct store_session *copy,
			const struct store_session *session);
void store_free_session(struct store_session *session);

/** Frees all that is remembered of rows and all that waits for the disk;
 *  numbers go on, so that no id comes twice. */
void store_forget(struct store *store);
/** The same of what an era numbers anew. Memory is kept, neither given back nor
 *  scattered: the next era needs as much. */
void store_forget_era(struct store *store);
/** Of what outlives eras, the same of what this one did not use. False: no
 *  memory; then it is remembered. */
bool store_forget_unused(struct store *store);

/** What the file at @store->path holds: where ids go on, what is known. Then
 *  begins the session there. */
struct error *store_join(struct store *store);
/** store_join() without a session: to look after the file. *@largest: the
 *  latest store time in it, when there is any. */
struct error *store_attach(struct store *store, int64_t *largest);

/** A new era; in a transaction of the caller. */
struct error *store_insert_era(struct store *store, sqlite3 *database);

/** Names that rows of the file have: they will be found. */
struct error *store_read_names(struct store *store);

/** Removes rollups of spans that were not written whole. */
struct error *store_discard_unfinished(struct store *store);

/** One step of rolling up; *@more: there is another. */
struct error *store_roll_10s(struct store *store, bool *more);
struct error *store_roll_10min(struct store *store, bool *more);
void store_forget_rolls(struct store *store);

/** One step each of what keeps it small; *@more: there is another. */
struct error *store_write_weights(struct store *store, bool *more);
struct error *store_change_era(struct store *store, bool *more);
struct error *store_prune(struct store *store, bool *more);
struct error *store_sweep(struct store *store, bool *more);
struct error *store_sweep_threads(struct store *store, bool *more);
struct error *store_vacuum(struct store *store, bool *more);

/** Of the file and its log, free pages included, and how many those are. */
struct error *store_used_bytes(struct store *store, int64_t *ret,
			       int64_t *ret_free);

/** After a commit: steps, within a bounded time. */
struct error *store_maintain(struct store *store);

/** Moves the log into the file, when it has grown. */
void store_empty_log(struct store *store);

/** Before a commit: an error while the log may not grow; *@ret_skip: not yet,
 *  for it grows by each commit. */
struct error *store_log_ready(struct store *store, bool *ret_skip);

/** Around writing samples: those of spans that are rolled up already. */
void store_late_begin(struct store *store);
struct error *store_late_add(struct store *store,
			     const struct rollup_entry *entry, int64_t id);
struct error *store_late_end(struct store *store);

/** Opens or makes the file of a store that continues; sets aside the one that
 *  is there when it is damaged. @damage: what is known of that; owned. */
struct error *store_continue_file(struct store *store, struct error *damage,
				  char **ret_note);

/** A commit of a store that continues, and what keeps it small. */
struct error *store_commit_continued(struct store *store);

/** True: another try after one that failed would be in vain, for the disk is
 *  full, or too dear so soon. */
bool store_awaits_space(struct store *store);
/** One was made now, and took so much CPU time. */
void store_note_try(struct store *store, uint64_t cpu_ns);

/** The one transaction of a tick. */
struct error *store_write_pending(struct store *store);

/** A new file at @store->path, with the session in it, in place of what is
 *  there. */
struct error *store_make_file(struct store *store,
			      const struct store_session *session);

/** @path with symbolic links followed: they are not replaced. Owned. */
char *store_resolve(const char *path);

/** The rows of the session, its clock and its main event, in a transaction of
 *  the caller. */
struct error *store_insert_session(struct store *store, sqlite3 *database,
				   const struct store_session *session);

#endif
