// SPDX-License-Identifier: Apache-2.0
/*
 * For --enable-thread-sanitizer alone: ThreadSanitizer (of GCC 12 and Clang 14)
 * does not know that pthread_clockjoin_np() ends a thread. It knows
 * pthread_timedjoin_np(), by a clock that may be set meanwhile.
 */
#include "base/clock.h"

#include <pthread.h>

int pthread_clockjoin_np(pthread_t thread, void **ret, clockid_t clock,
			 const struct timespec *until)
{
	uint64_t until_ns = (uint64_t)until->tv_sec * NS_PER_SEC +
			    (uint64_t)until->tv_nsec;
	uint64_t now_ns = clock_now_ns(clock);
	uint64_t wall_ns = clock_now_ns(CLOCK_REALTIME);
	struct timespec wall;

	if (until_ns > now_ns)
		wall_ns += until_ns - now_ns;
	wall = (struct timespec){ (time_t)(wall_ns / NS_PER_SEC),
				  (long)(wall_ns % NS_PER_SEC) };
	return pthread_timedjoin_np(thread, ret, &wall);
}
