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
 * store_open(), store_commit() and store_close() touches the file; the others
 * fail only without memory, which the next store_commit() reports.
 */
#ifndef BRINDLE_SCHEMA_STORE_H
#define BRINDLE_SCHEMA_STORE_H

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
	const char *event_note;	 /* why not the one asked for, or "" */
	unsigned int frequency_hz;
	unsigned int cpu_count;
	unsigned int stack_bytes;
	uint64_t start_monotonic_ns;
	uint64_t start_wall_ns;	 /* the same instant since the epoch */
};

struct store_sample {
	uint64_t time_ns;    /* CLOCK_MONOTONIC, the kernel's own */
	uint64_t weight_ns;  /* time this sample stands for */
	int64_t thread_id;   /* row id from store_thread() */
	int64_t callsite_id; /* row id from store_callsite(); 0: no frames */
	uint32_t cpu;
	enum store_trust trust;
	const char *trust_reason; /* constant string; NULL when proven */
	const char *walk_end;	  /* constant string */
};

/**
 * Makes a new profile at @path, replacing a profile that is there. Refuses to
 * overwrite a file that is not ours.
 */
struct error *store_open(const char *path, const struct store_session *session,
			 struct store **ret);

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
/** @parent_id 0 makes a root: walk a stack from its root to its leaf. */
int64_t store_callsite(struct store *store, int64_t parent_id,
		       int64_t frame_id);

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

/** Final commit, end time, checkpoint. @store is destroyed in any case. */
struct error *store_close(struct store *store, uint64_t end_monotonic_ns);
void store_destroy(struct store *store);

#endif
