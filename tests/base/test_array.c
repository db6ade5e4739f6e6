// SPDX-License-Identifier: Apache-2.0
#include "base/array.h"

#include "tests/cmocka.h"

#include <stdlib.h>

static void grows_and_keeps_its_items(void **state)
{
	size_t count = 0, capacity = 0;
	int *items = NULL;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_true(array_reserve_one(items, count, capacity));
		items[count++] = i;
	}
	assert_true(capacity >= count);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	free(items);
}

static void refuses_what_cannot_be_had(void **state)
{
	size_t capacity = 0;
	void *items = NULL;

	(void)state;
	assert_false(array_reserve(&items, &capacity, SIZE_MAX / 4, 16));
	assert_null(items);
	assert_int_equal(capacity, 0);
}

static void a_count_near_the_limit_ends(void **state)
{
	size_t capacity = 0;
	void *items = NULL;

	(void)state;
	assert_false(array_reserve(&items, &capacity, SIZE_MAX, 1));
	assert_null(items);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_keeps_its_items),
		cmocka_unit_test(refuses_what_cannot_be_had),
		cmocka_unit_test(a_count_near_the_limit_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
