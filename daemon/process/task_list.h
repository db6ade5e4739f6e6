/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a recording attaches to: the threads of the processes asked for, of
 * their children, and of those that appear while we attach; or, for the whole
 * host, every process there is. Threads that are born later inherit the events
 * of the thread that made them.
 */
#ifndef BRINDLE_DAEMON_PROCESS_TASK_LIST_H
#define BRINDLE_DAEMON_PROCESS_TASK_LIST_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

struct opener;
struct recorder;
struct recorder_options;

struct task_list {
	const struct opener *opener; /* borrowed */
	bool system_wide;
	pid_t *tids; /* owned; sorted by nothing */
	pid_t *pids; /* owned; the process of each */
	size_t count, capacity, pid_capacity;
	unsigned long long attached_ticks; /* since boot; when listed */
};

/** ERROR_NOT_FOUND when a process asked for does not exist. */
struct error *task_list_init(struct task_list *list,
			     const struct recorder_options *options);
void task_list_deinit(struct task_list *list);

/** Attaches to threads that the listing missed and that inherited nothing. */
void task_list_catch_up(struct task_list *list, struct recorder *recorder);

/** Calls a function taking (context, pid) for each process. */
#define task_list_each_process(list, function, context)                        \
	do {                                                                   \
		pid_t *pids_;                                                  \
		size_t count_ = task_list_processes(list, &pids_);             \
                                                                               \
		for (size_t i_ = 0; i_ < count_; i_++)                         \
			function(context, pids_[i_]);                          \
		free(pids_);                                                   \
	} while (0)

/** The processes, each once; *ret is the caller's. */
size_t task_list_processes(const struct task_list *list, pid_t **ret);

#endif
