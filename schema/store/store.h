/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profile file, written. A store turns what the sampler sees into rows:
 * things seen (processes, threads, modules, functions, frames) are interned
 * and get ids, a stack is a node of the call-site trie, a sample points to its
 * node. Ids are assigned in memory and are valid at once; rows reach the file
 * with store_commit(), one transaction a tick, so a killed recorder loses at
 * most the last tick and the file always opens.
 *
 * One thread writes. Text is copied; invalid UTF-8 is replaced. No call but
 * store_open(), store_continue(), store_commit() and store_close() touches the
 * file; the others fail only without memory, which the next store_commit()
 * reports.
 */
#ifndef BRINDLE_SCHEMA_STORE_STORE_H
#define BRINDLE_SCHEMA_STORE_STORE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The words stored for them are the public promise of the views. */
enum store_kind { STORE_PYTHON, STORE_NATIVE, STORE_KERNEL, STORE_OTHER };
enum store_status {
	STORE_EXACT, STORE_GUESSED, STORE_PROVEN, STORE_UNPROVEN,
	STORE_UNRESOLVED,
};
enum store_trust { STORE_TRUST_PROVEN, STORE_TRUST_UNPROVEN,
		   STORE_TRUST_NATIVE };

struct store;

/** What the report's header tells. Strings are borrowed for the call. */
struct store_session {
	const char *brindle_version;
	const char *host;
	const char *kernel;
	const char *architecture;
	const char *command;	 /* what was profiled, as one line */
	const char *event;	 /* "cpu-clock" */
	const char *event_unit;	 /* of its weights; NULL: "ns" */
	uint64_t event_period;	 /* weight of most samples; 0: by frequency */
	const char *event_note;	 /* why not the one asked for, or "" */
	unsigned int frequency_hz;
	unsigned int cpu_count;
	unsigned int stack_bytes;
	uint64_t start_monotonic_ns;
	uint64_t start_wall_ns;	 /* the same instant since the epoch */
	pid_t ended_writer;	 /* see store_lock_take(); 0: none */
};

/** Whether a Python thread had the interpreter's lock. */
enum store_gil { STORE_GIL_UNKNOWN, STORE_GIL_HELD, STORE_GIL_WAITING,
		 STORE_GIL_WITHOUT };

/** The event that the session names, as 0 does; others have store_event()'s. */
enum { STORE_MAIN_EVENT = 1 };

struct store_sample {
	uint64_t time_ns;    /* CLOCK_MONOTONIC, the kernel's own */
	uint64_t weight;     /* in the unit of its event; ns of the main one */
	int64_t event_id;    /* 0: the main one */
	int64_t thread_id;   /* row id from store_thread() */
	int64_t callsite_id; /* row id from store_callsite(); 0: no frames */
	uint32_t cpu;
	enum store_trust trust;
	const char *trust_reason; /* constant string; NULL when proven */
	const char *walk_end;	  /* constant string */
	enum store_gil gil;
	int64_t gil_holder_thread_id; /* of a waiting one; 0: not known */
	int64_t waker_thread_id;      /* of an off-CPU one; 0: not known */
	uint64_t every;		      /* one in so many was sampled; 0: not known */
};

/**
 * Makes a new profile at @path, replacing a profile that is there. Refuses to
 * overwrite a file that is not ours.
 */
struct error *store_open(const char *path, const struct store_session *session,
			 struct store **ret);

/** How much a store that is never finished may hold; a limit of 0 is none. The
 *  counters limit_bytes and keep_LEVEL_seconds of table health tell readers. */
struct store_limits {
	uint64_t bytes;		      /* of the file, with its log */
	uint64_t sample_seconds;      /* raw samples are kept */
	uint64_t rollup_10s_seconds;  /* rollups of ten seconds are */
	uint64_t rollup_10min_seconds;
};

/**
 * Opens the store at @path to go on writing it, a new session; makes one that
 * is not there. An older schema is migrated in place. A file that is damaged,
 * as far as its header, its schema and the ends of its tables show, is set
 * aside as PATH.corrupt-TIME, of which the latest three are kept, and a new one
 * begun; @ret_note says so (owned by
 * the caller; NULL: nothing to say). ERROR_BUSY with the holder's pid in words
 * when another writer has it (schema/store/store_lock.h).
 *
 * From then on store_commit() also rolls up, prunes, and gets over a file that
 * is deleted, replaced, full, locked, or found damaged: it returns an error
 * while that lasts, keeps what is pending within bounds, the newest, and writes
 * an incident 'gap' for what it had to give up. It is called once a second and
 * is the only one that empties the log (a checkpoint): others open the file
 * read-only. While a reader keeps the log from being emptied it may write less
 * often; store_pending() tells.
 */
struct error *store_continue(const char *path,
			     const struct store_session *session,
			     const struct store_limits *limits,
			     struct store **ret, char **ret_note);

/** New limits, from the next commit on. */
void store_set_limits(struct store *store, const struct store_limits *limits);

/** @period: the weight of most of its samples, in @unit. Equal arguments give
 *  the same id, for good: it is no row id. 0 without memory. */
int64_t store_event(struct store *store, const char *name, const char *unit,
		    uint64_t period);

/** What is known of a process beyond its name. Borrowed; NULL: not known. */
struct store_process_labels {
	const char *command_line;
	const char *executable;
	const char *python_version; /* "3.12" */
	const char *cgroup;	    /* path */
	const char *container;	    /* its id */
	const char *unit;	    /* systemd's */
	const char *user;	    /* name */
	int64_t uid;		    /* -1: not known */
};
/** Once for each row id of store_process(), and again when more is known. */
void store_label_process(struct store *store, int64_t process_id,
			 const struct store_process_labels *labels);

/**
 * Something that went wrong or changed, from CLOCK_MONOTONIC @from_ns to
 * @until_ns (0: not over). @kind is a constant word, the README lists them;
 * returns an id for store_end_incident(). Equal ones that go on are one row.
 */
int64_t store_incident(struct store *store, const char *kind, uint64_t from_ns,
		       uint64_t until_ns, const char *detail);
void store_end_incident(struct store *store, int64_t id, uint64_t until_ns);

/** An incident that is over, and always a row of its own: its words count
 *  something, and the same words once more are as much again. */
void store_tell(struct store *store, const char *kind, uint64_t from_ns,
		uint64_t until_ns, const char *detail);

/** The wall clock was stepped, or the host was suspended: from @monotonic_ns
 *  on, wall time is @wall_ns. @reason: "step" or "suspend". */
void store_clock(struct store *store, uint64_t monotonic_ns, uint64_t wall_ns,
		 const char *reason);

/** A row of table vitals; counts are since the row before. */
struct store_vitals {
	uint64_t monotonic_ns;
	uint64_t samples, proven, unproven, lost, dropped;
	uint64_t lost_records; /* besides samples */
	uint64_t frequency_hz, own_cpu_ns, own_memory_bytes;
	uint64_t processes, threads;
};
void store_add_vitals(struct store *store, const struct store_vitals *vitals);

/**
 * Ids of processes, threads, modules, functions, frames and callsites are valid
 * within one era only. The number changes within store_commit(), at most once
 * in some hours unless a file is lost; whoever keeps ids asks before using
 * them. An id of before names nothing: its sample is one without a thread, or
 * without frames.
 */
uint32_t store_era(const struct store *store);

/** Ids of rows; equal arguments give the same id. 0 without memory. */
int64_t store_process(struct store *store, pid_t pid, uint64_t start_ns,
		      const char *name);
int64_t store_thread(struct store *store, int64_t process_id, pid_t tid,
		     uint64_t start_ns, const char *name);
int64_t store_module(struct store *store, const char *path,
		     const uint8_t *build_id, size_t build_id_size);
int64_t store_function(struct store *store, enum store_kind kind,
		       const char *name, const char *file, uint32_t first_line,
		       int64_t module_id);
/** @line 0: not known. @vaddr: the module's, for naming it later; else 0. */
int64_t store_frame(struct store *store, int64_t function_id,
		    enum store_status status, uint32_t line, uint64_t vaddr);
/** @parent_id 0 makes a root: walk a stack from its root to its leaf. All of a
 *  stack is of one event (0: the main one). */
int64_t store_callsite(struct store *store, int64_t event_id,
		       int64_t parent_id, int64_t frame_id);

void store_add_sample(struct store *store, const struct store_sample *sample);

/** A renamed process or thread (exec, prctl): the latest name is kept. */
void store_rename_process(struct store *store, int64_t process_id,
			  const char *name);
void store_rename_thread(struct store *store, int64_t thread_id,
			 const char *name);

/** Sets counter @name of v_health; @meaning says what it counts. */
void store_set_health(struct store *store, const char *name, int64_t value,
		      const char *meaning);

/** Writes everything new in one transaction. */
struct error *store_commit(struct store *store);

/** Samples handed over and not yet in the file: what a full disk would lose. */
uint64_t store_pending(const struct store *store);

/** Samples given up since the store was opened: the disk stayed full, or memory
 *  was short. */
uint64_t store_dropped(const struct store *store);

/** Final commit, end time, checkpoint. @store is destroyed in any case. */
struct error *store_close(struct store *store, uint64_t end_monotonic_ns);
void store_destroy(struct store *store);

#endif
