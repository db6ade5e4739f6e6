/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of blocked.h, shared by its two files.
 *
 * The recorded clock runs while switch records are on, and stands still in the
 * gaps between. What threads were seen to do is counted by it.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_BLOCKED_STATE_H
#define BRINDLE_DAEMON_PIPELINE_BLOCKED_STATE_H

#include "daemon/pipeline/blocked.h"

#include <uthash.h>

/** A thread that switches: what was not sampled of it counts, too. */
struct blocked_thread {
	UT_hash_handle hh;
	uint32_t tid;
	bool counting_own;  /* the next switch-out is that of the sampled wait */
	bool waits;	    /* went to wait, and was not seen to come back */
	bool preempted;	    /* could go on, and was not seen to */
	bool unseen;	    /* no record since the last gap */
	uint64_t outs;	    /* waits since the last sampled one */
	uint64_t counted_ns; /* of the recorded clock: untold_ns is up to then */
	uint64_t untold_ns; /* waited, and no row tells of it */
	struct blocked_wait *wait; /* NULL: it runs, or was not sampled */
};

/** Nothing is seen of it since the last gap: it waits, for who runs is seen to
 *  be switched out ere long. */
void blocked_note_unseen(struct blocked_thread *thread);

/** Moves what it has waited until @until_ns to what is to be told. */
void blocked_count(const struct blocked *blocked, struct blocked_thread *thread,
		   uint64_t until_ns);

/** The thread has not waited since @time_ns, as far as anybody knows. */
void blocked_count_nothing(const struct blocked *blocked,
			   struct blocked_thread *thread, uint64_t time_ns);

/** @wait has lasted until @end_ns, unless @fate is another than stored. */
void blocked_end(struct blocked *blocked, struct blocked_wait *wait,
		 uint64_t end_ns, enum sample_fate fate);

/** The same of one that a gap has passed over, where nobody knows better. */
void blocked_end_unknown(struct blocked *blocked, struct blocked_wait *wait,
			 uint64_t until_ns);

#endif
