// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/process_state.h"

#include "base/clock.h"
#include "daemon/process/process_labels.h"
#include "unwind/python/binary.h"

#include <fcntl.h>
#include <string.h>

static void python_destroy(struct process_python *python)
{
	while (python) {
		struct process_python *older = python->older;

		python_code_cache_destroy(python->codes);
		if (python->memory.guarded.fd >= 0)
			close(python->memory.guarded.fd);
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
	process_labels_unref(process->labels);
	process_labels_unref(process->inherited);
	process_image_unref(process->image);
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

uint64_t process_boot_ns(void)
{
	// First the one that is never ahead: this is nearly 0 on a host that
	// has not slept, and must not be below.
	uint64_t awake_ns = monotonic_ns();

	return clock_now_ns(CLOCK_BOOTTIME) - awake_ns;
}

struct error *process_table_init(struct process_table *table,
				 const struct opener *opener)
{
	*table = (struct process_table){ .opener = opener,
					 .modules = module_cache_create() };
	table->boot_ns = process_boot_ns();
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
static uint64_t next_generation(struct process_table *table)
{
	return ++table->space_count << 32;
}

struct process_image *process_table_image(struct process_table *table)
{
	return process_image_create(next_generation(table));
}

struct process *process_table_add(struct process_table *table, pid_t pid,
				  uint64_t start_ns,
				  struct process_image *image)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process || (!image && !(image = process_table_image(table)))) {
		process_image_unref(image);
		free(process);
		return NULL;
	}
	process->pid = pid;
	process->start_ns = start_ns;
	process->losses = table->losses;
	process->image = image;
	HASH_ADD_INT(table->processes, pid, process);
	return process;
}

void process_table_remove(struct process_table *table, struct process *process,
			  uint64_t now_ns)
{
	HASH_DEL(table->processes, process);
	process->left_ns = now_ns;
	process->next_exited = table->exited;
	table->exited = process;
}

// A shared image may be looked up for all that share it: they have the same.
void process_resolve(struct process_table *table, struct process *process,
		     pid_t tid)
{
	struct process_image_source source = { .opener = table->opener,
					       .modules = table->modules,
					       .pid = process->pid,
					       .tid = tid };

	if (process->image->unread || process->image->noted_count ||
	    process_image_is_due(process->image))
		process_image_resolve(process->image, &source);
}

bool process_own_image(struct process_table *table, struct process *process)
{
	struct process_image *own;

	if (process->image->references == 1)
		return true;
	own = process_image_copy(process->image, next_generation(table));
	if (!own)
		return false;
	process_image_unref(process->image);
	process->image = own;
	return true;
}

struct process *process_table_list(struct process_table *table, pid_t pid)
{
	struct process *process = process_table_add(table, pid, 0, NULL);

	if (process)
		process->image->unread = true;
	return process;
}

uint64_t process_table_threads(const struct process_table *table)
{
	uint64_t count = 0;

	for (struct process *process = table->processes; process;
	     process = process->hh.next)
		count += process->threads ? HASH_COUNT(process->threads) : 1;
	return count;
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

static struct process_python *python_create(const struct target *target)
{
	struct process_python *python = calloc(1, sizeof(*python));

	if (!python)
		return NULL;
	python->epoch = target->epoch;
	python->since_ns = target->since_ns;
	python->layout = target->python->layout;
	python->memory.pid = target->pid;
	python->memory.guarded.fd =
		fcntl(target->memory_fd, F_DUPFD_CLOEXEC, 0);
	python->memory.guarded.ranges = target->python->hanging;
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
	const struct mapping *mapping = space_find_python(&process->image->space);

	*ret = mapping ? module_python(mapping->module) : NULL;
	return *ret != NULL;
}
