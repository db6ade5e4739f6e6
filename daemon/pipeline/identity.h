/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a sample belongs to, in the store: the rows of processes and threads,
 * and what is written beside them. Rows are made when the first sample is
 * stored, anew in each era of the store.
 *
 * Labels are read from /proc when a process is walked first. By then it may
 * have ended, or be another program under the same pid. So they wait until the
 * stream of records has passed the moment of reading: if the process had left
 * by then, what was read is not its own, and it gets what its parent has.
 *
 * Used by the worker alone.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_IDENTITY_H
#define BRINDLE_DAEMON_PIPELINE_IDENTITY_H

#include "daemon/process/command_line.h"
#include "daemon/process/process.h"
#include "daemon/process/user_table.h"

struct store;

struct identity_book {
	struct store *store;		 /* borrowed */
	struct process_table *processes; /* borrowed */
	struct command_line_policy policy; /* borrows its patterns */
	struct user_table users;
	struct process **waiting; /* owned; for their labels to be sure of */
	size_t count, capacity;
};

void identity_init(struct identity_book *book, struct store *store,
		   struct process_table *processes);
void identity_deinit(struct identity_book *book);

/** @process has been sampled: has its labels read, once. */
void identity_meet(struct identity_book *book, struct process *process);

/** The stream has passed @time_ns: stores the labels that are sure by then. */
void identity_settle(struct identity_book *book, uint64_t time_ns);

/** Which thread a sample was of, as it was walked. */
struct sampled_thread {
	pid_t tid;
	uint64_t start_ns;
	char name[PROCESS_NAME_MAX];
};

/** Notes @thread, which may be NULL, for identity_thread_row() later. */
void sampled_thread_init(struct sampled_thread *sampled, pid_t tid,
			 const struct thread *thread);

/** Row id of @sampled of @process, in the present era. 0 without memory. */
int64_t identity_thread_row(struct identity_book *book, struct process *process,
			    const struct sampled_thread *sampled);

#endif
