// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/keeper.h"

#include "base/clock.h"
#include "daemon/capture/alerts.h"
#include "daemon/perf/perf_ring.h"
#include "daemon/capture/python_finder.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum {
	ASKED_MAX = 64,
	BACKLOG_STEP = 16,
	REST_MS_MAX = 8,
	CALM_MS = 100,
	SWEEP_STEPS = 8,
	SWEEP_MS = 625, // each
	NICE = -10,
};

struct keeper {
	const struct arch *arch;
	struct target_table *targets; // borrowed
	struct python_finder finder;
	struct perf_cpu *cpus; // borrowed
	size_t cpu_count;
	struct pollfd *fds;    // owned; one per CPU, then wake_fd
	struct alerts *alerts; // owned
	int wake_fd;	       // owned; eventfd: somebody asked, or stop
	bool stop;	       // atomic
	unsigned int rest_ms;  // how long to be away while it goes on
	uint64_t rested_ns;
	pthread_mutex_t lock; // of what was asked for
	pid_t asked[ASKED_MAX];
	size_t asked_count;
	pid_t *backlog; // owned; looked at when there is nothing else
	size_t backlog_count;
	uint64_t swept_ns;
	size_t sweep_slot; // to begin with
	struct lifeline *lifeline; // owned
	pid_t hung; // atomic; whose memory hung us lately, or 0
	pthread_t thread;
	bool started;
};

struct error *keeper_create(const struct arch *arch, const struct opener *opener,
			    struct target_table *targets, struct keeper **ret)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));

	if (!keeper)
		return &error_nomem;
	keeper->arch = arch;
	keeper->targets = targets;
	pthread_mutex_init(&keeper->lock, NULL);
	keeper->wake_fd = eventfd(0, EFD_CLOEXEC);
	error_destroy(lifeline_create(&keeper->lifeline));
	if (!python_finder_init(&keeper->finder, opener, targets) ||
	    keeper->wake_fd < 0 || !keeper->lifeline) {
		keeper_destroy(keeper);
		return &error_nomem;
	}
	keeper->finder.lifeline = keeper->lifeline;
	*ret = keeper;
	return NULL;
}

void keeper_destroy(struct keeper *keeper)
{
	if (!keeper)
		return;
	keeper_stop(keeper);
	python_finder_deinit(&keeper->finder);
	lifeline_destroy(keeper->lifeline);
	if (keeper->wake_fd >= 0)
		close(keeper->wake_fd);
	alerts_destroy(keeper->alerts);
	free(keeper->backlog);
	free(keeper->fds);
	pthread_mutex_destroy(&keeper->lock);
	free(keeper);
}

void keeper_look_at(struct keeper *keeper, pid_t pid)
{
	python_finder_look_at(&keeper->finder, pid);
}

static bool is_gone(void *context, const struct target *target)
{
	return python_finder_is_gone(context, target);
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
				 is_gone, &keeper->finder, now);
	keeper->sweep_slot = (keeper->sweep_slot + STEP) % TARGET_SLOTS;
}

// Whether there was anything.
static bool take_alerts(struct keeper *keeper)
{
	const struct perf_record *record;
	bool any = false;

	alerts_begin(keeper->alerts);
	while ((record = alerts_next(keeper->alerts))) {
		any = true;
		if (record->type == PERF_RECORD_LOST)
			sweep(keeper, SWEEP_MS / 5);
		else
			python_finder_take_record(&keeper->finder, record);
	}
	python_finder_end_batch(&keeper->finder);
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
		keeper_look_at(keeper, keeper->backlog[--keeper->backlog_count]);
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

static void work(void *context)
{
	struct keeper *keeper = context;
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
}

static void note_hung(void *context, pid_t pid)
{
	struct keeper *keeper = context;

	target_table_ban(keeper->targets, pid, monotonic_ns());
	__atomic_store_n(&keeper->hung, pid, __ATOMIC_RELAXED);
}

pid_t keeper_take_hung(struct keeper *keeper)
{
	return __atomic_exchange_n(&keeper->hung, 0, __ATOMIC_RELAXED);
}

static void *keeper_main(void *argument)
{
	struct keeper *keeper = argument;

	lifeline_run(keeper->lifeline, work, note_hung, keeper);
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
	keeper->fds[cpu_count] =
		(struct pollfd){ .fd = keeper->wake_fd, .events = POLLIN };
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
