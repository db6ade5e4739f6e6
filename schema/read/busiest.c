// SPDX-License-Identifier: Apache-2.0
#include "schema/read/busiest.h"

#include <stdlib.h>

bool busiest_init(struct busiest *busiest, size_t most)
{
	*busiest = (struct busiest){
		.entries = calloc(most + 1, sizeof(*busiest->entries)),
		.most = most,
	};
	return busiest->entries;
}

void busiest_deinit(struct busiest *busiest)
{
	free(busiest->entries);
	*busiest = (struct busiest){ 0 };
}

static int compare(const void *left, const void *right)
{
	const struct busiest_entry *a = left, *b = right;

	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

// The least busy one is on top, where the next one that is kept replaces it.
static void sink(struct busiest *busiest, size_t at)
{
	struct busiest_entry *entries = busiest->entries;

	for (;;) {
		struct busiest_entry entry = entries[at];
		size_t child = 2 * at + 1;

		if (child >= busiest->count)
			return;
		if (child + 1 < busiest->count &&
		    compare(&entries[child + 1], &entries[child]) > 0)
			child++;
		if (compare(&entry, &entries[child]) >= 0)
			return;
		entries[at] = entries[child];
		entries[child] = entry;
		at = child;
	}
}

void busiest_offer(struct busiest *busiest, uint64_t weight, uint32_t index)
{
	const struct busiest_entry entry = { weight, index };

	if (busiest->count < busiest->most) {
		busiest->entries[busiest->count++] = entry;
		if (busiest->count == busiest->most)
			for (size_t i = busiest->count / 2; i-- > 0;)
				sink(busiest, i);
		return;
	}
	if (!busiest->most || compare(&entry, &busiest->entries[0]) > 0)
		return;
	busiest->entries[0] = entry;
	sink(busiest, 0);
}

void busiest_sort(struct busiest *busiest)
{
	if (busiest->count)
		qsort(busiest->entries, busiest->count,
		      sizeof(*busiest->entries), compare);
}
