// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/deep_rest.h"

#include "daemon/capture/capture_queue.h"
#include "tests/cmocka.h"

enum { SAMPLE_NS = 1000, MS = 1000 * 1000, DEEP_BYTES = 1 << 20 };

static uint64_t rest_after(uint64_t held_ns, uint32_t bytes)
{
	uint64_t end_ns = SAMPLE_NS + held_ns;
	uint64_t until = deep_rest_until(SAMPLE_NS, end_ns, bytes);

	return until ? until - end_ns : 0;
}

static void ordinary_stacks_need_none(void **state)
{
	(void)state;
	assert_int_equal(rest_after(DEEP_HELD_NS - 1, DEEP_BYTES), 0);
	assert_int_equal(rest_after(5 * MS, CAPTURE_SNAPSHOT_MIN), 0);
}

static void a_tenth_of_the_time_at_most(void **state)
{
	(void)state;
	for (uint64_t held = DEEP_HELD_NS; held <= DEEP_HELD_NS_MAX;
	     held += MS / 2)
		assert_true(held * 10 <= held + rest_after(held, DEEP_BYTES));
}

/** A reader that was late has not held the thread up all the while. */
static void a_late_reader_costs_little(void **state)
{
	(void)state;
	assert_int_equal(rest_after(1000ull * MS, DEEP_BYTES),
			 rest_after(DEEP_HELD_NS_MAX, DEEP_BYTES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_stacks_need_none),
		cmocka_unit_test(a_tenth_of_the_time_at_most),
		cmocka_unit_test(a_late_reader_costs_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
