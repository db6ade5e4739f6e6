// SPDX-License-Identifier: Apache-2.0
#include "base/priority.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

void priority_of_own_session(int nice)
{
	int fd;

	if (getsid(0) != getpid())
		return;
	fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	// Refused where the kernel groups otherwise, or without permission.
	(void)!dprintf(fd, "%d", nice);
	close(fd);
}
