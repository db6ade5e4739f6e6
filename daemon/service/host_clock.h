/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Did somebody set the clock, and did the host sleep? Samples are ordered by
 * CLOCK_MONOTONIC, which knows neither; the wall time stored beside them has to
 * be told. Three clocks, looked at together again and again, say it: time that
 * CLOCK_BOOTTIME gained on CLOCK_MONOTONIC was slept, and what
 * CLOCK_REALTIME gained besides was set.
 *
 * Slewing (adjtime(3), NTP) moves both clocks and is no step. Small steps add
 * up until they are worth telling.
 */
#ifndef BRINDLE_DAEMON_SERVICE_HOST_CLOCK_H
#define BRINDLE_DAEMON_SERVICE_HOST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum { HOST_CLOCK_STEP_MS = 100 };

struct host_clock_reading {
	uint64_t monotonic_ns, wall_ns, boot_ns;
};

/** The offsets told last. */
struct host_clock {
	int64_t wall_offset_ns; /* wall less monotonic */
	int64_t slept_ns;	/* boot less monotonic */
	bool begun;
};

enum host_clock_change {
	HOST_CLOCK_SAME,
	HOST_CLOCK_STEPPED,
	HOST_CLOCK_SUSPENDED, /* and perhaps set besides */
};

/** All three at one instant. False: they could not be had close enough. */
bool host_clock_read(struct host_clock_reading *ret);

/** What changed since the last change; the first look begins. By how much the
 *  wall clock was moved, or how long the host slept, is in @ret_ns. */
enum host_clock_change
host_clock_look(struct host_clock *clock,
		const struct host_clock_reading *reading, int64_t *ret_ns);

#endif
