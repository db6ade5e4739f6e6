/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the process table, shared by the files that make it up. */
#ifndef BRINDLE_DAEMON_PROCESS_PROCESS_STATE_H
#define BRINDLE_DAEMON_PROCESS_PROCESS_STATE_H

#include "daemon/process/process.h"

/**
 * A new process with no threads; @image is taken over, NULL: what /proc has
 * when somebody asks. NULL: no memory.
 */
struct process *process_table_add(struct process_table *table, pid_t pid,
				  uint64_t start_ns,
				  struct process_image *image);

/** Out of the table, but kept until its samples are resolved. */
void process_table_remove(struct process_table *table, struct process *process,
			  uint64_t now_ns);

/** One of which only /proc knows more. NULL: no memory. */
struct process *process_table_list(struct process_table *table, pid_t pid);

/** Whether a process of that pid has exited within the last rounds. */
bool process_has_exited(const struct process_table *table, pid_t pid);

/** Has @process share its image with nobody, so that it may change. False
 *  without memory. */
bool process_own_image(struct process_table *table, struct process *process);

/** An image of nothing. NULL: no memory. */
struct process_image *process_table_image(struct process_table *table);

/** CLOCK_BOOTTIME - CLOCK_MONOTONIC: how long the host has slept. */
uint64_t process_boot_ns(void);

/** Has @process's image looked up, for its thread @tid. */
void process_resolve(struct process_table *table, struct process *process,
		     pid_t tid);

/** Names @process, and its thread @tid if not 0, from /proc if need be. */
void process_read_names(struct process_table *table, struct process *process,
			pid_t tid);

/** What is known of @process may be out of date; yields what it is now. NULL:
 *  no memory. */
struct process *process_look_again(struct process_table *table,
				   struct process *process);

/** A new thread, named and replacing whatever had its tid. NULL: no memory. */
struct thread *process_new_thread(struct process *process, pid_t tid,
				  uint64_t start_ns, const char *name);

/** The thread has ended; the latest of these can still be asked for. */
void process_end_thread(struct process *process, pid_t tid);

void process_set_name(struct process *process, const char *name);
void thread_set_name(struct thread *thread, const char *name);

#endif
