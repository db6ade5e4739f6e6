// SPDX-License-Identifier: Apache-2.0
#include "schema/read/id_map.h"

#include <stdlib.h>

#include "tests/cmocka.h"

enum { IDS = 5000, SPAN = 100000 };

// Every number is where it was put, and all others are 0, near and far.
static void test_numbers(void **state)
{
	static uint32_t numbers[SPAN];
	struct id_map map = { .latest_at = 0 };
	unsigned int seed = 3;

	(void)state;
	for (uint32_t i = 1; i <= IDS; i++) {
		int64_t id = rand_r(&seed) % SPAN;

		numbers[id] = i;
		*id_map_at(&map, id) = i;
	}
	for (int64_t id = 0; id < SPAN; id++)
		assert_int_equal(*id_map_at(&map, id), numbers[id]);
	id_map_deinit(&map);
}

// A file may have any ids.
static void test_far(void **state)
{
	struct id_map map = { .latest_at = 0 };

	(void)state;
	*id_map_at(&map, INT64_MAX) = 1;
	*id_map_at(&map, 0) = 2;
	*id_map_at(&map, INT64_MAX - 1) = 3;
	assert_int_equal(*id_map_at(&map, INT64_MAX), 1);
	assert_int_equal(*id_map_at(&map, 0), 2);
	assert_int_equal(*id_map_at(&map, INT64_MAX - 1), 3);
	assert_int_equal(*id_map_at(&map, 1), 0);
	assert_int_equal(map.pages.count, 2);
	id_map_deinit(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
