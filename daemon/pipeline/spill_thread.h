/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that keeps room in the rings while the worker is busy: what fills
 * one up it moves into the ring's spill (ring_spill.h). It looks a few times
 * before a ring can be full, and when a capture thread sees one fill up, and
 * waits for nothing else. It runs before all
 * that is not real-time, and behind the capture threads; what it may take of a
 * CPU is bounded by what it does: each byte is copied once, and no more of them
 * than the spills hold until the worker has had its turn.
 *
 * A worker that shares its session with others, or a group of other kind, gets
 * what the kernel gives to that, however nice it is, and may never catch up.
 * While something waits for it in a spill it is lifted to SCHED_RR, for
 * SPILL_HELP_LOOKS looks of every SPILL_HELP_EVERY, which bounds what it can
 * take from the host. Nobody else's priority changes.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_SPILL_THREAD_H
#define BRINDLE_DAEMON_PIPELINE_SPILL_THREAD_H

#include "daemon/pipeline/merge.h"
#include "daemon/process/opener.h"

#include <semaphore.h>

enum { SPILL_HELP_LOOKS = 1, SPILL_HELP_EVERY = 3 };

struct spill_options {
	const struct opener *opener; /* borrowed; starts the thread */
	uint64_t bytes;	       /* of all spills; but of each, its ring's size */
	unsigned int look_ms;  /* how often it looks */
	bool realtime;	       /* ask for SCHED_FIFO */
	sem_t *filling; /* posted when it is to look at once; borrowed until it
			   has stopped; NULL: nobody does */
};

struct spill_thread;

/** The sources have their rings by now, and keep them. */
struct error *spill_thread_start(struct merge *merge,
				 const struct spill_options *options,
				 struct spill_thread **ret);

/** From now on the worker is thread @tid of this process, and to be helped when
 *  it is behind. 0: nobody is, which is said before that thread ends, for its
 *  number may be another's then. Any thread. */
void spill_thread_set_worker(struct spill_thread *spiller, pid_t tid);

/** What has been moved can be read on. NULL is fine. */
void spill_thread_stop(struct spill_thread *spiller);

#endif
