// SPDX-License-Identifier: Apache-2.0
#include "schema/store/intern.h"

#include "tests/cmocka.h"

static void test_empty(void **state)
{
	struct intern intern = { 0 };

	(void)state;
	assert_int_equal(intern_find(&intern, (struct intern_key){ 1, 2 }), 0);
	intern_deinit(&intern);
}

static void test_ids_in_order_of_arrival(void **state)
{
	enum { COUNT = 100000 };
	struct intern intern = { 0 };

	(void)state;
	for (uint32_t i = 1; i <= COUNT; i++)
		assert_int_equal(
			intern_add(&intern, (struct intern_key){ i, i % 7 }), i);
	for (uint32_t i = 1; i <= COUNT; i++) {
		assert_int_equal(intern_find(&intern,
					     (struct intern_key){ i, i % 7 }),
				 i);
		assert_int_equal(
			intern_find(&intern, (struct intern_key){ i, 8 }), 0);
	}
	intern_deinit(&intern);
}

// Keys that fall on one slot must still be told apart.
static void test_same_slot(void **state)
{
	struct intern intern = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		intern_add(&intern, (struct intern_key){ i, i });
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(intern_find(&intern,
					     (struct intern_key){ i, i }),
				 i + 1);
	intern_deinit(&intern);
}

static void test_undo(void **state)
{
	struct intern intern = { 0 };
	struct intern_key a = { 1, 1 }, b = { 2, 2 }, c = { 3, 3 };

	(void)state;
	intern_add(&intern, a);
	intern_add(&intern, b);
	intern_undo(&intern);
	assert_int_equal(intern_find(&intern, a), 1);
	assert_int_equal(intern_find(&intern, b), 0);
	assert_int_equal(intern_add(&intern, c), 2);
	assert_int_equal(intern_find(&intern, a), 1);
	assert_int_equal(intern_find(&intern, b), 0);
	intern_deinit(&intern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_ids_in_order_of_arrival),
		cmocka_unit_test(test_same_slot),
		cmocka_unit_test(test_undo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
