// SPDX-License-Identifier: Apache-2.0
#include "unwind/guarded_memory.h"

#include <errno.h>
#include <unistd.h>

void guarded_ranges_add(struct guarded_ranges *ranges, uint64_t start,
			uint64_t end)
{
	struct guarded_range *last =
		ranges->count ? &ranges->range[ranges->count - 1] : NULL;

	if (last && (start <= last->end || ranges->count == GUARDED_RANGES)) {
		last->end = end;
		return;
	}
	ranges->range[ranges->count++] = (struct guarded_range){ start, end };
}

void guarded_ranges_close(struct guarded_ranges *ranges)
{
	ranges->range[0] = (struct guarded_range){ 0, UINT64_MAX };
	ranges->count = 1;
}

// The first range that ends behind @vaddr; count: none.
static uint32_t first_behind(const struct guarded_ranges *ranges,
			     uint64_t vaddr)
{
	uint32_t low = 0, high = ranges->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (ranges->range[middle].end <= vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t guarded_ranges_readable(const struct guarded_ranges *ranges,
			       uint64_t vaddr, size_t size)
{
	uint32_t next = first_behind(ranges, vaddr);
	uint64_t start;

	if (next == ranges->count)
		return size;
	start = ranges->range[next].start;
	if (vaddr >= start)
		return 0;
	return size < start - vaddr ? size : (size_t)(start - vaddr);
}

static ssize_t read_guarded(void *context, uint64_t vaddr, void *ret,
			    size_t size)
{
	const struct guarded_memory *memory = context;
	size_t readable = guarded_ranges_readable(&memory->ranges, vaddr, size);

	if (size && !readable) {
		errno = EFAULT;
		return -1;
	}
	return pread(memory->fd, ret, readable, (off_t)vaddr);
}

struct live_memory live_memory_guarded(const struct guarded_memory *memory)
{
	return (struct live_memory){ .read = read_guarded,
				     .context = (void *)memory };
}
