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

// What was taken before is not allocated again.
static void test_prepared(void **state)
{
	enum { COUNT = 5000 };
	struct intern intern = { 0 };
	const struct intern_key *keys;
	const uint32_t *slots;

	(void)state;
	assert_int_equal(intern_add(&intern, (struct intern_key){ 0, 1 }), 1);
	assert_true(intern_prepare(&intern, COUNT));
	keys = intern.keys;
	slots = intern.slots;
	for (uint32_t i = 2; i <= COUNT; i++)
		assert_int_equal(intern_add(&intern,
					    (struct intern_key){ i, 1 }),
				 i);
	assert_ptr_equal(intern.keys, keys);
	assert_ptr_equal(intern.slots, slots);
	assert_int_equal(intern_find(&intern, (struct intern_key){ 0, 1 }), 1);
	assert_int_equal(intern_find(&intern, (struct intern_key){ 9, 1 }), 9);
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

static struct intern_key key_of(uint32_t number)
{
	// Of some 100 first slots, so that many lie behind one another.
	return (struct intern_key){ number % 100, number % 100 ^ number << 8 };
}

// Numbers go on; the latest are found, those before are not.
static void test_window(void **state)
{
	enum { WINDOW = 64, COUNT = 5000 };
	struct intern intern = { .window = WINDOW };
	size_t slot_count = 0;

	(void)state;
	for (uint32_t i = 1; i <= COUNT; i++) {
		assert_int_equal(intern_add(&intern, key_of(i)), i);
		for (uint32_t j = i > WINDOW ? i - WINDOW : 0; ++j <= i;)
			assert_int_equal(intern_find(&intern, key_of(j)), j);
		if (i > WINDOW)
			assert_int_equal(
				intern_find(&intern, key_of(i - WINDOW)), 0);
		if (i == WINDOW)
			slot_count = intern.slot_count;
	}
	assert_int_equal(intern.slot_count, slot_count);
	assert_int_equal(intern.capacity, WINDOW);
	intern_deinit(&intern);
	assert_int_equal(intern.window, WINDOW);
}

static void test_undo_in_window(void **state)
{
	struct intern intern = { .window = 16 };

	(void)state;
	for (uint32_t i = 1; i <= 1000; i++) {
		assert_int_equal(intern_add(&intern, key_of(i)), i);
		intern_undo(&intern);
		assert_int_equal(intern_find(&intern, key_of(i)), 0);
		assert_int_equal(intern_add(&intern, key_of(i + 5000)), i);
		assert_int_equal(intern_find(&intern, key_of(i + 5000)), i);
	}
	intern_deinit(&intern);
}

static void test_clear(void **state)
{
	struct intern intern = { 0 };
	size_t capacity;

	(void)state;
	intern_clear(&intern);
	for (uint32_t i = 1; i <= 1000; i++)
		intern_add(&intern, key_of(i));
	capacity = intern.capacity;
	intern_clear(&intern);
	for (uint32_t i = 1; i <= 1000; i++)
		assert_int_equal(intern_find(&intern, key_of(i)), 0);
	for (uint32_t i = 1; i <= 1000; i++)
		assert_int_equal(intern_add(&intern, key_of(1001 - i)), i);
	assert_int_equal(intern.capacity, capacity);
	intern_deinit(&intern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_ids_in_order_of_arrival),
		cmocka_unit_test(test_prepared),
		cmocka_unit_test(test_same_slot),
		cmocka_unit_test(test_undo),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_undo_in_window),
		cmocka_unit_test(test_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
