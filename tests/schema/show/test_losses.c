// SPDX-License-Identifier: Apache-2.0
// What was lost is told alike by whoever is asked, of the same time: also when a
// recorder was killed, and when rows were summed up, merged and pruned.
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "schema/read/excerpt.h"
#include "schema/show/status.h"
#include "schema/show/summary.h"
#include "schema/sql.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"
#include "tests/schema/long_store.h"

enum { DAY = 86400 };

// Each second a process of a moment.
static void add_job(struct long_store *long_store, int second)
{
	struct store *store = long_store->store;
	uint64_t now_ns = long_store_time(long_store, second + 0.5);
	int64_t function =
		store_function(store, STORE_NATIVE, "f", NULL, 0, 0);
	int64_t process = store_process(store, 1000 + second, now_ns, "job");
	struct store_sample sample = {
		.time_ns = now_ns,
		.weight = FIXTURE_PERIOD_NS,
		.thread_id = store_thread(store, process, 1000 + second,
					  now_ns, "job"),
		.callsite_id = store_callsite(
			store, 0, 0,
			store_frame(store, function, STORE_EXACT, 0, 0)),
		.trust = STORE_TRUST_NATIVE,
		.walk_end = "root",
	};

	store_add_sample(store, &sample);
}

static void add_vitals(struct long_store *long_store, double second,
		       uint64_t lost, uint64_t lost_records)
{
	struct store_vitals vitals = {
		.monotonic_ns = long_store_time(long_store, second),
		.samples = 10,
		.lost = lost,
		.lost_records = lost_records,
		.dropped = 1,
	};

	store_add_vitals(long_store->store, &vitals);
}

static void set_health(struct long_store *long_store, int64_t samples,
		       int64_t lost, int64_t lost_records)
{
	struct store *store = long_store->store;

	store_set_health(store, "samples", samples, "");
	store_set_health(store, "lost", lost + lost_records, "");
	store_set_health(store, "lost_samples", lost, "");
	store_set_health(store, "samples_dropped", samples / 10, "");
}

// Each ten seconds two samples and thirty other records are lost.
static void run(struct long_store *long_store, int from, int until)
{
	for (int second = from; second < until; second++) {
		int past = second - (int)long_store->start;
		int64_t rows = (past + 1) / 10;

		add_job(long_store, second);
		if (past % 10 == 9) {
			add_vitals(long_store, second + 0.9, 2, 30);
			set_health(long_store, 10 * rows, 2 * rows, 30 * rows);
		}
		fixture_succeed(store_commit(long_store->store));
	}
}

static struct status ask(void)
{
	struct profile *profile = fixture_open_profile("a.db");
	struct status status;

	fixture_succeed(status_read(profile, "a.db", 1, &status));
	profile_close(profile);
	return status;
}

static void expect_counts(int64_t lost, int64_t lost_records,
			  int64_t expected_lost, int64_t expected_records)
{
	assert_int_equal(lost, expected_lost);
	assert_int_equal(lost_records, expected_records);
}

// As `brindle report` tells of a range.
static void expect_report(const char *from, const char *until, int64_t lost,
			  int64_t lost_records)
{
	const struct selection_options options = { .from = from,
						   .until = until };
	struct profile *profile = fixture_open_profile("a.db");
	struct excerpt excerpt;
	struct summary summary;

	profile_select(profile, &options);
	fixture_succeed(excerpt_load(&excerpt, profile, CALL_TREE_HEAVY_FIRST,
				     TALLY_TOGETHER));
	fixture_succeed(summary_load(&summary, profile, &excerpt));
	expect_counts(summary.lost, summary.lost_records, lost, lost_records);
	summary_deinit(&summary);
	excerpt_deinit(&excerpt);
	profile_close(profile);
}

static char *report(const char *path, const struct selection_options *selected)
{
	const struct report_options options = { .function_count = 1 };
	struct profile *profile = fixture_open_profile(path);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	profile_select(profile, selected);
	fixture_succeed(profile_report(profile, &options, out));
	fclose(out);
	profile_close(profile);
	return text;
}

static void change(const char *sql)
{
	_cleanup_database_ sqlite3 *database = NULL;

	assert_int_equal(sqlite3_open("a.db", &database), SQLITE_OK);
	fixture_succeed(sql_run(database, sql));
}

// A minute, the session, and a day with the session before in it.
static void test_each_its_time(void **state)
{
	struct long_store long_store = { 0 };
	struct status status;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	run(&long_store, 0, 200);
	// Since the last row of vitals, and then it was killed.
	set_health(&long_store, 205, 41, 607);
	fixture_succeed(store_commit(long_store.store));
	store_destroy(long_store.store);
	long_store_open(&long_store, "a.db", 210);
	run(&long_store, 210, 310);
	status = ask();
	expect_counts(status.lost, status.lost_records, 12, 180);
	expect_counts(status.total_lost, status.total_lost_records, 20, 300);
	expect_counts(status.day_lost, status.day_lost_records, 61, 907);
	assert_int_equal(status.total_samples, 100);
	assert_int_equal(status.day_samples, 305);
	assert_int_equal(status.dropped, 6);
	assert_int_equal(status.total_dropped, 10);
	assert_int_equal(status.day_dropped, 30);
	long_store_close(&long_store, 311);
}

static void test_new_session(void **state)
{
	struct long_store long_store = { 0 };
	struct status status;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	run(&long_store, 0, 20);
	long_store_close(&long_store, 20);
	long_store_open(&long_store, "a.db", 30);
	fixture_succeed(store_commit(long_store.store));
	status = ask();
	expect_counts(status.lost, status.lost_records, 0, 0);
	expect_counts(status.total_lost, status.total_lost_records, 0, 0);
	expect_counts(status.day_lost, status.day_lost_records, 4, 60);
	long_store_close(&long_store, 31);
}

// What is older than a day is not of the day, though it is of the session.
static void test_day(void **state)
{
	struct long_store long_store = { 0 };
	struct status status;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	add_vitals(&long_store, 10, 1, 100);
	add_vitals(&long_store, DAY / 2, 2, 200);
	add_vitals(&long_store, DAY + 20, 4, 400);
	set_health(&long_store, 30, 7, 700);
	fixture_succeed(store_commit(long_store.store));
	status = ask();
	expect_counts(status.day_lost, status.day_lost_records, 6, 600);
	expect_counts(status.total_lost, status.total_lost_records, 7, 700);
	assert_int_equal(status.day_samples, 20);
	long_store_close(&long_store, DAY + 30);
}

// Summed up, merged into threads that stand for several, and without the samples.
static void test_merged(void **state)
{
	struct long_store long_store = { 0 };
	struct profile *profile;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	run(&long_store, 0, 595);
	expect_report("@1700000000", "@1700000595", 118, 1770);
	expect_report("@1700000100", "@1700000200", 20, 300);
	long_store.limits.sample_seconds = 100;
	store_set_limits(long_store.store, &long_store.limits);
	run(&long_store, 595, 1300);
	long_store_close(&long_store, 1300);
	profile = fixture_open_profile("a.db");
	fixture_expect(profile,
		       "SELECT (SELECT min(id) > 1e12 FROM sample), count(*) > 0 "
		       "FROM thread WHERE tid = 0", "1,1\n");
	profile_close(profile);
	expect_report("@1700000000", "@1700000595", 118, 1770);
	expect_report("@1700000100", "@1700000200", 20, 300);
	expect_counts(ask().day_lost, ask().day_lost_records, 260, 3900);
}

// Vitals are gone before the sums of that time are: that is said.
static void test_forgotten(void **state)
{
	const struct selection_options all = { .from = "@1700000000" };
	struct long_store long_store = { 0 };
	_cleanup_free_ char *text = NULL;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	run(&long_store, 0, 300);
	long_store_close(&long_store, 300);
	text = report("a.db", &all);
	assert_null(strstr(text, "not known any more"));
	free(take_ptr(text));
	change("DELETE FROM vitals WHERE id < 200000000000");
	text = report("a.db", &all);
	assert_non_null(strstr(text, "Lost     20, and 300 records"));
	assert_non_null(strstr(text, "is not known any more"));
}

// A recording has counted for all of its time only.
static void test_part_of_a_recording(void **state)
{
	const struct selection_options fib = { .process = "*" };
	struct store *store = fixture_open_store("a.db");
	_cleanup_free_ char *text = NULL;

	(void)state;
	fixture_fill(store);
	store_set_health(store, "lost", 50, "");
	store_set_health(store, "lost_samples", 3, "");
	fixture_succeed(store_close(store, FIXTURE_START_NS + NS_PER_SEC));
	text = report("a.db", &fib);
	assert_non_null(strstr(text, "Lost     3, and 47 records"));
	assert_non_null(strstr(text, "3 samples were lost in the whole "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_each_its_time),
		FIXTURE_TEST(test_new_session),
		FIXTURE_TEST(test_day),
		FIXTURE_TEST(test_merged),
		FIXTURE_TEST(test_forgotten),
		FIXTURE_TEST(test_part_of_a_recording),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
