// SPDX-License-Identifier: Apache-2.0
/* The blob of a rollup, from a file that somebody else wrote; and what is read
 * of it, written and read again, is the same. */
#include "schema/store/rollup_builder.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PERIOD = 10 };

struct sums {
	uint64_t samples, weight, callsites;
};

static void add_up(struct sums *sums, const struct rollup_stack *stack)
{
	if (stack->callsite_id < 0 || stack->samples == 0)
		abort();
	sums->samples += stack->samples;
	sums->weight += stack->weight;
	sums->callsites += (uint64_t)stack->callsite_id * stack->samples;
}

static void read_all(const uint8_t *data, size_t size,
		     struct rollup_builder *builder, struct sums *sums)
{
	struct rollup_entry entry = {
		.event_id = 1, .thread_id = 2, .period = PERIOD, .threads = 1,
	};
	struct rollup_reader reader;

	rollup_reader_init(&reader, data, size, PERIOD);
	while (rollup_next(&reader, &entry.stack)) {
		// A blob of ours has no sums that numbers cannot hold.
		if (builder && (entry.stack.samples >> 32 ||
				entry.stack.weight >> 48))
			continue;
		if (builder && !rollup_builder_add(builder, &entry))
			abort();
		add_up(sums, &entry.stack);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rollup_builder builder = { 0 };
	struct sums first = { 0 }, second = { 0 };
	struct rollup_row row = { 0 };

	read_all(data, size, &builder, &first);
	rollup_builder_sort(&builder);
	if (rollup_builder_next(&builder, &row))
		read_all(row.bytes, row.size, NULL, &second);
	if (first.samples != second.samples || first.weight != second.weight ||
	    first.callsites != second.callsites)
		abort();
	if (row.samples != first.samples || row.weight != first.weight)
		abort();
	rollup_builder_deinit(&builder);
	return 0;
}
