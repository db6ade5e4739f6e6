// SPDX-License-Identifier: Apache-2.0
#include "unwind/native/cfi_ranges.h"

#include "base/array.h"

#include <stdlib.h>

bool cfi_ranges_add(struct cfi_ranges *ranges, struct cfi_range range)
{
	if (!array_reserve_one(ranges->items, ranges->count, ranges->capacity))
		return false;
	ranges->items[ranges->count++] = range;
	return true;
}

void cfi_ranges_deinit(struct cfi_ranges *ranges)
{
	free(ranges->items);
	*ranges = (struct cfi_ranges){ 0 };
}

// Entry numbers grow in file order, which decides between equal starts.
static int compare_ranges(const void *left, const void *right)
{
	const struct cfi_range *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->first_entry != b->first_entry)
		return a->first_entry < b->first_entry ? -1 : 1;
	return 0;
}

static void sort(struct cfi_ranges *ranges)
{
	for (size_t i = 1; i < ranges->count; i++)
		if (compare_ranges(&ranges->items[i - 1],
				   &ranges->items[i]) > 0) {
			qsort(ranges->items, ranges->count,
			      sizeof(*ranges->items), compare_ranges);
			return;
		}
}

static bool add_clipped(struct cfi_ranges *ranges, struct cfi_range range,
			uint32_t start, uint32_t end)
{
	if (start >= end)
		return true;
	range.start = start;
	range.end = end;
	return cfi_ranges_add(ranges, range);
}

// Adds what @taken, sorted and disjoint, leaves free of sorted @from. Both
// only advance, so the work and the result are bounded by their sum.
static bool add_free(const struct cfi_ranges *from,
		     const struct cfi_ranges *taken, struct cfi_ranges *ret)
{
	uint32_t done = 0;
	size_t t = 0;

	for (size_t i = 0; i < from->count; i++) {
		struct cfi_range range = from->items[i];

		if (done < range.start)
			done = range.start;
		for (; t < taken->count && done < range.end; t++) {
			const struct cfi_range *other = &taken->items[t];

			if (other->start >= range.end)
				break;
			if (!add_clipped(ret, range, done, other->start))
				return false;
			if (done < other->end)
				done = other->end;
			if (done >= range.end)
				break;
		}
		if (!add_clipped(ret, range, done, range.end))
			return false;
		if (done < range.end)
			done = range.end;
	}
	return true;
}

bool cfi_ranges_merge(struct cfi_ranges *first, struct cfi_ranges *second,
		      struct cfi_ranges *ret)
{
	struct cfi_ranges disjoint = { 0 };
	bool good;

	sort(first);
	sort(second);
	good = add_free(first, &(struct cfi_ranges){ 0 }, &disjoint) &&
	       add_free(second, &disjoint, ret);
	for (size_t i = 0; i < disjoint.count && good; i++)
		good = cfi_ranges_add(ret, disjoint.items[i]);
	if (good)
		sort(ret);
	cfi_ranges_deinit(&disjoint);
	return good;
}
