// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/process_state.h"

#include "base/clock.h"
#include "daemon/process/opener.h"

#include <string.h>

enum { STAT_START_FIELD = 22 }; // proc(5)

// /proc has times in ticks: two that are this close are the same.
#define SAME_START_NS (50 * NS_PER_MS)

// The kernel's own name of a task; at most 15 bytes, and a newline.
static bool read_comm(const struct opener *opener, pid_t pid, pid_t tid,
		      char *ret)
{
	char text[PROCESS_NAME_MAX + 1];
	size_t size = opener_text(opener, OPENER_TEXT_COMM, pid, tid, text,
				  sizeof(text));

	if (!size)
		return false;
	text[size - 1] = '\0';
	memcpy(ret, text, size);
	return true;
}

// When the process began, as CLOCK_MONOTONIC had it; 0: it is gone.
static uint64_t read_start(const struct opener *opener, pid_t pid,
			   uint64_t boot_ns)
{
	uint64_t tick_ns = NS_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK);
	char text[1024], *field;
	uint64_t start;

	if (!opener_text(opener, OPENER_TEXT_STAT, pid, 0, text, sizeof(text)))
		return 0;
	field = strrchr(text, ')');
	for (int i = 2; field && i < STAT_START_FIELD; i++)
		field = strchr(field + 1, ' ');
	if (!field)
		return 0;
	start = strtoull(field, NULL, 10) * tick_ns;
	return start > boot_ns ? start - boot_ns : 1;
}

// A child has its maker's name until it takes another, which a record tells;
// what it is called now may be what it is called since.
static bool take_parents_name(struct process_table *table,
			      struct process *process)
{
	struct process *parent = process_table_find(table, process->parent);
	char name[PROCESS_NAME_MAX];

	if (!parent || parent == process)
		return false;
	if (!parent->named && read_comm(table->opener, parent->pid, 0, name))
		process_set_name(parent, name);
	if (parent->named)
		process_set_name(process, parent->name);
	return parent->named;
}

static void name_process(struct process_table *table, struct process *process)
{
	char name[PROCESS_NAME_MAX] = "";

	if (!process->start_ns)
		process->start_ns = read_start(table->opener, process->pid,
					       process_boot_ns());
	if (process->forked && take_parents_name(table, process))
		return;
	if (!process->left_ns)
		read_comm(table->opener, process->pid, 0, name);
	process_set_name(process, name);
}

static void name_thread(struct process_table *table, struct process *process,
			struct thread *thread)
{
	char name[PROCESS_NAME_MAX];

	if (!process->left_ns &&
	    read_comm(table->opener, process->pid, thread->tid, name))
		thread_set_name(thread, name);
	else if (!thread->named)
		thread_set_name(thread, process->name);
	thread->losses = table->losses;
}

void process_read_names(struct process_table *table, struct process *process,
			pid_t tid)
{
	struct thread *thread;

	if (!process->named)
		name_process(table, process);
	thread = tid ? process_thread(process, tid) : NULL;
	if (thread && (!thread->named || thread->losses != table->losses))
		name_thread(table, process, thread);
}

struct listing {
	struct process *process;
};

static void mark_listed(void *context, pid_t tid)
{
	struct listing *listing = context;
	struct thread *thread;

	HASH_FIND_INT(listing->process->threads, &tid, thread);
	if (thread)
		thread->listed = true;
}

// Threads whose end went unseen.
static void end_lost_threads(struct process_table *table,
			     struct process *process)
{
	struct listing listing = { process };
	struct thread *thread, *next;

	HASH_ITER(hh, process->threads, thread, next)
	thread->listed = false;
	if (!opener_list(table->opener, process->pid, mark_listed, &listing))
		return;
	HASH_ITER(hh, process->threads, thread, next)
	if (!thread->listed)
		process_end_thread(process, thread->tid);
}

// The start of one that was born before the host slept cannot be compared:
// /proc counts that time and the records do not.
static bool is_another(const struct process_table *table,
		       const struct process *process, const char *name)
{
	uint64_t boot_ns = process_boot_ns(), start;

	if (process->named && strcmp(process->name, name))
		return true;
	if (!process->born_ns || boot_ns > table->boot_ns + SAME_START_NS)
		return false;
	start = read_start(table->opener, process->pid, boot_ns);
	return start && (start > process->born_ns + SAME_START_NS ||
			 start + SAME_START_NS < process->born_ns);
}

// Another name or start means another program, whose beginning went unseen.
struct process *process_look_again(struct process_table *table,
				   struct process *process)
{
	char name[PROCESS_NAME_MAX];
	pid_t pid = process->pid;

	process->losses = table->losses;
	process->complete = false;
	if (!read_comm(table->opener, pid, 0, name))
		return process;
	if (!is_another(table, process, name)) {
		end_lost_threads(table, process);
		// What was noted is older than what will be read.
		process_resolve(table, process, 0);
		if (process_own_image(table, process))
			process->image->unread = true;
		return process;
	}
	process_table_remove(table, process, table->lost_ns);
	process = process_table_list(table, pid);
	if (process)
		process->start_ns = table->lost_ns;
	return process;
}
