/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a deep stack takes milliseconds, in which its thread stands still, and
 * so does all else on its CPU. No process is held up so for more than about a
 * tenth of the time: after such a stack its next ones are read in part only
 * (CAPTURE_SNAPSHOT_MIN), until the rest is over. They are unproven, and counted.
 */
#ifndef BRINDLE_DAEMON_CAPTURE_DEEP_REST_H
#define BRINDLE_DAEMON_CAPTURE_DEEP_REST_H

#include <stdint.h>

enum {
	DEEP_HELD_NS = 1000 * 1000, /* what takes less is no deep stack */
	/* More pages than FREEZER_WORK_MAX take: the reader was late, and the
	   thread was not held for all of it. */
	DEEP_HELD_NS_MAX = 10 * 1000 * 1000,
	DEEP_REST_SHARE = 9,
};

/**
 * Until when a process rests of which @bytes were read, from the sample at
 * @sample_ns to @end_ns, both of CLOCK_MONOTONIC. 0: it need not.
 */
uint64_t deep_rest_until(uint64_t sample_ns, uint64_t end_ns, uint32_t bytes);

#endif
