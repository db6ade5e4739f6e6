/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads off the CPU: how long did each sampled wait last, and for how many
 * waits does it stand?
 *
 * A sample is taken as a thread blocks, of one switch-out in N. Its weight is
 * the time until the thread's next switch-in on any CPU, times the number of
 * waits of this very thread since the last that was sampled; but never more
 * than the thread seems to have waited, by its switch records, and has not been
 * told of yet. So the weights of a thread add up to the time it waited: what a
 * short wait left untold goes to the next long one.
 *
 * A wait that goes on is told in pieces: after 10 s a row says what has passed,
 * then at intervals that double, up to 160 s. What still waits at the end of
 * the recording is stored as far as it got. Where records were lost, waits may
 * have ended, and are dropped.
 *
 * When a host switches so much that its switches are recorded part of the time,
 * nobody sees what ends in a gap. So before a gap the kernel is asked for the
 * count of switches of those who wait, and after it whether that is the same:
 * then it is the same wait. If not, it is told as far as it is known, and the
 * rest is counted as unknown. What cannot be asked about is cut: it stands for
 * itself until there, and leaves those before it to the next.
 *
 * Used by the worker alone. Times are CLOCK_MONOTONIC ns.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_BLOCKED_H
#define BRINDLE_DAEMON_PIPELINE_BLOCKED_H

#include "daemon/perf/perf_record.h"
#include "daemon/pipeline/accounting.h"
#include "schema/store/store.h"

enum {
	BLOCKED_THREADS_MAX = 16384,
	BLOCKED_LOOKS_PER_SECOND = 200, /* at a thread's count of switches */
};

struct blocked_thread;
struct opener;

enum blocked_knowledge {
	BLOCKED_SURE,	 /* its end will be seen */
	BLOCKED_UNSURE,	 /* it may have ended in a gap */
	BLOCKED_CHECKED, /* did not, or only just: it is about to run */
};

/** One sampled wait. */
struct blocked_wait {
	struct blocked_thread *thread; /* NULL: its end is known */
	struct blocked_wait *previous, *next; /* of those that wait for it */
	uint64_t start_ns, end_ns;
	pid_t pid, tid;
	uint64_t outs;	    /* waits of the thread that it stands for, seen */
	uint64_t times;	    /* and all of them */
	uint64_t weight_ns; /* in all; known at its end */
	uint64_t stored_ns; /* weight of the rows so far, */
	uint64_t told_ns;   /* and until when they tell of it; 0: none */
	uint64_t piece_ns;  /* when the next piece is due, */
	uint64_t piece_gap_ns; /* and how long that one is */
	bool settled;	    /* row is complete but for its weight */
	enum sample_fate fate; /* SAMPLE_STORED unless it is to be given up */
	uint32_t era;	    /* of the row's ids */
	enum blocked_knowledge knowledge;
	uint64_t known_ns; /* it did wait until then; 0: no gap so far */
	bool has_switches;
	uint64_t switches; /* the kernel's count for the thread, as it waits */
	int64_t waker_row;  /* the thread that ended it; 0: not known */
	uint32_t waker_era; /* of that id */
	struct store_sample row;
};

struct blocked {
	const struct opener *opener;	 /* borrowed */
	struct store *store;		 /* borrowed */
	struct accounting *accounting;	 /* borrowed */
	struct blocked_thread *threads;	 /* owned; by tid */
	struct blocked_wait waits;	 /* head of the list; owned */
	/* Time over time with switch records, in 1/1024: 1024 is always. */
	uint64_t scale;
	bool in_gap;		/* switch records are off */
	uint64_t recorded_ns;	/* recorded clock, at the end of the last gap */
	uint64_t recorded_since_ns; /* when that was */
	uint64_t looks;		/* that may be made, in 1/NS_PER_SEC, */
	uint64_t looked_ns;	/* as of then */
	uint64_t pieces; /* rows that go on telling of a sample */
	uint64_t begun;	 /* waits sampled */
	uint64_t followed, cut, ended_unseen; /* waits, over a gap or not */
	uint64_t unknown_ns; /* in which those may have gone on */
};

void blocked_init(struct blocked *blocked, const struct opener *opener,
		  struct store *store, struct accounting *accounting);
/** Gives up what still waits. */
void blocked_deinit(struct blocked *blocked);

/**
 * The sample @record, taken as its thread blocked. NULL: too many threads, or
 * no memory; the caller accounts for it. Lives until blocked_settle() and its
 * end, whichever is last.
 */
struct blocked_wait *blocked_begin(struct blocked *blocked,
				   const struct perf_record *record);

/** Everything about @wait is known now but how long it lasts. */
void blocked_settle(struct blocked *blocked, struct blocked_wait *wait,
		    const struct store_sample *row);

/** Nothing will ever be known about @wait, for the reason @fate. */
void blocked_give_up(struct blocked *blocked, struct blocked_wait *wait,
		     enum sample_fate fate);

/** The wait of thread @tid that is sampled and goes on at @time_ns, or NULL. */
struct blocked_wait *blocked_find(struct blocked *blocked, uint32_t tid,
				  uint64_t time_ns);

/** A record of type SWITCH or EXIT. */
void blocked_take_record(struct blocked *blocked,
			 const struct perf_record *record);

/** The end of the recording, at @end_ns. */
void blocked_finish(struct blocked *blocked, uint64_t end_ns);

/** Switch records are about to be switched off; it is @now_ns. */
void blocked_before_gap(struct blocked *blocked, uint64_t now_ns);
/** They were, at @gap_ns, and all from before then have been taken. */
void blocked_begin_gap(struct blocked *blocked, uint64_t gap_ns);
/** They have been on again since @on_ns, and none of them has been taken. */
void blocked_end_gap(struct blocked *blocked, uint64_t on_ns);

/** Ends may have been lost until @until_ns: what waits since before is dropped,
 *  but for what is told of it. */
void blocked_doubt(struct blocked *blocked, uint64_t until_ns);

/** Stores the pieces that are due. */
void blocked_store_pieces(struct blocked *blocked, uint64_t now_ns);

#endif
