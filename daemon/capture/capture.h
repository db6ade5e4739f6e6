/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capture thread: one per CPU, pinned to it, SCHED_FIFO where allowed, owner
 * of that CPU's ring. The sampling interrupt wakes it; it preempts the sampled
 * thread as the interrupt returns, so the thread stands still, at the sampled
 * instruction, while its interpreter is read into the queue. Whether it really
 * stood still is proven later from the records in the ring (proof.h); this
 * thread only notes when it ended and whether it was itself switched out.
 *
 * Between waking and sleeping it does nothing else: no allocation, no file, no
 * lock, no printing. A test holds its object file to a list of symbols.
 */
#ifndef BRINDLE_DAEMON_CAPTURE_CAPTURE_H
#define BRINDLE_DAEMON_CAPTURE_CAPTURE_H

#include "base/error.h"
#include "daemon/capture/capture_queue.h"
#include "daemon/perf/perf_event.h"
#include "daemon/capture/target_table.h"
#include "unwind/memory.h"

#include <semaphore.h>

enum {
	CAPTURE_LATENCY_BUCKETS = 256, /* of one microsecond; last: more */
	CAPTURE_FULL_SLOTS = 256,      /* power of two */
};

/** Written by the capture thread, read by others when it suits them. */
struct capture_stats {
	uint64_t wakeups;
	uint64_t samples;	/* timer samples seen */
	uint64_t captures;	/* of those, interpreters read */
	uint64_t queue_full;	/* not read for want of queue space */
	/* Ring positions of the latest of those, in rotation. */
	uint64_t full_at[CAPTURE_FULL_SLOTS];
	uint64_t broken_records;
	uint64_t reads;		/* memory reads made */
	uint64_t most_reads;	/* in one capture */
	/* Sample to last read, counted by microsecond. */
	uint64_t latency_us[CAPTURE_LATENCY_BUCKETS];
};

struct capture_options {
	const struct arch *arch;
	bool realtime;	   /* ask for SCHED_FIFO */
	unsigned int late_us; /* test switch: sleep before reading */
};

struct capture_thread {
	struct perf_cpu *perf; /* borrowed; its ring is scanned here */
	struct target_table *targets; /* borrowed */
	unsigned int holder;	      /* index into the table's holders */
	struct capture_options options;
	struct capture_queue queue;
	struct capture_stats stats;
	pthread_t thread;
	pid_t tid;
	bool realtime; /* what was granted */
	bool started;
	bool stop;   /* atomic */
	int wake_fd; /* owned; eventfd: scan now, or stop */
	sem_t ready;
	uint64_t switches; /* own context switches when last counted */
	unsigned int sp_index, fp_index; /* in the perf registers */
	struct memory stack;   /* of the sample being read */
};

/** Starts the thread; returns when it is pinned and its tid is known. */
struct error *capture_start(struct capture_thread *capture,
			    struct perf_cpu *perf,
			    struct target_table *targets, unsigned int holder,
			    const struct capture_options *options);

/** Makes it scan what is in the ring, though no sample woke it. */
void capture_poke(struct capture_thread *capture);

/** Scans what is left, ends the thread, keeps queue and stats readable. */
void capture_stop(struct capture_thread *capture);
void capture_destroy(struct capture_thread *capture);

#endif
