/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes and threads of the profile, as the worker believes them to be
 * at the time it has reached in the merged records: names, mappings, and what
 * is known of their interpreter. Answers "who was this pid at that time?".
 *
 * Fed in time order by FORK, EXIT, COMM and MMAP2 records, and by /proc for
 * those that ran before. An exec makes a new identity of the same pid. An
 * exited process stays until the samples before its end have been resolved.
 *
 * There may be 10,000 processes, and 1,500 new ones a second, of which few are
 * ever sampled. So a record does no more than be remembered; files are opened
 * and /proc is read for those that a sample asks for.
 *
 * Owned and used by the worker thread alone.
 */
#ifndef BRINDLE_DAEMON_PROCESS_PROCESS_H
#define BRINDLE_DAEMON_PROCESS_PROCESS_H

#include "daemon/capture/lifeline.h"
#include "daemon/capture/target_table.h"
#include "daemon/perf/perf_record.h"
#include "daemon/process/opener.h"
#include "daemon/process/process_image.h"
#include "unwind/python/code.h"

#include <uthash.h>

enum { PROCESS_NAME_MAX = 16 }; /* TASK_COMM_LEN of the kernel, with NUL */

struct thread {
	pid_t tid; /* key */
	char name[PROCESS_NAME_MAX];
	bool named;	   /* else its name is to be read from /proc */
	bool renamed;	   /* since it was stored */
	bool listed;	   /* scratch of a look at /proc */
	uint64_t losses;   /* of the table, when it was named */
	uint64_t start_ns; /* 0: ran before the recording */
	int64_t row;	   /* of the store; 0: not stored yet */
	uint32_t era;	   /* of the store, in which that row is valid */
	struct thread *next_exited;
	UT_hash_handle hh;
};

/** The interpreter of one process, of one epoch. */
struct process_python {
	uint64_t epoch;
	uint64_t since_ns;
	const struct python_layout *layout;
	struct python_code_cache *codes; /* owned */
	/* Its descriptor owned, a duplicate; the lifeline is the reader's. */
	struct lifeline_memory memory;
	struct process_python *older; /* of an earlier epoch, being resolved */
};

struct process_labels;

struct process {
	pid_t pid; /* key */
	pid_t parent; /* pid, as of the fork; 0: not known */
	char name[PROCESS_NAME_MAX];
	bool named;	   /* else its name is to be read from /proc */
	bool renamed;	   /* since it was stored */
	bool forked;	   /* made by a fork: it runs its parent's program */
	bool complete;	   /* all its threads are known */
	uint64_t start_ns; /* fork or exec; as /proc has it for older ones */
	uint64_t born_ns;  /* fork; 0: not known */
	uint64_t left_ns;  /* when it ended or became another; 0: it is there */
	struct process_image *image; /* shared, counted */
	struct thread *threads; /* uthash by tid */
	struct thread *exited_threads; /* the latest few, newest first */
	struct process_python *python; /* owned; NULL: none read yet */
	struct process_labels *labels; /* counted; NULL: not asked for */
	/* Of the nearest of its makers that were known; counted, or NULL. */
	struct process_labels *inherited;
	int64_t row;
	uint32_t era;
	unsigned int waiting; /* samples that refer to it and are not stored */
	bool missing;	/* it was not in /proc at the last sweep */
	uint32_t swept; /* number of the sweep that found it there */
	uint64_t asked_ns; /* when it was said to be a Python not read yet */
	uint64_t losses; /* of the table, when it was last read from /proc */
	struct process *next_exited;
	UT_hash_handle hh;
};

/** One look at all of /proc, in small steps. */
struct process_sweep {
	uint32_t number; /* of the sweep under way or done last */
	bool running;
	int64_t position; /* in /proc */
	bool listed;	  /* all of /proc; now for those it had not */
	pid_t next;	  /* process to look at then; 0: from the first */
	uint64_t began_ns;
};

struct process_table {
	const struct opener *opener;  /* borrowed */
	struct process *processes; /* uthash by pid */
	struct process *exited;	      /* since the last collect */
	struct process *exited_before; /* and before: destroyed next */
	struct module_cache *modules; /* owned */
	uint64_t space_count; /* address spaces made; no two are alike */
	uint64_t losses; /* times that records were lost: look again */
	uint64_t lost_ns; /* when they were last */
	uint64_t boot_ns; /* CLOCK_BOOTTIME - CLOCK_MONOTONIC */
	bool whole_host; /* else only of processes that were asked for */
	struct process_sweep sweep;
	uint64_t unsupported; /* samples of versions that cannot be read */
	char unsupported_text[96]; /* why, of the first of them */
};

struct error *process_table_init(struct process_table *table,
				 const struct opener *opener);
void process_table_deinit(struct process_table *table);

/** Takes one side-band record. False without memory. */
bool process_table_apply(struct process_table *table,
			 const struct perf_record *record);

/**
 * The process of @pid, ready to be walked: named, its mappings looked up, and
 * its thread @tid (0: none in particular) known. One that has exited within the
 * last rounds, too, for a thread on its way out is still sampled; made from
 * /proc when not known, and read again from there after a loss of records.
 * NULL: no memory.
 */
struct process *process_table_get(struct process_table *table, pid_t pid,
				  pid_t tid);

/** Its thread @tid, made when not known. NULL: no memory. */
struct thread *process_thread(struct process *process, pid_t tid);

/** Its thread @tid, also one that ended lately; NULL: none is known. */
struct thread *process_find_thread(struct process *process, pid_t tid);

/** The one of them that began at @start_ns. */
struct thread *process_find_started(struct process *process, pid_t tid,
				    uint64_t start_ns);

/** The process that runs under @pid as of now; NULL: none is known. */
struct process *process_table_find(struct process_table *table, pid_t pid);

/** Reads names, threads and mappings of a process that runs already. */
void process_table_scan(struct process_table *table, pid_t pid);

/** Every process of /proc is known from here on; what it is will be read when
 *  it is asked for. */
void process_table_list_all(struct process_table *table);

/** Threads known to run, those that nobody has asked for left out. */
uint64_t process_table_threads(const struct process_table *table);

/**
 * What captures of @target are resolved with; made at first use. NULL: no
 * memory, or the target belongs to another program that had this pid.
 */
struct process_python *process_python_of(struct process *process,
					 const struct target *target);

/** Whether a CPython is mapped, of the files that could be read; what is known
 *  of that in *@ret. */
bool process_has_python(struct process *process,
			const struct python_binary **ret);

/**
 * Once a round: destroys what had exited before the last call and no waiting
 * sample refers to. A late sample may still ask for what exited since.
 */
void process_table_collect(struct process_table *table);

/**
 * One small step of putting the table right with /proc: drops processes whose
 * end went unseen, because its record was lost or its last thread was never
 * attached to, and notes those whose beginning did. True: a sweep has ended.
 */
bool process_table_sweep(struct process_table *table, uint64_t now_ns);

#endif
