// SPDX-License-Identifier: Apache-2.0
// Who was this pid? The table knows, or has known lately, or /proc is asked.
#include "daemon/process/process_state.h"

static struct process *find_exited(struct process *list, pid_t pid)
{
	while (list && list->pid != pid)
		list = list->next_exited;
	return list;
}

bool process_has_exited(const struct process_table *table, pid_t pid)
{
	return find_exited(table->exited, pid) ||
	       find_exited(table->exited_before, pid);
}

static struct process *find_or_list(struct process_table *table, pid_t pid)
{
	struct process *process = process_table_find(table, pid);

	if (process && process->losses != table->losses)
		return process_look_again(table, process);
	if (!process)
		process = find_exited(table->exited, pid);
	if (!process)
		process = find_exited(table->exited_before, pid);
	return process ? process : process_table_list(table, pid);
}

struct process *process_table_get(struct process_table *table, pid_t pid,
				  pid_t tid)
{
	struct process *process = find_or_list(table, pid);

	if (!process)
		return NULL;
	process_read_names(table, process, tid);
	process_resolve(table, process, tid);
	return process;
}

static void read_thread(void *context, pid_t tid)
{
	process_thread(context, tid);
}

void process_table_scan(struct process_table *table, pid_t pid)
{
	struct process *process = process_table_get(table, pid, 0);
	struct thread *thread, *next;

	if (!process || process->left_ns)
		return;
	process->complete =
		opener_list(table->opener, pid, read_thread, process);
	HASH_ITER(hh, process->threads, thread, next)
	if (!thread->named)
		process_read_names(table, process, thread->tid);
}
