// SPDX-License-Identifier: Apache-2.0
#include "base/array.h"

#include <stdint.h>
#include <stdlib.h>

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
