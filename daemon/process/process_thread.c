// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/process_state.h"

#include <stdlib.h>
#include <string.h>

// A thread on its way out is still sampled after its exit was recorded. Not
// many can be at one time; a process may have had millions.
enum { EXITED_MAX = 32 };

static void set_name(char *to, bool *renamed, int64_t row, const char *name)
{
	if (row && strncmp(to, name, PROCESS_NAME_MAX - 1))
		*renamed = true;
	snprintf(to, PROCESS_NAME_MAX, "%s", name);
}

void process_set_name(struct process *process, const char *name)
{
	set_name(process->name, &process->renamed, process->row, name);
	process->named = true;
}

void thread_set_name(struct thread *thread, const char *name)
{
	set_name(thread->name, &thread->renamed, thread->row, name);
	thread->named = true;
}

static struct thread *find_running(struct process *process, pid_t tid)
{
	struct thread *thread;

	HASH_FIND_INT(process->threads, &tid, thread);
	return thread;
}

static struct thread *find_exited(struct process *process, pid_t tid)
{
	struct thread *thread = process->exited_threads;

	while (thread && thread->tid != tid)
		thread = thread->next_exited;
	return thread;
}

struct thread *process_new_thread(struct process *process, pid_t tid,
				  uint64_t start_ns, const char *name)
{
	struct thread *old = find_running(process, tid);
	struct thread *thread = calloc(1, sizeof(*thread));

	if (old) {
		HASH_DEL(process->threads, old);
		free(old);
	}
	if (!thread)
		return NULL;
	thread->tid = tid;
	thread->start_ns = start_ns;
	thread->losses = process->losses;
	if (*name)
		thread_set_name(thread, name);
	HASH_ADD_INT(process->threads, tid, thread);
	return thread;
}

struct thread *process_find_thread(struct process *process, pid_t tid)
{
	struct thread *thread = find_running(process, tid);

	return thread ? thread : find_exited(process, tid);
}

struct thread *process_find_started(struct process *process, pid_t tid,
				    uint64_t start_ns)
{
	struct thread *thread = find_running(process, tid);

	if (thread && thread->start_ns == start_ns)
		return thread;
	thread = process->exited_threads;
	while (thread && (thread->tid != tid || thread->start_ns != start_ns))
		thread = thread->next_exited;
	return thread;
}

struct thread *process_thread(struct process *process, pid_t tid)
{
	struct thread *thread = process_find_thread(process, tid);

	if (!thread)
		thread = process_new_thread(process, tid, 0, "");
	return thread;
}

static void forget_oldest(struct process *process)
{
	struct thread **link = &process->exited_threads;

	for (int kept = 0; *link && kept < EXITED_MAX; kept++)
		link = &(*link)->next_exited;
	free(*link);
	*link = NULL;
}

void process_end_thread(struct process *process, pid_t tid)
{
	struct thread *thread = find_running(process, tid);

	if (!thread)
		return;
	HASH_DEL(process->threads, thread);
	thread->next_exited = process->exited_threads;
	process->exited_threads = thread;
	forget_oldest(process);
}
