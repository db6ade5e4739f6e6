/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `brindle top` knows: who was seen (processes, threads), what was seen
 * (functions, stacks), and how often in each of the last seconds and since the
 * start. It is fed (by top_reader.h, or a test) and asked (by top_table.h), and
 * knows neither a database nor a terminal.
 *
 * Ids are rows of the profile, whatever their numbers; inside, all refer to
 * each other by their place in the arrays. Everything is bounded: a model that
 * is full forgets all and begins anew.
 */
#ifndef BRINDLE_DAEMON_TOP_TOP_MODEL_H
#define BRINDLE_DAEMON_TOP_TOP_MODEL_H

#include "base/error.h"
#include "schema/store/intern.h"
#include "schema/store/store.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	TOP_SECONDS = 64, /* the latest ones, each counted by itself */
	TOP_NONE = UINT32_MAX, /* no such place in an array */
	TOP_NO_STACK = 0, /* the function of samples without frames */
};

struct top_process {
	int64_t id;
	pid_t pid;
	char *name; /* owned */
};

struct top_thread {
	int64_t id;
	uint32_t process;
	pid_t tid;
	char *name;  /* owned */
	bool chosen; /* its samples are asked for */
};

struct top_function {
	enum store_kind kind;
	char *name;  /* owned */
	char *place; /* owned: source file, or module */
	uint32_t first_line; /* 0: not known */
};

/* A node of the tree of stacks. Its parent stands before it. */
struct top_callsite {
	uint32_t parent; /* TOP_NONE: a root */
	uint32_t function;
};

/* Samples of one thread in one stack. */
struct top_count {
	uint32_t thread, callsite;
	uint64_t samples, weight;
};

struct top_counts {
	struct top_count *items; /* owned */
	size_t count, capacity;
	struct intern places;	  /* thread and callsite -> place + 1 */
	uint64_t samples, weight; /* of all */
	uint64_t trust[3];	  /* samples, by enum store_trust */
};

struct top_model {
	struct top_process *processes; /* all owned */
	size_t process_count, process_capacity;
	struct top_thread *threads;
	size_t thread_count, thread_capacity;
	struct top_function *functions;
	size_t function_count, function_capacity;
	struct top_callsite *callsites;
	size_t callsite_count, callsite_capacity;
	struct intern process_ids, thread_ids, function_ids, callsite_ids;
	struct top_counts seconds[TOP_SECONDS]; /* [second % TOP_SECONDS] */
	struct top_counts before;		/* all older ones */
	int64_t phase_ns; /* where in a second of the store ours begin */
	int64_t first_second; /* of the first sample; -1: none yet */
	int64_t last_second;  /* the one that is being counted */
	size_t limit;	      /* callsites, and counts, at most */
	unsigned int resets;  /* how often it was full */
	bool no_memory;	      /* something is missing */
};

struct error *top_model_init(struct top_model *model);
void top_model_deinit(struct top_model *model);

/**
 * Before the first sample: a second of the model ends with @time_ns, that of
 * the newest sample there is, so that none is cut short at the end.
 */
void top_model_align(struct top_model *model, int64_t time_ns);

/** Forgets all; what was full or missing is no longer. */
struct error *top_model_reset(struct top_model *model);

/** The place of a row, or TOP_NONE: not met yet. */
uint32_t top_model_find_thread(const struct top_model *model, int64_t id);
uint32_t top_model_find_callsite(const struct top_model *model, int64_t id);
uint32_t top_model_find_function(const struct top_model *model, int64_t id);

/* Added again, they are changed. Text is copied. TOP_NONE without memory. */
uint32_t top_model_process(struct top_model *model, int64_t id, pid_t pid,
			   const char *name);
uint32_t top_model_thread(struct top_model *model, int64_t id,
			  uint32_t process, pid_t tid, const char *name,
			  bool chosen);
uint32_t top_model_function(struct top_model *model, int64_t id,
			    const struct top_function *function);
uint32_t top_model_callsite(struct top_model *model, int64_t id,
			    uint32_t parent, uint32_t function);

struct top_sample {
	int64_t time_ns; /* of the store; may be a little out of order */
	uint32_t thread;
	uint32_t callsite; /* TOP_NONE: no frames */
	uint64_t weight;
	enum store_trust trust;
};
void top_model_sample(struct top_model *model, const struct top_sample *sample);

/** It is @time_ns now: seconds without samples go by, too. */
void top_model_advance(struct top_model *model, int64_t time_ns);

/** What was counted in @second; NULL: nothing, or no longer known. */
const struct top_counts *top_model_second(const struct top_model *model,
					  int64_t second);

bool top_model_is_full(const struct top_model *model);

#endif
