// SPDX-License-Identifier: Apache-2.0
#include "schema/rollup.h"

void rollup_reader_init(struct rollup_reader *reader, const void *bytes,
			size_t size, uint64_t period)
{
	*reader = (struct rollup_reader){
		.at = bytes,
		.end = size ? (const uint8_t *)bytes + size : bytes,
		.period = period,
	};
}

// Numbers are less than 2^63, as SQLite's are.
static bool take_number(struct rollup_reader *reader, uint64_t *ret)
{
	uint64_t number = 0;

	for (unsigned int shift = 0; shift < 63; shift += 7) {
		uint8_t byte;

		if (reader->at == reader->end)
			return false;
		byte = *reader->at++;
		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*ret = number;
			return true;
		}
	}
	return false;
}

static bool take_group(struct rollup_reader *reader)
{
	struct rollup_stack *stack = &reader->stack;
	uint64_t head;

	*stack = (struct rollup_stack){ 0 };
	if (!take_number(reader, &head))
		return false;
	stack->samples = head >> 1;
	if (!stack->samples)
		return false;
	if (head & 1 ? !take_number(reader, &stack->weight) :
		       __builtin_mul_overflow(stack->samples, reader->period,
					      &stack->weight))
		return false;
	return take_number(reader, &reader->remaining) && reader->remaining;
}

static bool take_stack(struct rollup_reader *reader)
{
	uint64_t delta;

	if (!take_number(reader, &delta) ||
	    __builtin_add_overflow(reader->stack.callsite_id, delta,
				   &reader->stack.callsite_id))
		return false;
	reader->remaining--;
	return true;
}

bool rollup_next(struct rollup_reader *reader, struct rollup_stack *ret)
{
	while (!reader->malformed && !reader->remaining) {
		if (reader->at == reader->end)
			return false;
		reader->malformed = !take_group(reader);
	}
	if (reader->malformed || !take_stack(reader)) {
		reader->malformed = true;
		return false;
	}
	*ret = reader->stack;
	return true;
}
