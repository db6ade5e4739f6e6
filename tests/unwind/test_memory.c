// SPDX-License-Identifier: Apache-2.0
#include "unwind/memory.h"

#include "tests/cmocka.h"

static void test_ranges(void **state)
{
	static const uint8_t bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	struct memory memory = { .segment_count = 0 };
	uint64_t word;

	(void)state;
	assert_true(memory_add(&memory, 0x1000, bytes, sizeof(bytes)));
	assert_ptr_equal(memory_at(&memory, 0x1000, 16), bytes);
	assert_ptr_equal(memory_at(&memory, 0x1008, 8), bytes + 8);
	assert_null(memory_at(&memory, 0x1009, 8));
	assert_null(memory_at(&memory, 0xfff, 2));
	assert_null(memory_at(&memory, 0x1010, 1));
	assert_null(memory_at(&memory, 0x1000, 17));
	assert_null(memory_at(&memory, 0x1008, UINT64_MAX));
	assert_true(memory_read_u64(&memory, 0x1000, &word));
	assert_int_equal(word, 0x0807060504030201);
	assert_false(memory_read_u64(&memory, 0x100c, &word));
}

static void test_top_of_address_space(void **state)
{
	static const uint8_t bytes[16];
	struct memory memory = { .segment_count = 0 };
	uint64_t word;

	(void)state;
	assert_true(memory_add(&memory, UINT64_MAX - 15, bytes, 16));
	assert_true(memory_read_u64(&memory, UINT64_MAX - 7, &word));
	assert_false(memory_read_u64(&memory, UINT64_MAX - 6, &word));
	assert_false(memory_read_u64(&memory, 0, &word));
}

static void test_first_segment_answers(void **state)
{
	static const uint8_t stack[8] = { 1 }, other[32] = { 2 };
	struct memory memory = { .segment_count = 0 };

	(void)state;
	memory_add(&memory, 0x1000, stack, sizeof(stack));
	memory_add(&memory, 0x1000, other, sizeof(other));
	assert_ptr_equal(memory_at(&memory, 0x1000, 8), stack);
	assert_ptr_equal(memory_at(&memory, 0x1004, 8), other + 4);
}

static void test_full_table(void **state)
{
	struct memory memory = { .segment_count = 0 };
	static const uint8_t bytes[1];

	(void)state;
	for (unsigned int i = 0; i < MEMORY_SEGMENT_MAX; i++)
		assert_true(memory_add(&memory, i, bytes, 1));
	assert_false(memory_add(&memory, 5000, bytes, 1));
	assert_null(memory_at(&memory, 5000, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_top_of_address_space),
		cmocka_unit_test(test_first_segment_answers),
		cmocka_unit_test(test_full_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
