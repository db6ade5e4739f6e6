// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/capture.h"

#include "daemon/capture/capture_loop.h"
#include "daemon/perf/perf_ring.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

// Any real-time priority preempts every ordinary thread; a low one leaves the
// host's own real-time threads in charge.
enum { CAPTURE_PRIORITY = 2 };

static void pin_to_cpu(unsigned int cpu)
{
	cpu_set_t *set = CPU_ALLOC(cpu + 1);
	size_t size = CPU_ALLOC_SIZE(cpu + 1);

	if (!set)
		return;
	CPU_ZERO_S(size, set);
	CPU_SET_S(cpu, size, set);
	sched_setaffinity(0, size, set);
	CPU_FREE(set);
}

static void *capture_main(void *argument)
{
	struct capture_thread *capture = argument;
	struct sched_param priority = { .sched_priority = CAPTURE_PRIORITY };
	char name[16];

	snprintf(name, sizeof(name), "capture/%u", capture->perf->cpu);
	prctl(PR_SET_NAME, name);
	pin_to_cpu(capture->perf->cpu);
	if (capture->options.realtime)
		capture->realtime =
			!sched_setscheduler(0, SCHED_FIFO, &priority);
	capture->tid = (pid_t)syscall(SYS_gettid);
	sem_post(&capture->ready);
	capture_loop(capture);
	return NULL;
}

static unsigned int index_of(const struct arch *arch, unsigned int reg)
{
	for (unsigned int i = 0; i < arch->perf_count; i++)
		if (arch->perf_to_dwarf[i] == (int)reg)
			return i;
	return 0;
}

struct error *capture_start(struct capture_thread *capture,
			    struct perf_cpu *perf,
			    struct target_table *targets, unsigned int holder,
			    const struct capture_options *options)
{
	struct error *error;
	int failed;

	*capture = (struct capture_thread){ .perf = perf,
					    .targets = targets,
					    .holder = holder,
					    .options = *options,
					    .wake_fd = -1 };
	capture->sp_index = index_of(options->arch, options->arch->sp);
	capture->fp_index = index_of(options->arch, options->arch->fp);
	sem_init(&capture->ready, 0, 0);
	error = capture_queue_init(&capture->queue);
	if (error)
		return error;
	capture->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (capture->wake_fd < 0)
		return error_from_errno(errno, "make an eventfd");
	failed = pthread_create(&capture->thread, NULL, capture_main, capture);
	if (failed)
		return error_from_errno(failed, "start a capture thread");
	capture->started = true;
	while (sem_wait(&capture->ready) < 0 && errno == EINTR)
		continue;
	return NULL;
}

void capture_poke(struct capture_thread *capture)
{
	uint64_t one = 1;

	// Can only fail when 2^64 - 2 pokes are waiting already.
	if (write(capture->wake_fd, &one, sizeof(one)) < 0)
		return;
}

void capture_stop(struct capture_thread *capture)
{
	if (!capture->started)
		return;
	__atomic_store_n(&capture->stop, true, __ATOMIC_RELEASE);
	capture_poke(capture);
	pthread_join(capture->thread, NULL);
	capture->started = false;
}

void capture_destroy(struct capture_thread *capture)
{
	capture_stop(capture);
	if (capture->wake_fd >= 0)
		close(capture->wake_fd);
	capture->wake_fd = -1;
	capture_queue_deinit(&capture->queue);
	sem_destroy(&capture->ready);
}
