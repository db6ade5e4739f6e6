// SPDX-License-Identifier: Apache-2.0
// Sums by thread, in the order of their rows, whoever was seen first.
#include "schema/read/thread_sums.h"

#include "schema/read/profile.h"
#include "tests/cmocka.h"
#include "tests/schema/store_fixture.h"

enum { THREADS = 6 };

// Whose the samples are, one after the other.
static void make(const char *path, const uint8_t *order, size_t count)
{
	struct store *store = fixture_open_store(path);
	int64_t process = store_process(store, 100, 1, "p");
	int64_t function =
		store_function(store, STORE_NATIVE, "main_c", NULL, 0, 0);
	int64_t frame = store_frame(store, function, STORE_EXACT, 0, 0);
	int64_t threads[THREADS];
	struct store_sample sample = {
		.time_ns = FIXTURE_START_NS,
		.weight = FIXTURE_PERIOD_NS,
		.callsite_id = store_callsite(store, 0, 0, frame),
		.trust = STORE_TRUST_NATIVE,
		.walk_end = "root",
	};

	for (int i = 0; i < THREADS; i++)
		threads[i] = store_thread(store, process, 100 + i, 1, "t");
	for (size_t i = 0; i < count; i++) {
		sample.time_ns++;
		sample.thread_id = threads[order[i]];
		store_add_sample(store, &sample);
	}
	fixture_succeed(store_close(store, FIXTURE_START_NS + 1000000000));
}

static void expect(const uint8_t *order, size_t count,
		   const uint64_t *samples, size_t sum_count)
{
	struct selection selection;
	struct thread_sums sums;
	struct profile *profile;

	make("t.db", order, count);
	profile = fixture_open_profile("t.db");
	fixture_succeed(profile_selection(profile, &selection));
	fixture_succeed(thread_sums_load(&sums, profile_database(profile),
					 &selection, NULL));
	assert_int_equal(sums.count, sum_count);
	for (size_t i = 0; i < sum_count; i++) {
		assert_int_equal(sums.sums[i].samples, samples[i]);
		assert_int_equal(sums.sums[i].weight,
				 samples[i] * FIXTURE_PERIOD_NS);
		assert_true(sums.sums[i].first_id <= sums.sums[i].last_id);
		assert_true(i == 0 || sums.sums[i - 1].id < sums.sums[i].id);
	}
	thread_sums_deinit(&sums);
	selection_deinit(&selection);
	profile_close(profile);
}

static void test_in_order(void **state)
{
	static const uint8_t order[] = { 0, 1, 0, 2, 5, 1, 0 };
	static const uint64_t samples[] = { 3, 2, 1, 1 };

	(void)state;
	expect(order, 7, samples, 4);
}

static void test_late(void **state)
{
	static const uint8_t order[] = { 4, 1, 5, 0, 4, 3, 1, 2, 3, 3 };
	static const uint64_t samples[] = { 1, 2, 1, 3, 2, 1 };

	(void)state;
	expect(order, 10, samples, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_in_order),
		FIXTURE_TEST(test_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
