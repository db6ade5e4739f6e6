// SPDX-License-Identifier: Apache-2.0
#include "unwind/guarded_memory.h"

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
