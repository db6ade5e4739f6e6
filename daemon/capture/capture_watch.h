/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a capture thread hang? Memory that a target maps can be backed by a file
 * system that never answers, or by a userfaultfd handler that does not; a read
 * of it never ends, and no signal helps. Somebody else looks from time to time
 * at which read the thread is in: the same one for too long is a hang.
 *
 * Time counts only as far as the looker was there to see it: when the whole
 * host stood still, nobody hung.
 */
#ifndef BRINDLE_DAEMON_CAPTURE_CAPTURE_WATCH_H
#define BRINDLE_DAEMON_CAPTURE_CAPTURE_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	CAPTURE_STUCK_MS = 200,
	CAPTURE_WATCH_STEP_MS = 75, /* most that one look counts for */
};

struct capture_watch {
	uint64_t reading; /* the read seen last; 0: none */
	uint64_t seen_ns; /* when that was */
	uint64_t lasted_ns; /* how long it has been the same */
};

/** One look at @now_ns: the thread is in read @reading, 0 for none. True: it has
 *  been in this one for CAPTURE_STUCK_MS. */
bool capture_watch_look(struct capture_watch *watch, uint64_t reading,
			uint64_t now_ns);

/** Whether the kernel lets thread @tid of ours run: one that is only waiting for
 *  its turn does not hang. */
bool capture_watch_is_runnable(pid_t tid);

#endif
