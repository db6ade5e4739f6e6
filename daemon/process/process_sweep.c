// SPDX-License-Identifier: Apache-2.0
/*
 * A sweep goes through /proc, then through the table, a thousand at a time:
 * a step takes a millisecond or two however many processes there are.
 * What is missing in /proc twice is dropped; once may be a process whose end
 * has been recorded and not been reached yet in the stream.
 */
#include "daemon/process/process_state.h"

enum { STEP = 1024 };

// A process that the records have not told of. If they are yet to, the fork
// makes a new identity of it. One that ended just now waits to be reaped.
static void note(struct process_table *table, pid_t pid)
{
	struct process *process = process_table_find(table, pid);

	if (!process && table->whole_host && !process_has_exited(table, pid))
		process = process_table_list(table, pid);
	if (!process)
		return;
	process->swept = table->sweep.number;
	process->missing = false;
}

static void list_some(struct process_table *table)
{
	struct process_sweep *sweep = &table->sweep;
	const struct opener *opener = table->opener;
	pid_t pids[STEP];
	ssize_t found = opener->ops->list(opener->state, 0, &sweep->position,
					  pids, STEP);

	// Where /proc cannot be listed nobody is taken for missing.
	if (found < 0)
		sweep->running = false;
	if (!found)
		sweep->listed = true;
	for (ssize_t i = 0; i < found; i++)
		note(table, pids[i]);
}

static void check(struct process_table *table, struct process *process,
		  uint64_t now_ns)
{
	struct process_sweep *sweep = &table->sweep;

	if (process->swept == sweep->number ||
	    process->start_ns >= sweep->began_ns)
		return;
	// Looked at again in this sweep, it is not missing for a second time.
	process->swept = sweep->number;
	if (process->missing)
		process_table_remove(table, process, now_ns);
	process->missing = true;
}

// From where the last step ended; if that process has gone meanwhile, from the
// first again, which costs no more than a second look.
static void check_some(struct process_table *table, uint64_t now_ns)
{
	struct process_sweep *sweep = &table->sweep;
	struct process *process = NULL, *next;

	if (sweep->next)
		process = process_table_find(table, sweep->next);
	if (!process)
		process = table->processes;
	for (int i = 0; i < STEP && process; i++, process = next) {
		next = process->hh.next;
		check(table, process, now_ns);
	}
	sweep->next = process ? process->pid : 0;
	if (!process)
		sweep->running = false;
}

static void begin(struct process_sweep *sweep, uint64_t now_ns)
{
	*sweep = (struct process_sweep){ .number = sweep->number + 1,
					 .running = true,
					 .began_ns = now_ns };
}

bool process_table_sweep(struct process_table *table, uint64_t now_ns)
{
	struct process_sweep *sweep = &table->sweep;

	if (!sweep->running)
		begin(sweep, now_ns);
	if (!sweep->listed)
		list_some(table);
	else
		check_some(table, now_ns);
	return !sweep->running;
}

void process_table_list_all(struct process_table *table)
{
	table->whole_host = true;
	begin(&table->sweep, table->sweep.began_ns);
	while (table->sweep.running && !table->sweep.listed)
		list_some(table);
	table->sweep.running = false;
}
