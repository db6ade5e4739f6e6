// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/lifeline.h"

#include "base/clock.h"
#include "daemon/capture/capture_watch.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PART_BYTES = 16 << 10, LOOK_MS = CAPTURE_WATCH_STEP_MS };

#define GIVEN_UP UINT64_MAX

/** A thread that works. It alone touches what lies here once it was given up. */
struct seat {
	struct lifeline *lifeline;
	void (*work)(void *context);
	void *context;
	pthread_t thread;
	pid_t tid; /* atomic */
	/* Atomic: number of the read it is in; 0: none; or GIVEN_UP. Whoever
	 * changes it first decides what becomes of the read. */
	uint64_t reading;
	uint64_t reads;
	struct lifeline_memory *memory; /* of that read */
	bool ended;			/* atomic */
	jmp_buf end;
	struct capture_watch watch;
	struct seat *next; /* of those that hang */
	/* Not the caller's memory: a read that ends after all still writes. */
	uint8_t bytes[PART_BYTES];
};

struct lifeline {
	struct seat *seat;	 /* owned; who works now, or NULL */
	struct seat *hung;	 /* owned */
	unsigned int hung_count; /* atomic */
};

struct error *lifeline_create(struct lifeline **ret)
{
	struct lifeline *lifeline = calloc(1, sizeof(*lifeline));

	if (!lifeline)
		return &error_nomem;
	*ret = lifeline;
	return NULL;
}

static void free_ended(struct lifeline *lifeline)
{
	struct seat **link = &lifeline->hung;

	while (*link) {
		struct seat *seat = *link;

		if (!__atomic_load_n(&seat->ended, __ATOMIC_ACQUIRE)) {
			link = &seat->next;
			continue;
		}
		*link = seat->next;
		__atomic_sub_fetch(&lifeline->hung_count, 1, __ATOMIC_RELAXED);
		pthread_join(seat->thread, NULL);
		free(seat);
	}
}

void lifeline_destroy(struct lifeline *lifeline)
{
	if (!lifeline)
		return;
	free_ended(lifeline);
	free(lifeline);
}

static void *seat_main(void *argument)
{
	struct seat *seat = argument;

	__atomic_store_n(&seat->tid, (pid_t)syscall(SYS_gettid),
			 __ATOMIC_RELEASE);
	if (!setjmp(seat->end))
		seat->work(seat->context);
	__atomic_store_n(&seat->ended, true, __ATOMIC_RELEASE);
	return NULL;
}

// Who was given up does not come back from here: the work is another's now.
static ssize_t read_part(struct seat *seat, struct lifeline_memory *memory,
			 uint64_t vaddr, size_t size)
{
	uint64_t number = ++seat->reads;
	ssize_t got;

	seat->memory = memory;
	__atomic_store_n(&seat->reading, number, __ATOMIC_RELEASE);
	got = pread(memory->guarded.fd, seat->bytes, size, (off_t)vaddr);
	if (!__atomic_compare_exchange_n(&seat->reading, &number, 0, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		longjmp(seat->end, 1);
	return got;
}

static ssize_t read_parts(struct seat *seat, struct lifeline_memory *memory,
			  uint64_t vaddr, uint8_t *ret, size_t size)
{
	size_t done = 0;
	ssize_t got = 0;

	while (done < size) {
		size_t part = size - done < PART_BYTES ? size - done :
							 PART_BYTES;

		got = read_part(seat, memory, vaddr + done, part);
		if (got <= 0)
			break;
		memcpy(ret + done, seat->bytes, (size_t)got);
		done += (size_t)got;
		if ((size_t)got < part)
			break;
	}
	return done ? (ssize_t)done : got;
}

static bool too_many_hang(const struct lifeline *lifeline)
{
	return __atomic_load_n(&lifeline->hung_count, __ATOMIC_RELAXED) >=
	       LIFELINE_HUNG_MAX;
}

static ssize_t read_on_lifeline(void *context, uint64_t vaddr, void *ret,
				size_t size)
{
	struct lifeline_memory *memory = context;
	struct lifeline *lifeline = memory->lifeline;
	size_t readable =
		guarded_ranges_readable(&memory->guarded.ranges, vaddr, size);

	if (lifeline && too_many_hang(lifeline))
		readable = 0;
	if (size && !readable) {
		errno = EFAULT;
		return -1;
	}
	if (!lifeline || !lifeline->seat)
		return pread(memory->guarded.fd, ret, readable, (off_t)vaddr);
	return read_parts(lifeline->seat, memory, vaddr, ret, readable);
}

struct live_memory lifeline_memory_reader(struct lifeline_memory *memory)
{
	return (struct live_memory){ .read = read_on_lifeline,
				     .context = memory };
}

static bool start(struct lifeline *lifeline, void (*work)(void *context),
		  void *context)
{
	struct seat *seat = calloc(1, sizeof(*seat));

	if (!seat)
		return false;
	seat->lifeline = lifeline;
	seat->work = work;
	seat->context = context;
	lifeline->seat = seat;
	if (!pthread_create(&seat->thread, NULL, seat_main, seat))
		return true;
	lifeline->seat = NULL;
	free(seat);
	return false;
}

static bool join_for(struct seat *seat, unsigned int ms)
{
	uint64_t until_ns = monotonic_ns() + ms * NS_PER_MS;
	struct timespec until = { (time_t)(until_ns / NS_PER_SEC),
				  (long)(until_ns % NS_PER_SEC) };

	return !pthread_clockjoin_np(seat->thread, NULL, CLOCK_MONOTONIC,
				     &until) &&
	       __atomic_load_n(&seat->ended, __ATOMIC_ACQUIRE);
}

static bool give_up_if_stuck(struct seat *seat)
{
	uint64_t reading = __atomic_load_n(&seat->reading, __ATOMIC_ACQUIRE);
	pid_t tid = __atomic_load_n(&seat->tid, __ATOMIC_ACQUIRE);

	return capture_watch_look(&seat->watch, reading, monotonic_ns()) &&
	       !capture_watch_is_runnable(tid) &&
	       __atomic_compare_exchange_n(&seat->reading, &reading, GIVEN_UP,
					   false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

// False: it was given up.
static bool attend(struct lifeline *lifeline, struct seat *seat)
{
	while (!join_for(seat, LOOK_MS)) {
		free_ended(lifeline);
		if (give_up_if_stuck(seat))
			return false;
	}
	return true;
}

static pid_t leave(struct lifeline *lifeline, struct seat *seat)
{
	lifeline->seat = NULL;
	seat->next = lifeline->hung;
	lifeline->hung = seat;
	__atomic_add_fetch(&lifeline->hung_count, 1, __ATOMIC_RELAXED);
	guarded_ranges_close(&seat->memory->guarded.ranges);
	return seat->memory->pid;
}

void lifeline_run(struct lifeline *lifeline, void (*work)(void *context),
		  lifeline_hung_fn hung, void *context)
{
	while (start(lifeline, work, context)) {
		struct seat *seat = lifeline->seat;

		if (attend(lifeline, seat)) {
			lifeline->seat = NULL;
			free(seat);
			return;
		}
		hung(context, leave(lifeline, seat));
	}
	work(context);
}
