/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one clock: CLOCK_MONOTONIC in nanoseconds, the clock of every perf
 * record, so that record times and our own reads compare directly.
 */
#ifndef BRINDLE_BASE_CLOCK_H
#define BRINDLE_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_SEC UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

static inline uint64_t clock_now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

static inline uint64_t monotonic_ns(void)
{
	return clock_now_ns(CLOCK_MONOTONIC);
}

#endif
