// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/capture.h"

#include "base/clock.h"
#include "daemon/capture/capture_loop.h"
#include "daemon/perf/perf_ring.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

// Any real-time priority preempts every ordinary thread; a low one leaves the
// host's own real-time threads in charge.
enum { CAPTURE_PRIORITY = 2, STOP_LOOK_MS = 50 };

static void pin_to_cpu(pid_t tid, unsigned int cpu)
{
	cpu_set_t *set = CPU_ALLOC(cpu + 1);
	size_t size = CPU_ALLOC_SIZE(cpu + 1);

	if (!set)
		return;
	CPU_ZERO_S(size, set);
	CPU_SET_S(cpu, size, set);
	sched_setaffinity(tid, size, set);
	CPU_FREE(set);
}

static void *capture_main(void *argument)
{
	struct capture_thread *capture = argument;
	struct sched_param priority = { .sched_priority = CAPTURE_PRIORITY };
	char name[16];

	snprintf(name, sizeof(name), "capture/%u", capture->perf->cpu);
	prctl(PR_SET_NAME, name);
	pin_to_cpu(0, capture->perf->cpu);
	if (capture->options.realtime)
		capture->realtime =
			!sched_setscheduler(0, SCHED_FIFO, &priority);
	capture->tid = (pid_t)syscall(SYS_gettid);
	sem_post(&capture->ready);
	capture_loop(capture);
	__atomic_store_n(&capture->ended, true, __ATOMIC_RELEASE);
	return NULL;
}

void capture_pin(struct capture_thread *capture)
{
	if (capture->started)
		pin_to_cpu(capture->tid, capture->perf->cpu);
}

static unsigned int index_of(const struct arch *arch, unsigned int reg)
{
	for (unsigned int i = 0; i < arch->perf_count; i++)
		if (arch->perf_to_dwarf[i] == (int)reg)
			return i;
	return 0;
}

static struct error *prepare(struct capture_thread *capture,
			     struct perf_cpu *perf,
			     struct target_table *targets, unsigned int holder,
			     const struct capture_options *options)
{
	struct error *error;

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
	return NULL;
}

static struct error *launch(struct capture_thread *capture)
{
	int failed = opener_start_thread(capture->perf->opener,
					 &capture->thread, capture_main,
					 capture);

	if (failed)
		return error_from_errno(failed, "start a capture thread");
	capture->started = true;
	while (sem_wait(&capture->ready) < 0 && errno == EINTR)
		continue;
	return NULL;
}

struct error *capture_start(struct capture_thread *capture,
			    struct perf_cpu *perf,
			    struct target_table *targets, unsigned int holder,
			    const struct capture_options *options)
{
	struct error *error = prepare(capture, perf, targets, holder, options);

	return error ? error : launch(capture);
}

void capture_poke(struct capture_thread *capture)
{
	uint64_t one = 1;

	// Can only fail when 2^64 - 2 pokes are waiting already.
	if (write(capture->wake_fd, &one, sizeof(one)) < 0)
		return;
}

bool capture_give_up_if_stuck(struct capture_thread *capture, uint64_t now_ns)
{
	uint64_t reading = __atomic_load_n(&capture->reading, __ATOMIC_ACQUIRE);

	return capture_watch_look(&capture->watch, reading, now_ns) &&
	       !capture_watch_is_runnable(capture->tid) &&
	       __atomic_compare_exchange_n(&capture->reading, &reading,
					   CAPTURE_GIVEN_UP, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

// The queue of a stuck thread is still written to by its read, if that ever
// ends, so that what waits in it moves. Only one thread of a CPU was ever
// nearly this far behind: what finds no room is given up.
static void take_over_queue(struct capture_queue *to,
			    struct capture_queue *from)
{
	const struct capture *entry;

	while ((entry = capture_queue_peek(from))) {
		struct capture *copy = capture_queue_reserve(to);

		if (!copy)
			return;
		if (copy->capacity >= entry->snapshot.byte_count) {
			memcpy(copy, entry,
			       sizeof(*entry) + entry->snapshot.byte_count);
			capture_queue_push(to, copy);
		}
		capture_queue_pop(from);
	}
}

static void pass_over_sample(struct capture_thread *capture)
{
	struct perf_ring *ring = capture->perf->ring;
	struct capture_stats *stats = &capture->stats;
	uint64_t position = ring->scanned;

	stats->stuck_at[stats->stuck++ & (CAPTURE_STUCK_SLOTS - 1)] = position;
	perf_ring_set_scanned(ring, position +
				    perf_ring_header(ring, position).size);
}

struct error *capture_succeed(struct capture_thread *capture,
			      struct capture_thread *stuck,
			      unsigned int holder)
{
	struct error *error = prepare(capture, stuck->perf, stuck->targets,
				      holder, &stuck->options);

	capture->stats = stuck->stats;
	pass_over_sample(capture);
	if (error)
		return error;
	take_over_queue(&capture->queue, &stuck->queue);
	error = launch(capture);
	if (!error)
		capture_poke(capture);
	return error;
}

void capture_pass_over_ring(struct capture_thread *capture)
{
	perf_ring_set_scanned(capture->perf->ring,
			      perf_ring_head(capture->perf->ring));
}

const struct target *capture_target(const struct capture_thread *capture)
{
	return __atomic_load_n(&capture->targets->held[capture->holder],
			       __ATOMIC_ACQUIRE);
}

static bool join_for(struct capture_thread *capture, unsigned int ms)
{
	uint64_t until_ns = monotonic_ns() + ms * NS_PER_MS;
	struct timespec until = { (time_t)(until_ns / NS_PER_SEC),
				  (long)(until_ns % NS_PER_SEC) };

	return !pthread_clockjoin_np(capture->thread, NULL, CLOCK_MONOTONIC,
				     &until);
}

bool capture_has_ended(const struct capture_thread *capture)
{
	return __atomic_load_n(&capture->ended, __ATOMIC_ACQUIRE);
}

static bool is_given_up(const struct capture_thread *capture)
{
	return __atomic_load_n(&capture->reading, __ATOMIC_ACQUIRE) ==
	       CAPTURE_GIVEN_UP;
}

bool capture_stop(struct capture_thread *capture)
{
	if (!capture->started)
		return true;
	if (is_given_up(capture))
		return capture_has_ended(capture);
	__atomic_store_n(&capture->stop, true, __ATOMIC_RELEASE);
	capture_poke(capture);
	while (!join_for(capture, STOP_LOOK_MS)) {
		if (capture_give_up_if_stuck(capture, monotonic_ns())) {
			pass_over_sample(capture);
			capture_pass_over_ring(capture);
			return false;
		}
	}
	capture->started = false;
	return true;
}

void capture_destroy(struct capture_thread *capture)
{
	if (capture->started)
		pthread_join(capture->thread, NULL);
	capture->started = false;
	if (capture->wake_fd >= 0)
		close(capture->wake_fd);
	capture->wake_fd = -1;
	capture_queue_deinit(&capture->queue);
	sem_destroy(&capture->ready);
}
