// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/spill_thread.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <sched.h>
#include <sys/prctl.h>

// Real-time, but behind the threads that take samples. Memory is given back
// when it was not needed for so long.
enum { SPILL_PRIORITY = 1, CALM_MS = 2000 };

struct spill_thread {
	struct merge *merge; // borrowed
	struct spill_options options;
	pthread_t thread;
	sem_t own; // where nobody else posts
	sem_t *wake; // borrowed: that, or options.filling
	bool stop; // atomic
	uint64_t moved_ns; // when last
	unsigned int looks;
	pid_t worker; // atomic; 0: nobody is to be helped
	pid_t helped; // now; 0: nobody
};

static void look(struct spill_thread *spiller, uint64_t now_ns)
{
	struct merge *merge = spiller->merge;
	bool calm = now_ns - spiller->moved_ns >= CALM_MS * NS_PER_MS;

	for (size_t i = 0; i < merge->source_count; i++) {
		struct merge_source *source = &merge->sources[i];

		if (ring_spill_move(&source->spill, source->perf->ring))
			spiller->moved_ns = now_ns;
		else if (calm)
			ring_spill_trim(&source->spill);
	}
}

static bool is_behind(const struct merge *merge)
{
	for (size_t i = 0; i < merge->source_count; i++)
		if (ring_spill_waiting(&merge->sources[i].spill))
			return true;
	return false;
}

// Its nice value stays, for when it is not helped. What it starts is as others.
static void set_helped(struct spill_thread *spiller, pid_t worker)
{
	struct sched_param priority = { .sched_priority = SPILL_PRIORITY };
	struct sched_param other = { .sched_priority = 0 };

	if (worker == spiller->helped)
		return;
	if (spiller->helped)
		sched_setscheduler(spiller->helped, SCHED_OTHER, &other);
	spiller->helped = 0;
	if (worker && !sched_setscheduler(worker,
					  SCHED_RR | SCHED_RESET_ON_FORK,
					  &priority))
		spiller->helped = worker;
}

static void help(struct spill_thread *spiller)
{
	bool turn = spiller->looks++ % SPILL_HELP_EVERY < SPILL_HELP_LOOKS;
	pid_t worker = __atomic_load_n(&spiller->worker, __ATOMIC_RELAXED);

	if (!turn || !spiller->options.realtime || !is_behind(spiller->merge))
		worker = 0;
	set_helped(spiller, worker);
}

// Until then, or until it is woken: once for all that have called by now.
// False: it is to stop.
static bool wait_until(struct spill_thread *spiller, uint64_t until_ns)
{
	struct timespec until = { (time_t)(until_ns / NS_PER_SEC),
				  (long)(until_ns % NS_PER_SEC) };

	if (!sem_clockwait(spiller->wake, CLOCK_MONOTONIC, &until))
		while (!sem_trywait(spiller->wake))
			continue;
	return !__atomic_load_n(&spiller->stop, __ATOMIC_ACQUIRE);
}

static void *spill_main(void *argument)
{
	struct sched_param priority = { .sched_priority = SPILL_PRIORITY };
	struct sched_param other = { .sched_priority = 0 };
	struct spill_thread *spiller = argument;
	uint64_t look_ns = spiller->options.look_ms * NS_PER_MS;
	uint64_t now_ns = monotonic_ns(), next_ns = now_ns + look_ns;

	prctl(PR_SET_NAME, "rings");
	// Of the policy that a daemon's threads are born with: it may not choose.
	if (!spiller->options.realtime ||
	    sched_setscheduler(0, SCHED_FIFO, &priority))
		sched_setscheduler(0, SCHED_OTHER, &other);
	while (wait_until(spiller, next_ns)) {
		now_ns = monotonic_ns();
		look(spiller, now_ns);
		if (now_ns < next_ns)
			continue;
		help(spiller);
		next_ns = now_ns + look_ns;
	}
	set_helped(spiller, 0);
	return NULL;
}

static struct error *reserve(struct merge *merge, uint64_t bytes)
{
	struct error *error = NULL;

	for (size_t i = 0; i < merge->source_count && !error; i++)
		error = ring_spill_init(&merge->sources[i].spill,
					merge->sources[i].perf->ring,
					bytes / merge->source_count,
					merge->record_bytes);
	return error;
}

struct error *spill_thread_start(struct merge *merge,
				 const struct spill_options *options,
				 struct spill_thread **ret)
{
	_cleanup_free_ struct spill_thread *spiller =
		calloc(1, sizeof(*spiller));
	struct error *error;
	int failed;

	if (!spiller)
		return &error_nomem;
	spiller->merge = merge;
	spiller->options = *options;
	error = reserve(merge, options->bytes);
	if (error)
		return error;
	sem_init(&spiller->own, 0, 0);
	spiller->wake = options->filling ? options->filling : &spiller->own;
	failed = opener_start_thread(options->opener, &spiller->thread,
				     spill_main, spiller);
	if (failed)
		return error_from_errno(failed, "start a thread");
	*ret = take_ptr(spiller);
	return NULL;
}

void spill_thread_set_worker(struct spill_thread *spiller, pid_t tid)
{
	__atomic_store_n(&spiller->worker, tid, __ATOMIC_RELAXED);
}

void spill_thread_stop(struct spill_thread *spiller)
{
	if (!spiller)
		return;
	__atomic_store_n(&spiller->stop, true, __ATOMIC_RELEASE);
	sem_post(spiller->wake);
	pthread_join(spiller->thread, NULL);
	sem_destroy(&spiller->own);
	free(spiller);
}
