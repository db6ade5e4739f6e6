/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For LD_PRELOAD: two seconds after the first look at CLOCK_BOOTTIME it has
 * gained ten, as of a host that was suspended.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	static time_t begun;
	int status = (int)syscall(SYS_clock_gettime, clock, ret);

	if (status || clock != CLOCK_BOOTTIME)
		return status;
	if (!begun)
		begun = ret->tv_sec;
	if (ret->tv_sec >= begun + 2)
		ret->tv_sec += 10;
	return 0;
}
