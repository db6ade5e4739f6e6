// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/python_finder.h"

#include "base/clock.h"
#include "daemon/capture/hanging_ranges.h"
#include "daemon/capture/thread_alias.h"
#include "daemon/process/proc_maps.h"
#include "unwind/native/elf_image.h"
#include "unwind/python/binary.h"

#include <string.h>

enum {
	STAT_STACK_FIELD = 28, // proc(5)
	THREADS_TRIED_MAX = 8,
};

bool python_finder_init(struct python_finder *finder,
			const struct opener *opener,
			struct target_table *targets)
{
	*finder = (struct python_finder){ .opener = opener, .targets = targets };
	finder->files = python_files_create(opener);
	return finder->files;
}

void python_finder_deinit(struct python_finder *finder)
{
	python_files_destroy(finder->files);
	finder->files = NULL;
}

// Where the kernel put the arguments of the program: the first thread's stack
// begins there (proc(5), stat field 28). 0 when it is not told.
static uint64_t main_stack_of(const struct opener *opener, pid_t pid)
{
	char text[1024], *field;

	if (!opener_text(opener, OPENER_TEXT_STAT, pid, 0, text, sizeof(text)))
		return 0;
	field = strrchr(text, ')');
	for (int i = 2; field && i < STAT_STACK_FIELD; i++)
		field = strchr(field + 1, ' ');
	return field ? strtoull(field, NULL, 10) : 0;
}

static bool is_readable(struct python_finder *finder,
			const struct target *target)
{
	struct live_memory memory = lifeline_memory_reader(&finder->probe);
	uint64_t word;

	finder->probe = (struct lifeline_memory){
		.lifeline = finder->lifeline,
		.pid = target->pid,
		.guarded = { .fd = target->memory_fd,
			     .ranges = target->python->hanging },
	};
	return live_memory_read_u64(&memory, target->python->runtime, &word);
}

// Records of several CPUs come in any order: what is known already may be newer
// than the news. And a file may be mapped again and again; what was learned of
// its interpreter is kept.
static bool is_news(struct python_finder *finder, const struct target *known,
		    uint64_t since_ns, const struct python_layout *layout,
		    uint64_t runtime)
{
	if (!known)
		return true;
	if (known->since_ns > since_ns)
		return false;
	return known->python->layout != layout ||
	       known->python->runtime != runtime || !is_readable(finder, known);
}

// What may hang a reader of the process, as it is now. A file mapped later is
// found out by whoever hangs.
static void guard(struct python_finder *finder, pid_t tid,
		  struct python_target *python)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	struct error *error = opener_maps(finder->opener, tid, &text, &size);

	if (error)
		error_destroy(error);
	else
		hanging_ranges_find(text, size, python->runtime,
				    &python->hanging);
}

// Opens the memory of @pid and publishes the interpreter at @runtime in it.
// Its memory is had by way of thread @tid.
static void publish(struct python_finder *finder, pid_t pid, pid_t tid,
		    uint64_t since_ns, const struct python_layout *layout,
		    uint64_t runtime, uint64_t code_type)
{
	struct python_target *python;
	struct error *error;
	int fd = -1;

	if (!is_news(finder, target_table_find(finder->targets, pid), since_ns,
		     layout, runtime))
		return;
	error = opener_memory(finder->opener, tid, &fd);
	if (error) {
		if (error->code == ERROR_PERMISSION)
			target_table_deny(finder->targets, pid);
		error_destroy(error);
		return;
	}
	python = python_target_create(live_memory_of_fd(fd), layout, runtime,
				      code_type);
	if (!python) {
		close(fd);
		return;
	}
	python->main_stack = main_stack_of(finder->opener, tid);
	guard(finder, tid, python);
	thread_alias_learn_all(finder->opener, pid, python);
	error_destroy(target_table_publish(finder->targets, pid, since_ns, fd,
					   python));
}

// @generation: of the inode; 0: not known.
static void take_mapping(struct python_finder *finder, pid_t pid, pid_t tid,
			 uint64_t since_ns, const struct opener_mapping *mapping,
			 uint64_t offset, uint64_t generation)
{
	const struct python_file *file =
		python_files_get(finder->files, pid, mapping, generation);
	uint64_t vaddr, bias;

	if (!file || !file->binary->layout ||
	    !elf_image_vaddr_of_offset(file->image, offset, &vaddr))
		return;
	bias = mapping->start - vaddr;
	publish(finder, pid, tid, since_ns, file->binary->layout,
		file->binary->runtime_vaddr + bias,
		file->binary->code_type_vaddr ?
			file->binary->code_type_vaddr + bias :
			0);
}

static void look_at_maps(struct python_finder *finder, pid_t pid, pid_t tid,
			 const char *text, size_t size)
{
	uint64_t now = monotonic_ns();
	struct proc_mapping line;
	struct reader reader;
	enum proc_maps_result result;

	reader_init(&reader, text, size);
	do {
		result = proc_maps_next(&reader, &line);
		if (result == PROC_MAPS_MAPPING && line.executable &&
		    line.inode) {
			struct opener_mapping mapping = {
				line.start,	line.end,	line.path,
				line.dev_major, line.dev_minor, line.inode
			};

			take_mapping(finder, pid, tid, now, &mapping,
				     line.offset, 0);
		}
	} while (result != PROC_MAPS_END);
}

// False: thread @tid has no mappings (any more).
static bool look_by_way_of(struct python_finder *finder, pid_t pid, pid_t tid)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;

	error_destroy(opener_maps(finder->opener, tid, &text, &size));
	if (text && size)
		look_at_maps(finder, pid, tid, text, size);
	return text && size;
}

struct thread_search {
	struct python_finder *finder;
	pid_t pid;
	int left; // threads to try
};

static void try_thread(void *context, pid_t tid)
{
	struct thread_search *search = context;

	if (tid == search->pid || search->left <= 0)
		return;
	search->left--;
	if (look_by_way_of(search->finder, search->pid, tid))
		search->left = 0;
}

// Where the main thread has ended, others still have the address space.
void python_finder_look_at(struct python_finder *finder, pid_t pid)
{
	struct thread_search search = { finder, pid, THREADS_TRIED_MAX };

	if (!look_by_way_of(finder, pid, pid))
		opener_list(finder->opener, pid, try_thread, &search);
}

static void on_mapping(struct python_finder *finder,
		       const struct perf_record *record)
{
	const struct perf_mapping_fields *fields = &record->mapping;
	struct opener_mapping mapping = {
		fields->start, fields->start + fields->length,
		fields->path,  fields->major,
		fields->minor, fields->inode,
	};

	if (fields->executable && fields->path[0] == '/')
		take_mapping(finder, (pid_t)record->pid, (pid_t)record->tid,
			     record->time_ns, &mapping, fields->file_offset,
			     fields->inode_generation);
}

// A forked child runs the same interpreter at the same addresses.
static void publish_child(struct python_finder *finder, const struct born *born)
{
	struct target *parent =
		born->parent ? target_table_find(finder->targets, born->parent) :
			       NULL;

	if (parent)
		publish(finder, born->pid, born->pid, born->since_ns,
			parent->python->layout, parent->python->runtime,
			parent->python->code_type);
}

void python_finder_end_batch(struct python_finder *finder)
{
	for (size_t i = 0; i < finder->born_count; i++)
		publish_child(finder, &finder->born[i]);
	finder->born_count = 0;
}

// Most children become another program at once: only those are looked at that
// have not by the end of the batch.
static void on_fork(struct python_finder *finder,
		    const struct perf_record *record)
{
	struct born born = { (pid_t)record->pid, (pid_t)record->task.parent_pid,
			     record->time_ns };
	const struct target *parent =
		target_table_find(finder->targets, born.parent);

	if (parent && born.pid == born.parent && parent->python->namespaced)
		thread_alias_learn(finder->opener, born.pid,
				   (pid_t)record->tid, parent->python);
	if (!parent || born.pid == born.parent)
		return;
	if (finder->born_count == PYTHON_FINDER_BORN_MAX)
		python_finder_end_batch(finder);
	finder->born[finder->born_count++] = born;
}

static void forget_child(struct python_finder *finder, pid_t pid)
{
	for (size_t i = 0; i < finder->born_count; i++)
		if (finder->born[i].pid == pid)
			finder->born[i].parent = 0;
}

// The kernel drops a process's memory before it records the exit of its last
// thread, which need not be the leader.
static void on_exit_record(struct python_finder *finder,
			   const struct perf_record *record)
{
	struct target *target =
		target_table_find(finder->targets, (pid_t)record->pid);

	if (record->pid == record->tid) {
		target_table_allow(finder->targets, (pid_t)record->pid);
		forget_child(finder, (pid_t)record->pid);
	}
	if (target && !is_readable(finder, target))
		target_table_retire(finder->targets, (pid_t)record->pid,
				    monotonic_ns());
}

static void on_exec(struct python_finder *finder,
		    const struct perf_record *record)
{
	struct target *target =
		target_table_find(finder->targets, (pid_t)record->pid);

	target_table_allow(finder->targets, (pid_t)record->pid);
	forget_child(finder, (pid_t)record->pid);
	if (target && target->since_ns <= record->time_ns)
		target_table_retire(finder->targets, (pid_t)record->pid,
				    monotonic_ns());
}

void python_finder_take_record(struct python_finder *finder,
			       const struct perf_record *record)
{
	switch (record->type) {
	case PERF_RECORD_MMAP2:
		on_mapping(finder, record);
		break;
	case PERF_RECORD_FORK:
		on_fork(finder, record);
		break;
	case PERF_RECORD_COMM:
		if (record->comm.exec)
			on_exec(finder, record);
		break;
	case PERF_RECORD_EXIT:
		on_exit_record(finder, record);
		break;
	}
}

bool python_finder_is_gone(struct python_finder *finder,
			   const struct target *target)
{
	return !is_readable(finder, target) ||
	       !opener_has_process(finder->opener, target->pid);
}
