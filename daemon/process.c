// SPDX-License-Identifier: Apache-2.0
#include "daemon/process.h"

#include "daemon/opener.h"
#include "daemon/process_scan.h"
#include "unwind/python/binary.h"

#include <fcntl.h>
#include <string.h>

static void python_destroy(struct process_python *python)
{
	while (python) {
		struct process_python *older = python->older;

		python_code_cache_destroy(python->codes);
		if (python->memory_fd >= 0)
			close(python->memory_fd);
		free(python);
		python = older;
	}
}

static void threads_destroy(struct process *process)
{
	struct thread *thread, *next;

	HASH_ITER(hh, process->threads, thread, next) {
		HASH_DEL(process->threads, thread);
		free(thread);
	}
}

static void process_destroy(struct process *process)
{
	if (!process)
		return;
	threads_destroy(process);
	python_destroy(process->python);
	space_deinit(&process->space);
	free(process);
}

static void name_set(char *to, const char *name)
{
	snprintf(to, PROCESS_NAME_MAX, "%s", name);
}

struct error *process_table_init(struct process_table *table)
{
	*table = (struct process_table){ .modules = module_cache_create() };
	return table->modules ? NULL : &error_nomem;
}

void process_table_deinit(struct process_table *table)
{
	struct process *process, *next;

	HASH_ITER(hh, table->processes, process, next) {
		HASH_DEL(table->processes, process);
		process_destroy(process);
	}
	process_table_collect(table);
	process_table_collect(table);
	module_cache_destroy(table->modules);
}

static struct process *table_find(struct process_table *table, pid_t pid)
{
	struct process *process;

	HASH_FIND_INT(table->processes, &pid, process);
	return process;
}

static struct process *table_add(struct process_table *table, pid_t pid,
				 uint64_t start_ns)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	process->pid = pid;
	process->start_ns = start_ns;
	space_init(&process->space);
	HASH_ADD_INT(table->processes, pid, process);
	return process;
}

// Out of the table, but kept until its samples are resolved.
static void table_remove(struct process_table *table, struct process *process)
{
	HASH_DEL(table->processes, process);
	process->exited = true;
	process->next_exited = table->exited;
	table->exited = process;
}

static struct thread *thread_find(struct process *process, pid_t tid)
{
	struct thread *thread;

	HASH_FIND_INT(process->threads, &tid, thread);
	return thread;
}

struct thread *process_thread(struct process *process, pid_t tid)
{
	struct thread *thread = thread_find(process, tid);

	if (thread)
		return thread;
	thread = calloc(1, sizeof(*thread));
	if (!thread)
		return NULL;
	thread->tid = tid;
	name_set(thread->name, process->name);
	HASH_ADD_INT(process->threads, tid, thread);
	return thread;
}

struct process *process_table_get(struct process_table *table, pid_t pid)
{
	struct process *process = table_find(table, pid);

	if (process && (process->space.count || process->maps_read))
		return process;
	process_table_scan(table, pid);
	return table_find(table, pid);
}

void process_table_collect(struct process_table *table)
{
	while (table->exited_before) {
		struct process *process = table->exited_before;

		table->exited_before = process->next_exited;
		process_destroy(process);
	}
	table->exited_before = table->exited;
	table->exited = NULL;
}

static bool apply_new_thread(struct process_table *table,
			     const struct perf_record *record)
{
	struct process *process = table_find(table, (pid_t)record->pid);
	struct thread *thread;

	if (!process)
		return true;
	// A tid that comes again is another thread.
	thread = thread_find(process, (pid_t)record->tid);
	if (thread) {
		HASH_DEL(process->threads, thread);
		free(thread);
	}
	thread = process_thread(process, (pid_t)record->tid);
	if (thread)
		thread->start_ns = record->time_ns;
	return thread != NULL;
}

static bool apply_new_process(struct process_table *table,
			      const struct perf_record *record)
{
	struct process *parent =
		table_find(table, (pid_t)record->task.parent_pid);
	struct process *old = table_find(table, (pid_t)record->pid);
	struct process *process;
	struct thread *thread;

	if (old)
		table_remove(table, old);
	process = table_add(table, (pid_t)record->pid, record->time_ns);
	if (!process)
		return false;
	if (parent) {
		name_set(process->name, parent->name);
		space_deinit(&process->space);
		if (!space_copy(&parent->space, &process->space))
			return false;
		process->maps_read = true;
	}
	thread = process_thread(process, (pid_t)record->tid);
	if (thread)
		thread->start_ns = record->time_ns;
	return thread != NULL;
}

static bool apply_fork(struct process_table *table,
		       const struct perf_record *record)
{
	return record->pid == record->task.parent_pid ?
		       apply_new_thread(table, record) :
		       apply_new_process(table, record);
}

// A process is gone when its last known thread is: the leader may end first.
static bool apply_exit(struct process_table *table,
		       const struct perf_record *record)
{
	struct process *process = table_find(table, (pid_t)record->pid);
	struct thread *thread, *next;

	if (!process)
		return true;
	thread = thread_find(process, (pid_t)record->tid);
	if (thread)
		thread->exited = true;
	HASH_ITER(hh, process->threads, thread, next)
		if (!thread->exited)
			return true;
	table_remove(table, process);
	return true;
}

// exec replaces the program and ends all other threads; the pid stays.
static bool apply_exec(struct process_table *table,
		       const struct perf_record *record)
{
	struct process *old = table_find(table, (pid_t)record->pid);
	struct process *process;
	struct thread *thread;

	if (old)
		table_remove(table, old);
	process = table_add(table, (pid_t)record->pid, record->time_ns);
	if (!process)
		return false;
	name_set(process->name, record->comm.name);
	process->maps_read = true;
	thread = process_thread(process, (pid_t)record->pid);
	if (thread)
		thread->start_ns = record->time_ns;
	return thread != NULL;
}

static bool apply_comm(struct process_table *table,
		       const struct perf_record *record)
{
	struct process *process;
	struct thread *thread;

	if (record->comm.exec)
		return apply_exec(table, record);
	process = table_find(table, (pid_t)record->pid);
	if (!process)
		return true;
	thread = process_thread(process, (pid_t)record->tid);
	if (!thread)
		return false;
	name_set(thread->name, record->comm.name);
	thread->row = 0;
	if (record->pid == record->tid)
		name_set(process->name, record->comm.name);
	return true;
}

static bool apply_mapping(struct process_table *table,
			  const struct perf_record *record)
{
	struct process *process = table_find(table, (pid_t)record->pid);

	if (!record->mapping.executable)
		return true;
	if (!process)
		process = table_add(table, (pid_t)record->pid, 0);
	return process &&
	       process_map_record(table, process, &record->mapping);
}

bool process_table_apply(struct process_table *table,
			 const struct perf_record *record)
{
	switch (record->type) {
	case PERF_RECORD_FORK:
		return apply_fork(table, record);
	case PERF_RECORD_EXIT:
		return apply_exit(table, record);
	case PERF_RECORD_COMM:
		return apply_comm(table, record);
	case PERF_RECORD_MMAP2:
		return apply_mapping(table, record);
	}
	return true;
}

static struct process_python *python_create(const struct target *target)
{
	struct process_python *python = calloc(1, sizeof(*python));

	if (!python)
		return NULL;
	python->epoch = target->epoch;
	python->since_ns = target->since_ns;
	python->layout = target->python->layout;
	python->memory_fd = fcntl(target->memory_fd, F_DUPFD_CLOEXEC, 0);
	python->codes = python_code_cache_create(target->python->layout,
						 target->python->code_type);
	if (!python->codes) {
		python_destroy(python);
		return NULL;
	}
	return python;
}

struct process_python *process_python_of(struct process *process,
					 const struct target *target)
{
	struct process_python *python = process->python;

	if (python && python->epoch == target->epoch)
		return python;
	// Published before this program was executed here: another's.
	if (target->since_ns < process->start_ns)
		return NULL;
	python = python_create(target);
	if (!python)
		return NULL;
	python->older = process->python;
	process->python = python;
	return python;
}

bool process_has_python(struct process *process,
			const struct python_binary **ret)
{
	const struct mapping *mapping = space_find_python(&process->space);

	*ret = mapping ? module_python(mapping->module) : NULL;
	return *ret != NULL;
}
