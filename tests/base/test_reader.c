// SPDX-License-Identifier: Apache-2.0
#include "base/reader.h"

#include "tests/cmocka.h"

static void reads_fixed_width_values(void **state)
{
	static const uint8_t bytes[] = { 1, 2,	3,  4,	5,  6,	7, 8,
					 9, 10, 11, 12, 13, 14, 15 };
	struct reader reader;

	(void)state;
	reader_init(&reader, bytes, sizeof(bytes));
	assert_int_equal(reader_u8(&reader), 0x01);
	assert_int_equal(reader_u16(&reader), 0x0302);
	assert_int_equal(reader_u32(&reader), 0x07060504);
	assert_int_equal(reader_u64(&reader), 0x0f0e0d0c0b0a0908);
	assert_int_equal(reader_left(&reader), 0);
	assert_false(reader.failed);
}

static void failure_stays_and_yields_zero(void **state)
{
	static const uint8_t bytes[] = { 0xff, 0xff, 0xff };
	struct reader reader;

	(void)state;
	reader_init(&reader, bytes, sizeof(bytes));
	assert_int_equal(reader_u32(&reader), 0);
	assert_true(reader.failed);
	assert_int_equal(reader_u8(&reader), 0);
	assert_null(reader_bytes(&reader, 1));
}

static void sizes_do_not_wrap_around(void **state)
{
	static const uint8_t bytes[4] = { 0 };
	struct reader reader;

	(void)state;
	reader_init(&reader, bytes, sizeof(bytes));
	assert_int_equal(reader_u8(&reader), 0);
	assert_null(reader_bytes(&reader, SIZE_MAX));
	reader_init(&reader, bytes, sizeof(bytes));
	reader_seek(&reader, 4);
	assert_false(reader.failed);
	reader_seek(&reader, 5);
	assert_true(reader.failed);
}

static uint64_t uleb(const void *bytes, size_t size, bool *failed)
{
	struct reader reader;
	uint64_t value;

	reader_init(&reader, bytes, size);
	value = reader_uleb128(&reader);
	*failed = reader.failed;
	return value;
}

static void reads_uleb128(void **state)
{
	bool failed;

	(void)state;
	// DWARF 5 figure 22.
	assert_int_equal(uleb("\x02", 1, &failed), 2);
	assert_int_equal(uleb("\xe5\x8e\x26", 3, &failed), 624485);
	assert_int_equal(uleb("\x80\x01", 2, &failed), 128);
	assert_int_equal(uleb("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10,
			      &failed),
			 UINT64_MAX);
	assert_false(failed);
	// Padded to a fixed width.
	assert_int_equal(uleb("\x81\x80\x80\x80\x00", 5, &failed), 1);
	assert_false(failed);
}

static void rejects_bad_uleb128(void **state)
{
	bool failed;

	(void)state;
	uleb("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, &failed);
	assert_true(failed);
	uleb("\x80\x80", 2, &failed);
	assert_true(failed);
	uleb("", 0, &failed);
	assert_true(failed);
}

static int64_t sleb(const void *bytes, size_t size)
{
	struct reader reader;

	reader_init(&reader, bytes, size);
	return reader_sleb128(&reader);
}

static void reads_sleb128(void **state)
{
	(void)state;
	// DWARF 5 figure 23.
	assert_int_equal(sleb("\x02", 1), 2);
	assert_int_equal(sleb("\x7e", 1), -2);
	assert_int_equal(sleb("\xff\x00", 2), 127);
	assert_int_equal(sleb("\x81\x7f", 2), -127);
	assert_int_equal(sleb("\x80\x7f", 2), -128);
	assert_int_equal(sleb("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f", 10),
			 INT64_MIN);
}

static void strings_end_inside_the_bytes(void **state)
{
	struct reader reader;

	(void)state;
	reader_init(&reader, "one\0two", 7);
	assert_string_equal(reader_string(&reader), "one");
	assert_null(reader_string(&reader));
	assert_true(reader.failed);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_fixed_width_values),
		cmocka_unit_test(failure_stays_and_yields_zero),
		cmocka_unit_test(sizes_do_not_wrap_around),
		cmocka_unit_test(reads_uleb128),
		cmocka_unit_test(rejects_bad_uleb128),
		cmocka_unit_test(reads_sleb128),
		cmocka_unit_test(strings_end_inside_the_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
