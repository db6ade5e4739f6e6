// SPDX-License-Identifier: Apache-2.0
#include "unwind/memory.h"

bool memory_add(struct memory *memory, uint64_t vaddr, const void *bytes,
		uint64_t size)
{
	if (memory->segment_count == MEMORY_SEGMENT_MAX)
		return false;
	memory->segment[memory->segment_count++] =
		(struct memory_segment){ vaddr, size, bytes };
	return true;
}
