/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the process table, shared by the files that make it up. */
#ifndef BRINDLE_DAEMON_PROCESS_PROCESS_STATE_H
#define BRINDLE_DAEMON_PROCESS_PROCESS_STATE_H

#include "daemon/process/process.h"

struct process *process_table_find(struct process_table *table, pid_t pid);

/** A new process with no mappings and no threads. NULL: no memory. */
struct process *process_table_add(struct process_table *table, pid_t pid,
				  uint64_t start_ns);

/** Out of the table, but kept until its samples are resolved. */
void process_table_remove(struct process_table *table,
			  struct process *process);

/** Makes @process's mappings a copy of @parent's. False without memory. */
bool process_copy_space(struct process_table *table, struct process *process,
			const struct process *parent);

/** A new thread, named and replacing whatever had its tid. NULL: no memory. */
struct thread *process_new_thread(struct process *process, pid_t tid,
				  uint64_t start_ns, const char *name);

/** The thread has ended; the latest of these can still be asked for. */
void process_end_thread(struct process *process, pid_t tid);

void process_set_name(struct process *process, const char *name);
void thread_set_name(struct thread *thread, const char *name);

#endif
