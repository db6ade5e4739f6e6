// SPDX-License-Identifier: Apache-2.0
// Rollups as they are written: read by SQL, by C, and compared to the samples.
#include <string.h>

#include "base/clock.h"
#include "schema/read/query_overlay.h"
#include "schema/rollup.h"
#include "schema/sql.h"
#include "schema/store/store_parts.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"
#include "tests/schema/long_store.h"

static void expect(const char *sql, const char *expected)
{
	struct profile *profile = fixture_open_profile("a.db");

	fixture_expect(profile, sql, expected);
	profile_close(profile);
}

static void tick(struct long_store *long_store)
{
	fixture_succeed(store_commit(long_store->store));
}

// A commit each second, with samples that @fill adds.
static void run_seconds(struct long_store *long_store, int from, int until,
			void (*fill)(struct long_store *, int second))
{
	for (int second = from; second < until; second++) {
		fill(long_store, second);
		tick(long_store);
	}
}

static int64_t lock_event(struct long_store *long_store)
{
	return store_event(long_store->store, "off-cpu", "ns", 1000);
}

// Two threads, changing functions, some without frames, another event whose
// weights differ.
static void mixed_load(struct long_store *long_store, int second)
{
	static const char *const function[] = { "f", "g", "h" };
	struct long_place place = { .weight = FIXTURE_PERIOD_NS };

	for (int i = 0; i < 5; i++) {
		int number = second * 5 + i;

		place.thread = number % 3 ? "main" : "worker";
		place.function = number % 11 ? function[number % 7 % 3] : NULL;
		place.depth = number % 4;
		place.event_id = 0;
		place.weight = number % 13 ? FIXTURE_PERIOD_NS : 77;
		long_store_add(long_store, second + i * 0.2, &place);
		if (number % 5)
			continue;
		place.event_id = lock_event(long_store);
		place.weight = (uint64_t)number % 17 * 1000;
		long_store_add(long_store, second + i * 0.2 + 0.1, &place);
	}
}

// What the samples say of the same spans, in the shape of a rollup's view.
static char *rows_of_samples(const char *level, const char *nanoseconds)
{
	struct profile *profile = fixture_open_profile("a.db");
	char *sql, *rows;

	assert_true(asprintf(&sql,
			     "SELECT s.sample_id / %s, s.event_id, "
			     "s.thread_id, s.callsite_id, count(*), "
			     "sum(s.weight) FROM v_sample AS s "
			     "WHERE s.sample_id < (SELECT done_id FROM level "
			     "WHERE name = '%s') GROUP BY 1, 2, 3, 4 "
			     "ORDER BY 1, 2, 3, 4",
			     nanoseconds, level) > 0);
	rows = fixture_query(profile, sql);
	free(sql);
	profile_close(profile);
	return rows;
}

static void check_level(const char *level, const char *nanoseconds)
{
	_cleanup_free_ char *expected = rows_of_samples(level, nanoseconds);
	_cleanup_free_ char *sql = NULL;

	assert_true(strlen(expected) > 10);
	assert_true(asprintf(&sql,
			     "SELECT (rollup_id >> 20) * 1000000000 / %s, "
			     "event_id, thread_id, callsite_id, sum(samples), "
			     "sum(weight) FROM v_%s GROUP BY 1, 2, 3, 4 "
			     "ORDER BY 1, 2, 3, 4",
			     nanoseconds, level) > 0);
	expect(sql, expected);
}

static uint64_t period_of(int64_t event_id)
{
	return event_id == 1 ? FIXTURE_PERIOD_NS : 1000;
}

// The same by the decoder in C.
static void check_decoder(const char *table, const char *view)
{
	struct profile *profile = fixture_open_profile("a.db");
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	_cleanup_free_ char *sql = NULL, *text = NULL, *by_sql = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_true(asprintf(&sql, "SELECT id, event_id, thread_id, samples, "
				   "weight, stacks FROM %s ORDER BY id",
			     table) > 0);
	fixture_succeed(sql_prepare(profile_database(profile), sql, &row));
	while (sqlite3_step(row) == SQLITE_ROW) {
		struct rollup_reader reader;
		struct rollup_stack stack;
		uint64_t samples = 0, weight = 0;

		rollup_reader_init(&reader, sqlite3_column_blob(row, 5),
				   (size_t)sqlite3_column_bytes(row, 5),
				   period_of(sqlite3_column_int64(row, 1)));
		while (rollup_next(&reader, &stack)) {
			fprintf(out, "%lld,%lld,%lld,%llu,%llu\n",
				sqlite3_column_int64(row, 0),
				sqlite3_column_int64(row, 2),
				(long long)stack.callsite_id,
				(unsigned long long)stack.samples,
				(unsigned long long)stack.weight);
			samples += stack.samples;
			weight += stack.weight;
		}
		assert_false(reader.malformed);
		assert_int_equal(samples, sqlite3_column_int64(row, 3));
		assert_int_equal(weight, sqlite3_column_int64(row, 4));
	}
	fclose(out);
	by_sql = fixture_query(profile, view);
	assert_string_equal(by_sql, text);
	profile_close(profile);
}

static void test_equals_samples(void **state)
{
	struct long_store long_store = { 0 };

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	run_seconds(&long_store, 0, 1900, mixed_load);
	long_store_close(&long_store, 1901);
	expect("SELECT name, done_id / 1000000000 FROM level ORDER BY seconds",
	       "sample,0\nrollup_10s,1880\nrollup_10min,1800\n");
	check_level("rollup_10s", "10000000000");
	check_level("rollup_10min", "600000000000");
	check_decoder("rollup_10s",
		      "SELECT rollup_id, thread_id, ifnull(callsite_id, 0), "
		      "samples, weight FROM v_rollup_10s");
	check_decoder("rollup_10min",
		      "SELECT rollup_id, thread_id, ifnull(callsite_id, 0), "
		      "samples, weight FROM v_rollup_10min");
	// What levels say of themselves is true.
	expect("SELECT row_count = (SELECT count(*) FROM rollup_10s), bytes = "
	       "(SELECT sum(length(stacks) + 24) FROM rollup_10s) "
	       "FROM level WHERE name = 'rollup_10s'",
	       "1,1\n");
	expect("SELECT row_count = (SELECT count(*) FROM sample) "
	       "FROM level WHERE name = 'sample'",
	       "1\n");
}

// The recorder is killed within a span; the span is whole all the same.
static void test_killed_within_a_span(void **state)
{
	struct long_store long_store = { 0 };

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	run_seconds(&long_store, 0, 777, mixed_load);
	store_destroy(long_store.store);
	long_store_open(&long_store, "a.db", 783);
	run_seconds(&long_store, 783, 1300, mixed_load);
	long_store_close(&long_store, 1301);
	check_level("rollup_10s", "10000000000");
	check_level("rollup_10min", "600000000000");
}

static void one_sample(struct long_store *long_store, int second)
{
	long_store_sample(long_store, second, "f", 1);
}

// Sleeps are known when they end: such samples come after their span was done.
static void test_late(void **state)
{
	struct long_store long_store = { 0 };
	struct long_place place = { .thread = "sleeper", .function = "sleep" };

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	run_seconds(&long_store, 0, 1250, one_sample);
	place.event_id = lock_event(&long_store);
	for (int i = 0; i < 40; i++) {
		place.weight = (uint64_t)i;
		// In both levels, in one, in none, one after the other.
		long_store_add(&long_store, 1.5 + i * 31.0, &place);
	}
	long_store_sample(&long_store, 5, "late", 3);
	tick(&long_store);
	long_store_sample(&long_store, 5, "later", 3);
	run_seconds(&long_store, 1250, 1300, one_sample);
	long_store_close(&long_store, 1301);
	check_level("rollup_10s", "10000000000");
	check_level("rollup_10min", "600000000000");
}

// A span of many steps, and samples that come while it is being read.
static void test_late_while_reading(void **state)
{
	struct long_store long_store = { 0 };
	bool more;
	int steps = 0;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	for (int i = 0; i < 20000; i++)
		long_store_sample(&long_store, i * 0.0005, "f", 1);
	tick(&long_store);
	long_store_sample(&long_store, 40, "g", 1);
	fixture_succeed(store_write_pending(long_store.store));
	do {
		fixture_succeed(store_roll_10s(long_store.store, &more));
	} while (long_store.store->rolls[0].next_id < 5000000000);
	assert_int_equal(long_store.store->rolls[0].phase, ROLL_READING);
	long_store_sample(&long_store, 2, "late", 1);
	fixture_succeed(store_write_pending(long_store.store));
	assert_true(long_store.store->rolls[0].stale);
	do {
		fixture_succeed(store_roll_10s(long_store.store, &more));
		steps++;
	} while (more);
	assert_true(steps > 5);
	long_store_close(&long_store, 41);
	check_level("rollup_10s", "10000000000");
}

// Hours in which nothing ran cost nothing.
static void test_empty_spans(void **state)
{
	struct long_store long_store = { 0 };
	struct store_vitals vitals = { 0 };

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	run_seconds(&long_store, 0, 30, one_sample);
	vitals.monotonic_ns = long_store_time(&long_store, 40000);
	store_add_vitals(long_store.store, &vitals);
	tick(&long_store);
	tick(&long_store);
	run_seconds(&long_store, 40000, 40100, one_sample);
	long_store_close(&long_store, 40101);
	expect("SELECT done_id / 1000000000 FROM level WHERE name LIKE 'roll%'",
	       "39600\n40080\n");
	check_level("rollup_10s", "10000000000");
}

static void expect_sums(const char *sql, bool era_sums, const char *expected)
{
	const struct selection_options options = { .era_sums = era_sums };
	struct profile *profile = fixture_open_profile("a.db");

	profile_select(profile, &options);
	fixture_succeed(query_overlay_for(profile, sql));
	assert_int_equal(query_overlay_is_last_day(profile), !era_sums);
	fixture_expect(profile, sql, expected);
	profile_close(profile);
}

// What the file has of sums is of each ten minutes: a query that names no range
// is answered for the last day, as a report is.
static void test_sums(void **state)
{
	static const char sql[] = "SELECT function, event, self_samples FROM "
				  "v_function ORDER BY 1, 2";
	struct long_place sleep = { .thread = "main", .function = "sleep" };
	struct long_store long_store = { 0 };

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	sleep.event_id = lock_event(&long_store);
	long_store_add(&long_store, 1.5, &sleep);
	run_seconds(&long_store, 0, 60, one_sample);
	expect_sums(sql, false, "f,cpu-clock,60\nsleep,off-cpu,1\n");
	expect_sums(sql, true, "f,cpu-clock,1\nsleep,off-cpu,1\n");
	run_seconds(&long_store, 100000, 100060, one_sample);
	expect_sums(sql, false, "f,cpu-clock,60\n");
	long_store_close(&long_store, 100061);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_equals_samples),
		FIXTURE_TEST(test_killed_within_a_span),
		FIXTURE_TEST(test_late),
		FIXTURE_TEST(test_late_while_reading),
		FIXTURE_TEST(test_empty_spans),
		FIXTURE_TEST(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
