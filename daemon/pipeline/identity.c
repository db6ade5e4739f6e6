// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/identity.h"

#include "base/array.h"
#include "base/clock.h"
#include "daemon/process/cgroup_name.h"
#include "daemon/process/process_labels.h"
#include "schema/store/store.h"
#include "unwind/python/layout.h"

#include <string.h>

enum { ROUNDS_MAX = 100 }; // that a child waits for its parent

// An exec has new arguments a moment before its record has its time.
#define EXEC_NS (5 * NS_PER_MS)

void identity_init(struct identity_book *book, struct store *store,
		   struct process_table *processes)
{
	*book = (struct identity_book){
		.store = store,
		.processes = processes,
		.policy = { .keep = COMMAND_LINE_ALL,
			    .secrets = command_line_secrets },
	};
	user_table_init(&book->users, "/etc/passwd");
}

// Whoever waits is kept by the process table, which may be gone by now.
void identity_deinit(struct identity_book *book)
{
	user_table_deinit(&book->users);
	free(book->waiting);
	book->waiting = NULL;
	book->count = 0;
}

static bool has_row(const struct identity_book *book,
		    const struct process *process)
{
	return process->row && process->era == store_era(book->store);
}

static void store_labels(struct identity_book *book, struct process *process)
{
	const struct process_labels *labels = process->labels;
	const char *executable = process->image->executable;
	struct cgroup_name name = { .container = "" };
	struct store_process_labels row = {
		.command_line = labels->command_line,
		.executable = executable ? executable : labels->executable,
		.cgroup = labels->cgroup,
		.uid = labels->uid,
	};

	if (labels->cgroup)
		cgroup_name_parse(labels->cgroup, &name);
	if (*name.container)
		row.container = name.container;
	if (*name.unit)
		row.unit = name.unit;
	if (labels->uid >= 0)
		row.user = user_table_name(&book->users, (uint32_t)labels->uid,
					   monotonic_ns());
	if (process->python)
		row.python_version = process->python->layout->name;
	store_label_process(book->store, process->row, &row);
}

static void store_if_sure(struct identity_book *book, struct process *process)
{
	struct process_labels *labels = process->labels;

	if (!labels || labels->state != PROCESS_LABELS_SURE ||
	    !has_row(book, process) ||
	    (labels->stored && (labels->version_stored || !process->python)))
		return;
	store_labels(book, process);
	labels->stored = true;
	labels->version_stored = process->python != NULL;
}

// Keeps @process in the table's care until its labels are sure.
static bool wait_for(struct identity_book *book, struct process *process)
{
	if (!array_reserve_one(book->waiting, book->count, book->capacity))
		return false;
	book->waiting[book->count++] = process;
	process->waiting++;
	return true;
}

void identity_meet(struct identity_book *book, struct process *process)
{
	struct process_labels *labels;

	if (process->labels)
		return;
	if (process->left_ns)
		labels = process_labels_create();
	else
		labels = process_labels_read(book->processes->opener,
					     &book->policy, process->pid,
					     process->image->executable);
	if (!labels)
		return;
	if (labels->uid < 0)
		labels->state = PROCESS_LABELS_ASKING;
	process->labels = labels;
	if (!wait_for(book, process))
		labels->state = PROCESS_LABELS_SURE;
}

// Whether there is nothing more to wait for.
static bool ask_parent(struct identity_book *book, struct process *process)
{
	struct process_labels *labels = process->labels;
	struct process *parent =
		process_table_find(book->processes, process->parent);

	if (process->inherited)
		process_labels_inherit(labels, process->inherited, false);
	if (!parent || parent == process ||
	    parent->start_ns > process->start_ns ||
	    labels->rounds++ > ROUNDS_MAX)
		return true;
	if (!parent->labels)
		identity_meet(book, parent);
	if (!parent->labels || parent->labels->state != PROCESS_LABELS_SURE)
		return !parent->labels;
	if (parent->labels->uid >= 0)
		process_labels_inherit(labels, parent->labels, process->forked);
	return true;
}

static bool is_settled(struct identity_book *book, struct process *process,
		       uint64_t time_ns)
{
	struct process_labels *labels = process->labels;

	if (labels->state == PROCESS_LABELS_READ) {
		uint64_t until = labels->read_ns + EXEC_NS;

		if (process->left_ns && process->left_ns <= until) {
			process_labels_clear(labels);
			labels->state = PROCESS_LABELS_ASKING;
		} else if (time_ns <= until) {
			return false;
		} else if (!process->left_ns &&
			   process_labels_read_again(
				   labels, book->processes->opener,
				   &book->policy, process->pid)) {
			return false;
		}
	}
	if (labels->state == PROCESS_LABELS_ASKING && !ask_parent(book, process))
		return false;
	labels->state = PROCESS_LABELS_SURE;
	return true;
}

// The list may grow while it is walked, by parents that are asked.
void identity_settle(struct identity_book *book, uint64_t time_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < book->count; i++) {
		struct process *process = book->waiting[i];

		if (!is_settled(book, process, time_ns)) {
			book->waiting[kept++] = process;
			continue;
		}
		store_if_sure(book, process);
		process->waiting--;
	}
	book->count = kept;
}

static int64_t process_row(struct identity_book *book, struct process *process)
{
	if (!has_row(book, process)) {
		process->row = store_process(book->store, process->pid,
					     process->start_ns, process->name);
		process->era = store_era(book->store);
		process->renamed = false;
		if (process->labels)
			process->labels->stored = false;
	}
	if (process->renamed)
		store_rename_process(book->store, process->row, process->name);
	process->renamed = false;
	store_if_sure(book, process);
	return process->row;
}

void sampled_thread_init(struct sampled_thread *sampled, pid_t tid,
			 const struct thread *thread)
{
	*sampled = (struct sampled_thread){ .tid = tid };
	if (!thread)
		return;
	sampled->start_ns = thread->start_ns;
	memcpy(sampled->name, thread->name, sizeof(sampled->name));
}

// Too many have ended since: its row is found by what it was.
static int64_t row_of_forgotten(struct identity_book *book, int64_t process_row,
				const struct sampled_thread *sampled)
{
	int64_t row = store_thread(book->store, process_row, sampled->tid,
				   sampled->start_ns, sampled->name);

	if (row)
		store_rename_thread(book->store, row, sampled->name);
	return row;
}

int64_t identity_thread_row(struct identity_book *book, struct process *process,
			    const struct sampled_thread *sampled)
{
	int64_t row = process_row(book, process);
	struct thread *thread =
		process_find_started(process, sampled->tid, sampled->start_ns);
	uint32_t era = store_era(book->store);

	if (!row)
		return 0;
	if (!thread)
		return row_of_forgotten(book, row, sampled);
	if (!thread->row || thread->era != era) {
		thread->row = store_thread(book->store, row, thread->tid,
					   thread->start_ns, thread->name);
		thread->era = era;
		thread->renamed = false;
	}
	if (thread->renamed)
		store_rename_thread(book->store, thread->row, thread->name);
	thread->renamed = false;
	return thread->row;
}
