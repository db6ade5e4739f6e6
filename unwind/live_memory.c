// SPDX-License-Identifier: Apache-2.0
#include "unwind/live_memory.h"

#include <unistd.h>

static ssize_t read_fd(void *context, uint64_t vaddr, void *ret, size_t size)
{
	return pread((int)(intptr_t)context, ret, size, (off_t)vaddr);
}

struct live_memory live_memory_of_fd(int fd)
{
	return (struct live_memory){ .read = read_fd,
				     .context = (void *)(intptr_t)fd };
}
