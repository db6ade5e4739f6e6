// SPDX-License-Identifier: Apache-2.0
#include "daemon/perf/perf_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

enum { RING_BYTES = 64 };

/** A ring of eight words that no kernel writes. */
struct fake {
	struct perf_event_mmap_page page;
	uint64_t words[RING_BYTES / 8];
	struct perf_ring ring;
};

static void fake_init(struct fake *fake)
{
	memset(fake, 0, sizeof(*fake));
	for (unsigned int i = 0; i < RING_BYTES / 8; i++)
		fake->words[i] = 0x0101010101010101 * i;
	fake->ring = (struct perf_ring){ .page = &fake->page,
					 .data = (const uint8_t *)fake->words,
					 .size = RING_BYTES,
					 .fd = -1 };
}

static void test_positions(void **state)
{
	struct fake fake;

	(void)state;
	fake_init(&fake);
	fake.page.data_head = 1000;
	assert_int_equal(perf_ring_head(&fake.ring), 1000);
	perf_ring_set_scanned(&fake.ring, 900);
	assert_int_equal(perf_ring_scanned(&fake.ring), 900);
	perf_ring_set_tail(&fake.ring, 800);
	assert_int_equal(perf_ring_tail(&fake.ring), 800);
	assert_int_equal(fake.page.data_tail, 800);
}

static void test_contiguous_bytes_stay_in_place(void **state)
{
	struct fake fake;
	uint64_t scratch[2] = { 99, 99 };
	const void *bytes;

	(void)state;
	fake_init(&fake);
	bytes = perf_ring_bytes(&fake.ring, 10 * RING_BYTES + 48, 16, scratch);
	assert_ptr_equal(bytes, &fake.words[6]);
	assert_int_equal(scratch[0], 99);
}

static void test_wrapped_bytes_are_copied(void **state)
{
	struct fake fake;
	uint64_t scratch[3];
	const uint64_t *words;

	(void)state;
	fake_init(&fake);
	words = perf_ring_bytes(&fake.ring, 3 * RING_BYTES + 56, 24, scratch);
	assert_ptr_equal(words, scratch);
	assert_int_equal(words[0], fake.words[7]);
	assert_int_equal(words[1], fake.words[0]);
	assert_int_equal(words[2], fake.words[1]);
}

static void test_claims_beyond_the_ring_are_cut(void **state)
{
	struct fake fake;
	uint64_t scratch[RING_BYTES / 8 + 1];

	(void)state;
	fake_init(&fake);
	scratch[RING_BYTES / 8] = 99;
	perf_ring_bytes(&fake.ring, 8, RING_BYTES + 8, scratch);
	assert_int_equal(scratch[0], fake.words[1]);
	assert_int_equal(scratch[7], fake.words[0]);
	assert_int_equal(scratch[8], 99);
}

static void test_header_and_word(void **state)
{
	struct perf_event_header header = { PERF_RECORD_EXIT, 2, 24 };
	struct fake fake;

	(void)state;
	fake_init(&fake);
	memcpy(&fake.words[7], &header, sizeof(header));
	header = perf_ring_header(&fake.ring, RING_BYTES * 5 + 56);
	assert_int_equal(header.type, PERF_RECORD_EXIT);
	assert_int_equal(header.misc, 2);
	assert_int_equal(header.size, 24);
	assert_int_equal(perf_ring_word(&fake.ring, RING_BYTES + 16),
			 fake.words[2]);
}

static void test_a_file_is_no_ring(void **state)
{
	struct perf_ring *ring = NULL;
	struct error *error = perf_ring_create(-1, 1 << 20, &ring);

	(void)state;
	assert_non_null(error);
	assert_null(ring);
	error_destroy(error);
	perf_ring_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_positions),
		cmocka_unit_test(test_contiguous_bytes_stay_in_place),
		cmocka_unit_test(test_wrapped_bytes_are_copied),
		cmocka_unit_test(test_claims_beyond_the_ring_are_cut),
		cmocka_unit_test(test_header_and_word),
		cmocka_unit_test(test_a_file_is_no_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
