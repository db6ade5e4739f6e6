// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/text.h"

#include "tests/cmocka.h"

#include "base/cleanup.h"
#include "tests/unwind/python/fake_memory.h"

enum { STATE_COMPACT = 1u << 5, STATE_ASCII = 1u << 6 };

static const uint64_t address = FAKE_MEMORY_BASE + 4096;

static uint32_t state_of(unsigned int kind, uint32_t flags)
{
	return kind << 2 | flags | 1; // interned, which must not matter
}

static void put_text(struct fake_memory *memory,
		     const struct python_layout *layout, uint64_t at,
		     uint32_t state, const void *data, size_t units)
{
	uint32_t start = state & STATE_ASCII ? layout->text.ascii_data :
					       layout->text.compact_data;

	fake_put_u64(memory, at + layout->text.length, units);
	fake_put_u32(memory, at + layout->text.state, state);
	fake_put(memory, at + start, data, units * (state >> 2 & 7));
}

static void assert_text(struct fake_memory *memory,
			const struct python_layout *layout, size_t limit,
			const char *expected, bool expected_truncated)
{
	struct live_memory live = fake_live(memory);
	bool truncated = !expected_truncated;
	_cleanup_free_ char *text =
		python_text_read(layout, &live, address, limit, &truncated);

	assert_non_null(text);
	assert_string_equal(text, expected);
	assert_int_equal(truncated, expected_truncated);
}

static void reads_each_kind(void **state)
{
	static const uint8_t latin1[] = { 'a', 0xe9, 0xff };
	static const uint16_t two[] = { 'a', 0x416, 0x20ac };
	static const uint32_t four[] = { 'a', 0x416, 0x1f404 };
	static struct fake_memory memory;
	const struct python_layout *layout;

	(void)state;
	for (unsigned int i = 0; (layout = python_layout_at(i)); i++) {
		put_text(&memory, layout, address,
			 state_of(1, STATE_COMPACT | STATE_ASCII), "spam", 4);
		assert_text(&memory, layout, 100, "spam", false);
		put_text(&memory, layout, address, state_of(1, STATE_COMPACT),
			 latin1, 3);
		assert_text(&memory, layout, 100, "a\xc3\xa9\xc3\xbf", false);
		put_text(&memory, layout, address, state_of(2, STATE_COMPACT),
			 two, 3);
		assert_text(&memory, layout, 100, "a\xd0\x96\xe2\x82\xac",
			    false);
		put_text(&memory, layout, address, state_of(4, STATE_COMPACT),
			 four, 3);
		assert_text(&memory, layout, 100, "a\xd0\x96\xf0\x9f\x90\x84",
			    false);
	}
}

static void escapes_what_is_no_text(void **state)
{
	static const uint16_t two[] = { 0xdcff, 0xd800, 0xdfff };
	static const uint32_t four[] = { 0xdc80, 0x110000, 0xffffffff };
	_cleanup_free_ char *nul = python_text_to_utf8("a\0b", 3, 1);
	_cleanup_free_ char *lone = python_text_to_utf8(two, 3, 2);
	_cleanup_free_ char *wild = python_text_to_utf8(four, 3, 4);
	_cleanup_free_ char *none = python_text_to_utf8("", 0, 1);

	(void)state;
	assert_string_equal(nul, "a\\x00b");
	assert_string_equal(lone, "\\udcff\\ud800\\udfff");
	assert_string_equal(wild, "\\udc80\xef\xbf\xbd\xef\xbf\xbd");
	assert_string_equal(none, "");
}

static void cuts_long_text(void **state)
{
	static struct fake_memory memory;
	static uint16_t data[5000];
	const struct python_layout *layout = python_layout_at(0);
	char expected[2 * 4096 + 1];

	(void)state;
	for (size_t i = 0; i < 5000; i++)
		data[i] = 0xe9;
	for (size_t i = 0; i < 4096; i++)
		memcpy(expected + 2 * i, "\xc3\xa9", 3);
	put_text(&memory, layout, address, state_of(2, STATE_COMPACT), data,
		 5000);
	assert_text(&memory, layout, 4096, expected, true);
	expected[2 * 5] = '\0';
	assert_text(&memory, layout, 5, expected, true);
	put_text(&memory, layout, address, state_of(2, STATE_COMPACT), data, 5);
	assert_text(&memory, layout, 5, expected, false);
}

static void refuses_what_is_no_str(void **state)
{
	static const uint32_t states[] = {
		1 << 2,				     // not compact
		3 << 2 | STATE_COMPACT,		     // no such kind
		0 | STATE_COMPACT,		     // the same
		2 << 2 | STATE_COMPACT | STATE_ASCII // ASCII is one byte
	};
	static struct fake_memory memory;
	const struct python_layout *layout = python_layout_at(1);
	struct live_memory live = fake_live(&memory);
	bool truncated;

	(void)state;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		put_text(&memory, layout, address, states[i], "spam", 1);
		assert_null(python_text_read(layout, &live, address, 100,
					     &truncated));
	}
	assert_null(python_text_read(layout, &live, 4096, 100, &truncated));
}

static void refuses_what_is_cut_off(void **state)
{
	static struct fake_memory memory;
	const struct python_layout *layout = python_layout_at(1);
	struct live_memory live = fake_live(&memory);
	uint64_t end = FAKE_MEMORY_BASE + FAKE_MEMORY_BYTES;
	uint64_t late = end - layout->text.ascii_data - 4;
	bool truncated;

	(void)state;
	put_text(&memory, layout, late,
		 state_of(1, STATE_COMPACT | STATE_ASCII), "spam", 4);
	free(python_text_read(layout, &live, late, 100, &truncated));
	fake_put_u64(&memory, late + layout->text.length, 5);
	assert_null(python_text_read(layout, &live, late, 100, &truncated));
	assert_null(python_text_read(layout, &live, end - 16, 100, &truncated));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each_kind),
		cmocka_unit_test(escapes_what_is_no_text),
		cmocka_unit_test(cuts_long_text),
		cmocka_unit_test(refuses_what_is_no_str),
		cmocka_unit_test(refuses_what_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
