// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/process_state.h"

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
	while ((thread = process->exited_threads)) {
		process->exited_threads = thread->next_exited;
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

static void exited_destroy(struct process **list)
{
	struct process *process;

	while ((process = *list)) {
		*list = process->next_exited;
		process_destroy(process);
	}
}

struct error *process_table_init(struct process_table *table,
				 const struct opener *opener)
{
	*table = (struct process_table){ .opener = opener,
					 .modules = module_cache_create() };
	return table->modules ? NULL : &error_nomem;
}

void process_table_deinit(struct process_table *table)
{
	struct process *process, *next;

	HASH_ITER(hh, table->processes, process, next) {
		HASH_DEL(table->processes, process);
		process_destroy(process);
	}
	exited_destroy(&table->exited);
	exited_destroy(&table->exited_before);
	module_cache_destroy(table->modules);
}

struct process *process_table_find(struct process_table *table, pid_t pid)
{
	struct process *process;

	HASH_FIND_INT(table->processes, &pid, process);
	return process;
}

// Caches know an address space by where it lies in memory and by its
// generation; one that gets the memory of an earlier one must not be taken for
// it. Changes to a space count in the low half.
static void number_space(struct process_table *table, struct space *space)
{
	space->generation = ++table->space_count << 32;
}

struct process *process_table_add(struct process_table *table, pid_t pid,
				  uint64_t start_ns)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	process->pid = pid;
	process->start_ns = start_ns;
	process->losses = table->losses;
	space_init(&process->space);
	number_space(table, &process->space);
	HASH_ADD_INT(table->processes, pid, process);
	return process;
}

void process_table_remove(struct process_table *table, struct process *process)
{
	HASH_DEL(table->processes, process);
	process->next_exited = table->exited;
	table->exited = process;
}

bool process_copy_space(struct process_table *table, struct process *process,
			const struct process *parent)
{
	space_deinit(&process->space);
	if (!space_copy(&parent->space, &process->space))
		return false;
	number_space(table, &process->space);
	return true;
}

static struct process *find_exited(struct process *list, pid_t pid)
{
	while (list && list->pid != pid)
		list = list->next_exited;
	return list;
}

struct process *process_table_get(struct process_table *table, pid_t pid)
{
	struct process *process = process_table_find(table, pid);
	struct process *exited = NULL;

	if (process && process->losses == table->losses &&
	    (process->space.count || process->maps_read))
		return process;
	if (!process)
		exited = find_exited(table->exited, pid);
	if (!process && !exited)
		exited = find_exited(table->exited_before, pid);
	if (exited)
		return exited;
	process_table_scan(table, pid);
	return process_table_find(table, pid);
}

void process_table_collect(struct process_table *table)
{
	struct process **link = &table->exited_before;

	while (*link) {
		struct process *process = *link;

		if (process->waiting) {
			link = &process->next_exited;
			continue;
		}
		*link = process->next_exited;
		process_destroy(process);
	}
	*link = table->exited;
	table->exited = NULL;
}

// Missing twice, for the records of its end may still be on their way.
void process_table_sweep(struct process_table *table)
{
	struct process *process, *next;

	HASH_ITER(hh, table->processes, process, next) {
		bool missing =
			!opener_has_process(table->opener, process->pid);

		if (missing && process->missing)
			process_table_remove(table, process);
		process->missing = missing;
	}
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
