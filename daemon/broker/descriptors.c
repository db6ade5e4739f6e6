// SPDX-License-Identifier: Apache-2.0
#include "daemon/broker/descriptors.h"

#include <errno.h>
#include <linux/close_range.h>

static int compare(const void *left, const void *right)
{
	const int *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

struct error *descriptors_close_others(int *kept, size_t count)
{
	unsigned int next = STDERR_FILENO + 1;

	if (count)
		qsort(kept, count, sizeof(*kept), compare);
	for (size_t i = 0; i <= count; i++) {
		unsigned int kept_fd = i < count ? (unsigned int)kept[i] : ~0u;

		if (i < count && kept[i] <= STDERR_FILENO)
			continue;
		if (kept_fd > next && close_range(next, kept_fd - 1, 0))
			return error_from_errno(errno, "close descriptors");
		next = kept_fd + 1;
	}
	return NULL;
}
