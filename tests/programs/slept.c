/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For LD_PRELOAD: three seconds after the first look at CLOCK_BOOTTIME it has
 * gained ten, as of a host that was suspended.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	static long begun_ms;
	int status = (int)syscall(SYS_clock_gettime, clock, ret);
	long now_ms = ret->tv_sec * 1000 + ret->tv_nsec / 1000000;

	if (status || clock != CLOCK_BOOTTIME)
		return status;
	if (!begun_ms)
		begun_ms = now_ms;
	if (now_ms - begun_ms >= 3000)
		ret->tv_sec += 10;
	return 0;
}
