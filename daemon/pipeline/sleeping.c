// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/sleeping.h"

#include "base/clock.h"
#include "daemon/pipeline/sample_walk.h"
#include "daemon/process/run_state.h"
#include "unwind/python/freeze.h"

#include <fcntl.h>
#include <string.h>

enum {
	STACK_BYTES = 256 << 10,
	ATTEMPTS = 5,
};

static bool read_text(pid_t pid, pid_t tid, const char *name, char *ret,
		      size_t size)
{
	char path[80];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, ret, size - 1);
	close(fd);
	if (got <= 0)
		return false;
	ret[got] = '\0';
	return true;
}

// "NR ARG ARG ARG ARG ARG ARG SP PC", or "-1 SP PC" outside of a system call;
// "running" for a thread that runs.
static bool read_registers(const struct arch *arch, pid_t pid, pid_t tid,
			   struct regs *ret)
{
	unsigned long long value[2] = { 0 };
	char text[512], *token, *rest = text;
	size_t count = 0;

	if (!read_text(pid, tid, "syscall", text, sizeof(text)))
		return false;
	while ((token = strsep(&rest, " \n"))) {
		if (strncmp(token, "0x", 2))
			continue;
		value[0] = value[1];
		value[1] = strtoull(token, NULL, 16);
		count++;
	}
	if (count < 2 || !value[0] || !value[1])
		return false;
	*ret = (struct regs){ .pc = value[1] };
	regs_set(ret, arch->sp, value[0]);
	return true;
}

static struct capture *freeze(struct target *target, pid_t tid,
			      const struct memory *stack)
{
	struct capture *capture = malloc(CAPTURE_BYTES_MAX);
	struct freeze_point point = { .tid = (uint32_t)tid,
				      .now_ns = monotonic_ns() };

	if (!capture)
		return NULL;
	capture->sample_ns = point.now_ns;
	capture->target_epoch = target->epoch;
	capture->capacity = SNAPSHOT_BYTES_MAX;
	python_freeze(target->python, &point, stack, &capture->snapshot,
		      SNAPSHOT_BYTES_MAX);
	capture->end_ns = monotonic_ns();
	return capture;
}

static void read_and_walk(struct pipeline *pipeline,
			  struct sleeping_thread *thread, uint8_t *bytes,
			  const struct run_state *before)
{
	struct target *target =
		target_table_find(pipeline->targets, thread->pid);
	const struct opener *opener = pipeline->processes.opener;
	_cleanup_free_ struct capture *capture = NULL;
	struct run_state after = { 0 };

	if (target) {
		struct memory stack = { .segment_count = 0 };

		memory_add(&stack, thread->regs.value[pipeline->arch->sp],
			   bytes, thread->stack_size);
		capture = freeze(target, thread->tid, &stack);
	}
	if (!run_state_read(opener, thread->pid, thread->tid, &after) ||
	    !after.sleeps || after.switches != before->switches)
		thread->reason = PROOF_RAN_BEFORE_READ;
	thread->capture = capture;
	sample_walk_sleeping(pipeline, thread);
}

static bool sample_once(struct pipeline *pipeline, pid_t pid, pid_t tid,
			int memory_fd, uint8_t *bytes, bool last)
{
	struct sleeping_thread thread = { .pid = pid,
					  .tid = tid,
					  .time_ns = monotonic_ns(),
					  .stack = bytes,
					  .reason = PROOF_HOLDS };
	const struct opener *opener = pipeline->processes.opener;
	struct run_state before, now;
	ssize_t size;

	if (!run_state_read(opener, pid, tid, &before) || !before.sleeps ||
	    !read_registers(pipeline->arch, pid, tid, &thread.regs))
		return false;
	size = pread(memory_fd, bytes, STACK_BYTES,
		     (off_t)thread.regs.value[pipeline->arch->sp]);
	if (size <= 0)
		return false;
	thread.stack_size = (uint64_t)size;
	// Ran meanwhile: better luck next time, unless there is none.
	if (!last && (!run_state_read(opener, pid, tid, &now) ||
		      now.switches != before.switches))
		return false;
	read_and_walk(pipeline, &thread, bytes, &before);
	return true;
}

bool sleeping_sample(struct pipeline *pipeline, pid_t pid, pid_t tid)
{
	_cleanup_free_ uint8_t *bytes = malloc(STACK_BYTES);
	_cleanup_close_ int fd = -1;
	struct error *error;
	bool done = false;

	if (!bytes)
		return false;
	error = opener_memory(pipeline->processes.opener, pid, &fd);
	if (error) {
		error_destroy(error);
		return false;
	}
	for (int i = 0; i < ATTEMPTS && !done; i++)
		done = sample_once(pipeline, pid, tid, fd, bytes,
				   i == ATTEMPTS - 1);
	return done;
}
