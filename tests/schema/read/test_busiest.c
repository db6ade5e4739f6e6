// SPDX-License-Identifier: Apache-2.0
// The busiest of many are those that sorting all of them would give.
#include "schema/read/busiest.h"

#include <stdlib.h>

#include "tests/cmocka.h"

enum { COUNT = 1000 };

static int compare(const void *left, const void *right)
{
	const struct busiest_entry *a = left, *b = right;

	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

// Few weights for many, so that there are equals everywhere.
static void check_most(size_t most, uint32_t weights)
{
	struct busiest_entry all[COUNT];
	struct busiest busiest;
	uint32_t state = 2463534242;

	assert_true(busiest_init(&busiest, most));
	for (uint32_t i = 0; i < COUNT; i++) {
		state = state * 1664525 + 1013904223;
		all[i] = (struct busiest_entry){ (state >> 8) % weights, i };
		busiest_offer(&busiest, all[i].weight, i);
	}
	qsort(all, COUNT, sizeof(*all), compare);
	busiest_sort(&busiest);
	assert_int_equal(busiest.count, most < COUNT ? most : COUNT);
	for (size_t i = 0; i < busiest.count; i++) {
		assert_int_equal(busiest.entries[i].weight, all[i].weight);
		assert_int_equal(busiest.entries[i].index, all[i].index);
	}
	busiest_deinit(&busiest);
}

static void test_most(void **state)
{
	static const size_t most[] = { 0, 1, 2, 7, 200, 999, 1000, 5000 };

	(void)state;
	for (size_t i = 0; i < sizeof(most) / sizeof(*most); i++) {
		check_most(most[i], 5);
		check_most(most[i], 1000000);
	}
}

static void test_none(void **state)
{
	struct busiest busiest;

	(void)state;
	assert_true(busiest_init(&busiest, 10));
	busiest_sort(&busiest);
	assert_int_equal(busiest.count, 0);
	busiest_deinit(&busiest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_most),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
