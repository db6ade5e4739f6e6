// SPDX-License-Identifier: Apache-2.0
#include "base/array.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

bool array_reserve(void **items, size_t *capacity, size_t count,
		   size_t element_size)
{
	size_t wanted = *capacity ? *capacity : 16;
	void *grown;

	if (count <= *capacity)
		return true;
	while (wanted < count) {
		if (wanted > SIZE_MAX / 2)
			return false;
		wanted *= 2;
	}
	grown = reallocarray(*items, wanted, element_size);
	if (!grown)
		return false;
	*items = grown;
	*capacity = wanted;
	return true;
}

void memory_take(void *bytes, size_t size)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t first = ((uintptr_t)bytes + page - 1) & ~(page - 1);
	uintptr_t end = ((uintptr_t)bytes + size) & ~(page - 1);

	// A kernel that cannot leaves it for later.
	if (first < end)
		madvise((void *)first, end - first, MADV_POPULATE_WRITE);
}

bool array_prepare(void **items, size_t *capacity, size_t count,
		   size_t element_size)
{
	if (!array_reserve(items, capacity, count, element_size))
		return false;
	memory_take(*items, *capacity * element_size);
	return true;
}
