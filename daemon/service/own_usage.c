// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/own_usage.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <fcntl.h>

static uint64_t cpu_of(pid_t pid)
{
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0)
		return 0;
	return clock_now_ns(clock);
}

// /proc/PID/statm: "6464 3012 2087 ...": pages, of those resident.
static uint64_t memory_of(pid_t pid)
{
	unsigned long long pages = 0;
	char path[32], text[128];
	_cleanup_close_ int fd = -1;
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (size <= 0)
		return 0;
	text[size] = 0;
	if (sscanf(text, "%*u %llu", &pages) != 1)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

struct own_usage own_usage_read(pid_t other)
{
	struct own_usage usage = {
		.cpu_ns = clock_now_ns(CLOCK_PROCESS_CPUTIME_ID),
		.memory_bytes = memory_of(getpid()),
	};

	if (other && other != getpid()) {
		usage.cpu_ns += cpu_of(other);
		usage.memory_bytes += memory_of(other);
	}
	return usage;
}
