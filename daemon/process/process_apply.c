// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/process_labels.h"
#include "daemon/process/process_state.h"

// A task begins with the name of the thread that made it.
static const char *name_of_maker(struct process *maker,
				 const struct perf_record *record)
{
	struct thread *thread = NULL;
	pid_t tid = (pid_t)record->task.parent_tid;

	if (!maker)
		return "";
	HASH_FIND_INT(maker->threads, &tid, thread);
	return thread && thread->named ? thread->name : maker->name;
}

static bool apply_new_thread(struct process_table *table,
			     const struct perf_record *record)
{
	struct process *process = process_table_find(table, (pid_t)record->pid);

	return !process ||
	       process_new_thread(process, (pid_t)record->tid, record->time_ns,
				  name_of_maker(process, record));
}

// Replaces whatever had the pid. The leader has the pid as its tid. An empty
// @name is one that nobody has asked for yet. @image is taken over.
static struct process *new_identity(struct process_table *table,
				    const struct perf_record *record,
				    const char *name,
				    struct process_image *image)
{
	struct process *old = process_table_find(table, (pid_t)record->pid);
	struct process *process;

	if (old)
		process_table_remove(table, old, record->time_ns);
	process = process_table_add(table, (pid_t)record->pid, record->time_ns,
				    image);
	if (!process)
		return NULL;
	process->complete = true;
	if (*name)
		process_set_name(process, name);
	return process_new_thread(process, process->pid, record->time_ns,
				  name) ?
		       process :
		       NULL;
}

// What is known of @from tells, if nothing better does, whose @process is.
static void inherit_labels(struct process *process, const struct process *from)
{
	struct process_labels *labels = from->labels;

	if (!labels || labels->state != PROCESS_LABELS_SURE || labels->uid < 0)
		labels = from->inherited;
	if (labels)
		process->inherited = process_labels_ref(labels);
}

// It has its parent's mappings until one of the two changes.
static bool apply_new_process(struct process_table *table,
			      const struct perf_record *record)
{
	struct process *parent =
		process_table_find(table, (pid_t)record->task.parent_pid);
	struct process_image *image =
		parent ? process_image_ref(parent->image) : NULL;
	struct process *process =
		new_identity(table, record, name_of_maker(parent, record),
			     image);

	if (!process)
		return false;
	process->parent = (pid_t)record->task.parent_pid;
	process->born_ns = record->time_ns;
	process->forked = true;
	if (parent)
		inherit_labels(process, parent);
	else
		process->image->unread = true;
	return true;
}

static bool apply_fork(struct process_table *table,
		       const struct perf_record *record)
{
	return record->pid == record->task.parent_pid ?
		       apply_new_thread(table, record) :
		       apply_new_process(table, record);
}

// A process is gone when its last thread is: the leader may end first. Of one
// whose threads are not all known the leader's end has to do; if others go on,
// the next sample of them finds it in /proc.
static bool apply_exit(struct process_table *table,
		       const struct perf_record *record)
{
	struct process *process = process_table_find(table, (pid_t)record->pid);

	if (!process)
		return true;
	process_end_thread(process, (pid_t)record->tid);
	if (!process->threads &&
	    (process->complete || record->pid == record->tid))
		process_table_remove(table, process, record->time_ns);
	return true;
}

// exec replaces the program and ends all other threads; the pid stays.
static bool apply_exec(struct process_table *table,
		       const struct perf_record *record)
{
	struct process *old = process_table_find(table, (pid_t)record->pid);
	struct process_image *image = process_table_image(table);
	struct process *process;

	if (!image)
		return false;
	image->executed = true;
	process = new_identity(table, record, record->comm.name, image);
	if (!process)
		return false;
	if (!old)
		return true;
	process->parent = old->parent;
	process->born_ns = old->born_ns;
	inherit_labels(process, old);
	return true;
}

static bool apply_comm(struct process_table *table,
		       const struct perf_record *record)
{
	struct process *process;
	struct thread *thread;

	if (record->comm.exec)
		return apply_exec(table, record);
	process = process_table_find(table, (pid_t)record->pid);
	if (!process)
		return true;
	thread = process_thread(process, (pid_t)record->tid);
	if (!thread)
		return false;
	thread_set_name(thread, record->comm.name);
	if (record->pid == record->tid)
		process_set_name(process, record->comm.name);
	return true;
}

// What began unseen is read from /proc, for this is not its only mapping.
static bool apply_mapping(struct process_table *table,
			  const struct perf_record *record)
{
	struct process *process = process_table_find(table, (pid_t)record->pid);

	if (!record->mapping.executable)
		return true;
	if (!process)
		process = process_table_list(table, (pid_t)record->pid);
	if (!process || !process_own_image(table, process))
		return false;
	if (process_image_crowds(process->image, record->time_ns))
		return true;
	if (process->image->noted_count >= PROCESS_IMAGE_NOTED_MAX)
		process_resolve(table, process, (pid_t)record->tid);
	return process_image_note(process->image, &record->mapping);
}

// Whatever else it was, it may have been a mapping, an exec or an exit.
static bool apply_lost(struct process_table *table,
		       const struct perf_record *record)
{
	table->losses++;
	table->lost_ns = record->time_ns;
	return true;
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
	case PERF_RECORD_LOST:
		return apply_lost(table, record);
	}
	return true;
}
