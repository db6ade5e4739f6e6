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
 *
 * A read can hang for ever (capture_watch.h). Such a thread is given up: it
 * keeps what it has, which is its queue and the target it holds, for as long as
 * the read lasts, and touches nothing else when it wakes; another thread goes on
 * in the ring behind the sample that hung it.
 */
#ifndef BRINDLE_DAEMON_CAPTURE_CAPTURE_H
#define BRINDLE_DAEMON_CAPTURE_CAPTURE_H

#include "base/error.h"
#include "daemon/capture/capture_queue.h"
#include "daemon/capture/capture_watch.h"
#include "daemon/perf/perf_event.h"
#include "daemon/capture/target_table.h"
#include "unwind/memory.h"

#include <semaphore.h>

enum {
	CAPTURE_LATENCY_BUCKETS = 256, /* of one microsecond; last: more */
	CAPTURE_READS_BUCKETS = 128,   /* of one read; last: more */
	CAPTURE_FULL_SLOTS = 256,      /* power of two */
	CAPTURE_STUCK_SLOTS = 8,       /* power of two */
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
	uint64_t bytes;		/* that those reads were kept of */
	/* Samples that hung a predecessor, and the latest of them. */
	uint64_t stuck;
	uint64_t stuck_at[CAPTURE_STUCK_SLOTS];
	/* Sample to last read, counted by microsecond. */
	uint64_t latency_us[CAPTURE_LATENCY_BUCKETS];
	/* Of that, reading: what comes before is the kernel's. */
	uint64_t reading_us[CAPTURE_LATENCY_BUCKETS];
	/* Captures by the number of their reads. */
	uint64_t by_reads[CAPTURE_READS_BUCKETS];
};

struct capture_options {
	const struct arch *arch;
	bool realtime;	   /* ask for SCHED_FIFO */
	unsigned int late_us; /* test switch: sleep before reading */
	sem_t *filling; /* posted when the ring fills up; borrowed, or NULL */
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
	/* Atomic: the time of the sample it reads now; 0: none; or that it was
	 * given up. Whoever changes it first decides what becomes of the read. */
	uint64_t reading;
	bool ended; /* atomic: given up, and awake again */
	struct capture_watch watch;	    /* the watcher's */
	struct capture_thread *next_stuck; /* the owner's */
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

/** Pins it again: the kernel moves threads from a CPU that goes offline. */
void capture_pin(struct capture_thread *capture);

/** Makes it scan what is in the ring, though no sample woke it. */
void capture_poke(struct capture_thread *capture);

/**
 * Looks whether the thread hangs; for one other thread, a few times a second.
 * True: it does, and is given up. Its successor is to be made then.
 */
bool capture_give_up_if_stuck(struct capture_thread *capture, uint64_t now_ns);

/**
 * Starts a thread where @stuck, which was given up, stood: the sample that hung
 * it is passed over, captures that wait in its queue are taken over. The
 * consumer turns to @capture from then on. Otherwise as capture_start().
 */
struct error *capture_succeed(struct capture_thread *capture,
			      struct capture_thread *stuck,
			      unsigned int holder);

/** For one without a thread: nobody reads for what is in the ring. */
void capture_pass_over_ring(struct capture_thread *capture);

/** What the stuck thread reads; NULL: nothing. Valid while it is stuck. */
const struct target *capture_target(const struct capture_thread *capture);

/**
 * Scans what is left, ends the thread, keeps queue and stats readable. A thread
 * that hangs is not waited for: false, it was given up.
 */
bool capture_stop(struct capture_thread *capture);

/** Of one that was not given up, or has ended since. */
void capture_destroy(struct capture_thread *capture);

/** Whether a thread that was given up has ended, so that it can be destroyed. */
bool capture_has_ended(const struct capture_thread *capture);

#endif
