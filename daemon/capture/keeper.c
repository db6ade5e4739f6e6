// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/keeper.h"

#include "base/clock.h"
#include "daemon/capture/alerts.h"
#include "daemon/perf/perf_ring.h"
#include "daemon/process/proc_maps.h"
#include "daemon/capture/python_files.h"
#include "unwind/native/elf_image.h"
#include "unwind/python/binary.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum {
	STAT_STACK_FIELD = 28,
	ASKED_MAX = 64,
	BORN_MAX = 256,
	BACKLOG_STEP = 16,
	REST_MS_MAX = 8,
	CALM_MS = 100,
	SWEEP_STEPS = 8,
	SWEEP_MS = 625, // each
	THREADS_TRIED_MAX = 8,
	NICE = -10,
};

// A child of a CPython that has not become another program yet.
struct born {
	pid_t pid, parent; // parent 0: it has ended, or become something else
	uint64_t since_ns;
};

struct keeper {
	const struct arch *arch;
	const struct opener *opener;  // borrowed
	struct target_table *targets; // borrowed
	struct python_files *files;   // owned
	struct perf_cpu *cpus;	      // borrowed
	size_t cpu_count;
	struct pollfd *fds; // owned; one per CPU, then wake_fd
	struct alerts *alerts; // owned
	struct born born[BORN_MAX];
	size_t born_count;
	int wake_fd; // owned; eventfd: somebody asked, or stop
	bool stop;   // atomic
	unsigned int rest_ms; // how long to be away while it goes on
	uint64_t rested_ns;
	pthread_mutex_t lock; // of what was asked for
	pid_t asked[ASKED_MAX];
	size_t asked_count;
	pid_t *backlog; // owned; looked at when there is nothing else
	size_t backlog_count;
	uint64_t swept_ns;
	size_t sweep_slot; // to begin with
	pthread_t thread;
	bool started;
};

struct error *keeper_create(const struct arch *arch,
			    const struct opener *opener,
			    struct target_table *targets, struct keeper **ret)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));

	if (!keeper)
		return &error_nomem;
	keeper->arch = arch;
	keeper->opener = opener;
	keeper->targets = targets;
	pthread_mutex_init(&keeper->lock, NULL);
	keeper->wake_fd = eventfd(0, EFD_CLOEXEC);
	keeper->files = python_files_create(opener);
	if (!keeper->files || keeper->wake_fd < 0) {
		keeper_destroy(keeper);
		return &error_nomem;
	}
	*ret = keeper;
	return NULL;
}

void keeper_destroy(struct keeper *keeper)
{
	if (!keeper)
		return;
	keeper_stop(keeper);
	python_files_destroy(keeper->files);
	if (keeper->wake_fd >= 0)
		close(keeper->wake_fd);
	alerts_destroy(keeper->alerts);
	free(keeper->backlog);
	free(keeper->fds);
	pthread_mutex_destroy(&keeper->lock);
	free(keeper);
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

static bool is_readable(const struct target *target)
{
	uint64_t word;

	return live_memory_read_u64(&target->python->memory,
				    target->python->runtime, &word);
}

// Records of several CPUs come in any order: what is known already may be newer
// than the news. And a file may be mapped again and again; what was learned of
// its interpreter is kept.
static bool is_news(const struct target *known, uint64_t since_ns,
		    const struct python_layout *layout, uint64_t runtime)
{
	if (!known)
		return true;
	if (known->since_ns > since_ns)
		return false;
	return known->python->layout != layout ||
	       known->python->runtime != runtime || !is_readable(known);
}

// Opens the memory of @pid and publishes the interpreter at @runtime in it.
// Its memory is had by way of thread @tid.
static void publish(struct keeper *keeper, pid_t pid, pid_t tid,
		    uint64_t since_ns, const struct python_layout *layout,
		    uint64_t runtime, uint64_t code_type)
{
	struct python_target *python;
	struct error *error;
	int fd = -1;

	if (!is_news(target_table_find(keeper->targets, pid), since_ns, layout,
		     runtime))
		return;
	error = opener_memory(keeper->opener, tid, &fd);
	if (error) {
		error_destroy(error);
		return;
	}
	python = python_target_create(live_memory_of_fd(fd), layout, runtime,
				      code_type);
	if (!python) {
		close(fd);
		return;
	}
	python->main_stack = main_stack_of(keeper->opener, tid);
	error_destroy(target_table_publish(keeper->targets, pid, since_ns, fd,
					   python));
}

// @generation: of the inode; 0: not known.
static void take_mapping(struct keeper *keeper, pid_t pid, pid_t tid,
			 uint64_t since_ns,
			 const struct opener_mapping *mapping, uint64_t offset,
			 uint64_t generation)
{
	const struct python_file *file =
		python_files_get(keeper->files, pid, mapping, generation);
	uint64_t vaddr, bias;

	if (!file || !file->binary->layout ||
	    !elf_image_vaddr_of_offset(file->image, offset, &vaddr))
		return;
	bias = mapping->start - vaddr;
	publish(keeper, pid, tid, since_ns, file->binary->layout,
		file->binary->runtime_vaddr + bias,
		file->binary->code_type_vaddr ?
			file->binary->code_type_vaddr + bias :
			0);
}

static void look_at_maps(struct keeper *keeper, pid_t pid, pid_t tid,
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
				line.start,	line.end,
				line.path,	line.dev_major,
				line.dev_minor, line.inode
			};

			take_mapping(keeper, pid, tid, now, &mapping,
				     line.offset, 0);
		}
	} while (result != PROC_MAPS_END);
}

// False: thread @tid has no mappings (any more).
static bool look_by_way_of(struct keeper *keeper, pid_t pid, pid_t tid)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;

	error_destroy(opener_maps(keeper->opener, tid, &text, &size));
	if (text && size)
		look_at_maps(keeper, pid, tid, text, size);
	return text && size;
}

struct thread_search {
	struct keeper *keeper;
	pid_t pid;
	int left; // threads to try
};

static void try_thread(void *context, pid_t tid)
{
	struct thread_search *search = context;

	if (tid == search->pid || search->left <= 0)
		return;
	search->left--;
	if (look_by_way_of(search->keeper, search->pid, tid))
		search->left = 0;
}

// Where the main thread has ended, others still have the address space.
void keeper_look_at(struct keeper *keeper, pid_t pid)
{
	struct thread_search search = { keeper, pid, THREADS_TRIED_MAX };

	if (!look_by_way_of(keeper, pid, pid))
		opener_list(keeper->opener, pid, try_thread, &search);
}

static void on_mapping(struct keeper *keeper, const struct perf_record *record)
{
	const struct perf_mapping_fields *fields = &record->mapping;
	struct opener_mapping mapping = {
		fields->start, fields->start + fields->length,
		fields->path,  fields->major,
		fields->minor, fields->inode,
	};

	if (fields->executable && fields->path[0] == '/')
		take_mapping(keeper, (pid_t)record->pid, (pid_t)record->tid,
			     record->time_ns, &mapping, fields->file_offset,
			     fields->inode_generation);
}

// A forked child runs the same interpreter at the same addresses.
static void publish_child(struct keeper *keeper, const struct born *born)
{
	struct target *parent =
		born->parent ?
			target_table_find(keeper->targets, born->parent) :
			NULL;

	if (parent)
		publish(keeper, born->pid, born->pid, born->since_ns,
			parent->python->layout, parent->python->runtime,
			parent->python->code_type);
}

static void publish_children(struct keeper *keeper)
{
	for (size_t i = 0; i < keeper->born_count; i++)
		publish_child(keeper, &keeper->born[i]);
	keeper->born_count = 0;
}

// Most children become another program at once: only those are looked at that
// have not by the end of the batch.
static void on_fork(struct keeper *keeper, const struct perf_record *record)
{
	struct born born = { (pid_t)record->pid,
			     (pid_t)record->task.parent_pid, record->time_ns };

	if (born.pid == born.parent ||
	    !target_table_find(keeper->targets, born.parent))
		return;
	if (keeper->born_count == BORN_MAX)
		publish_children(keeper);
	keeper->born[keeper->born_count++] = born;
}

static void forget_child(struct keeper *keeper, pid_t pid)
{
	for (size_t i = 0; i < keeper->born_count; i++)
		if (keeper->born[i].pid == pid)
			keeper->born[i].parent = 0;
}

// The kernel drops a process's memory before it records the exit of its last
// thread, which need not be the leader.
static void on_exit_record(struct keeper *keeper,
			   const struct perf_record *record)
{
	struct target *target =
		target_table_find(keeper->targets, (pid_t)record->pid);

	if (record->pid == record->tid)
		forget_child(keeper, (pid_t)record->pid);
	if (target && !is_readable(target))
		target_table_retire(keeper->targets, (pid_t)record->pid,
				    monotonic_ns());
}

static void on_exec(struct keeper *keeper, const struct perf_record *record)
{
	struct target *target =
		target_table_find(keeper->targets, (pid_t)record->pid);

	forget_child(keeper, (pid_t)record->pid);
	if (target && target->since_ns <= record->time_ns)
		target_table_retire(keeper->targets, (pid_t)record->pid,
				    monotonic_ns());
}

static bool is_gone(void *context, const struct target *target)
{
	struct keeper *keeper = context;

	return !is_readable(target) ||
	       !opener_has_process(keeper->opener, target->pid);
}

// Ends may go unseen: in a record that was lost, or because somebody read the
// memory of the process in the very moment that we looked whether it is there.
// A part of the table at a time.
static void sweep(struct keeper *keeper, int after_ms)
{
	enum { STEP = TARGET_SLOTS / SWEEP_STEPS };
	uint64_t now = monotonic_ns();

	if (now - keeper->swept_ns < (uint64_t)after_ms * NS_PER_MS)
		return;
	keeper->swept_ns = now;
	target_table_retire_gone(keeper->targets, keeper->sweep_slot, STEP,
				 is_gone, keeper, now);
	keeper->sweep_slot = (keeper->sweep_slot + STEP) % TARGET_SLOTS;
}

static void on_record(struct keeper *keeper, const struct perf_record *record)
{
	switch (record->type) {
	case PERF_RECORD_MMAP2:
		on_mapping(keeper, record);
		break;
	case PERF_RECORD_FORK:
		on_fork(keeper, record);
		break;
	case PERF_RECORD_COMM:
		if (record->comm.exec)
			on_exec(keeper, record);
		break;
	case PERF_RECORD_EXIT:
		on_exit_record(keeper, record);
		break;
	case PERF_RECORD_LOST:
		sweep(keeper, SWEEP_MS / 5);
		break;
	}
}

// Whether there was anything.
static bool take_alerts(struct keeper *keeper)
{
	const struct perf_record *record;
	bool any = false;

	alerts_begin(keeper->alerts);
	while ((record = alerts_next(keeper->alerts))) {
		any = true;
		on_record(keeper, record);
	}
	publish_children(keeper);
	return any;
}

static void take_asked(struct keeper *keeper)
{
	pid_t asked[ASKED_MAX];
	uint64_t count;
	size_t taken;

	if (read(keeper->wake_fd, &count, sizeof(count)) < 0)
		return;
	pthread_mutex_lock(&keeper->lock);
	taken = keeper->asked_count;
	memcpy(asked, keeper->asked, taken * sizeof(asked[0]));
	keeper->asked_count = 0;
	pthread_mutex_unlock(&keeper->lock);
	for (size_t i = 0; i < taken; i++)
		keeper_look_at(keeper, asked[i]);
}

// False: nothing was left.
static bool take_backlog(struct keeper *keeper)
{
	for (int i = 0; i < BACKLOG_STEP && keeper->backlog_count; i++)
		keeper_look_at(keeper,
			       keeper->backlog[--keeper->backlog_count]);
	return keeper->backlog_count > 0;
}

// A new program is noticed at once while few begin. While one follows another,
// waking for each record of each of them would cost more than all the rest; a
// few milliseconds later is still before there is much to see of them.
static void rest(struct keeper *keeper, bool any)
{
	uint64_t now = monotonic_ns();

	if (!any)
		return;
	if (now - keeper->rested_ns > CALM_MS * NS_PER_MS)
		keeper->rest_ms = 0;
	else if (keeper->rest_ms < REST_MS_MAX)
		keeper->rest_ms++;
	keeper->rested_ns = now;
	if (keeper->rest_ms)
		poll(NULL, 0, (int)keeper->rest_ms);
}

static void *keeper_main(void *argument)
{
	struct keeper *keeper = argument;
	struct pollfd *wake = &keeper->fds[keeper->cpu_count];
	bool busy = keeper->backlog_count > 0;

	prctl(PR_SET_NAME, "keeper");
	// Ahead of what it has to be quick about; where not allowed, as is.
	setpriority(PRIO_PROCESS, 0, NICE);
	while (!__atomic_load_n(&keeper->stop, __ATOMIC_ACQUIRE)) {
		bool any;

		if (poll(keeper->fds, keeper->cpu_count + 1,
			 busy ? 0 : SWEEP_MS) < 0 &&
		    errno != EINTR)
			break;
		any = take_alerts(keeper);
		for (size_t i = 0; i < keeper->cpu_count; i++)
			if (keeper->fds[i].revents & POLLHUP)
				keeper->fds[i].fd = -1;
		if (wake->revents & POLLIN)
			take_asked(keeper);
		busy = take_backlog(keeper);
		sweep(keeper, SWEEP_MS);
		if (!busy)
			rest(keeper, any);
	}
	return NULL;
}

static void wake(struct keeper *keeper)
{
	uint64_t one = 1;

	// Can only fail when 2^64 - 2 wakes are waiting already.
	if (write(keeper->wake_fd, &one, sizeof(one)) < 0)
		return;
}

void keeper_ask(struct keeper *keeper, pid_t pid)
{
	pthread_mutex_lock(&keeper->lock);
	if (keeper->asked_count < ASKED_MAX)
		keeper->asked[keeper->asked_count++] = pid;
	pthread_mutex_unlock(&keeper->lock);
	wake(keeper);
}

void keeper_look_later(struct keeper *keeper, pid_t *pids, size_t count)
{
	free(keeper->backlog);
	keeper->backlog = pids;
	keeper->backlog_count = count;
}

struct error *keeper_start(struct keeper *keeper, struct perf_cpu *cpus,
			   size_t cpu_count)
{
	int failed;

	keeper->cpus = cpus;
	keeper->cpu_count = cpu_count;
	keeper->fds = calloc(cpu_count + 1, sizeof(*keeper->fds));
	keeper->alerts = alerts_create(keeper->arch, cpus, cpu_count);
	if (!keeper->fds || !keeper->alerts)
		return &error_nomem;
	for (size_t i = 0; i < cpu_count; i++)
		keeper->fds[i] = (struct pollfd){ .fd = cpus[i].alerts->fd,
						  .events = POLLIN };
	keeper->fds[cpu_count] = (struct pollfd){ .fd = keeper->wake_fd,
						  .events = POLLIN };
	failed = pthread_create(&keeper->thread, NULL, keeper_main, keeper);
	if (failed)
		return error_from_errno(failed, "start the keeper");
	keeper->started = true;
	return NULL;
}

void keeper_stop(struct keeper *keeper)
{
	if (!keeper->started)
		return;
	__atomic_store_n(&keeper->stop, true, __ATOMIC_RELEASE);
	wake(keeper);
	pthread_join(keeper->thread, NULL);
	keeper->started = false;
}
