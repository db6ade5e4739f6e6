// SPDX-License-Identifier: Apache-2.0
// A store stays as small as it is told, and nobody waits for that.
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "schema/sql.h"
#include "schema/store/store_state.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"
#include "tests/schema/long_store.h"

enum { STEP_MS_MAX = 100 };

static int64_t number(const char *sql)
{
	struct profile *profile = fixture_open_profile("a.db");
	_cleanup_free_ char *text = fixture_query(profile, sql);

	profile_close(profile);
	return strtoll(text, NULL, 10);
}

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

// As many samples a second, in stacks of @variety functions.
static void run_load(struct long_store *long_store, int from, int until,
		     int samples, int variety)
{
	char name[32];
	struct long_place place = {
		.thread = "main",
		.function = name,
		.depth = 3,
		.weight = FIXTURE_PERIOD_NS,
	};

	for (int second = from; second < until; second++) {
		for (int i = 0; i < samples; i++) {
			snprintf(name, sizeof(name), "f%d",
				 (second * 31 + i * i) % variety);
			long_store_add(long_store, second + i / 1000.0,
				       &place);
		}
		tick(long_store);
	}
}

static void settle(struct long_store *long_store, int ticks)
{
	for (int i = 0; i < ticks; i++)
		tick(long_store);
}

static void check_store(const struct long_store *long_store)
{
	uint64_t longest = long_store->store->longest_step_ns;

	if (longest > STEP_MS_MAX * NS_PER_MS)
		fail_msg("a step took %llu ms",
			 (unsigned long long)(longest / NS_PER_MS));
	expect("PRAGMA integrity_check", "ok\n");
	expect("PRAGMA foreign_key_check", "");
	expect("SELECT row_count = (SELECT count(*) FROM sample) FROM level "
	       "WHERE name = 'sample'",
	       "1\n");
	expect("SELECT row_count = (SELECT count(*) FROM rollup_10s), bytes = "
	       "(SELECT ifnull(sum(length(stacks) + 24), 0) FROM rollup_10s) "
	       "FROM level WHERE name = 'rollup_10s'",
	       "1,1\n");
	expect("SELECT row_count = (SELECT count(*) FROM rollup_10min) "
	       "FROM level WHERE name = 'rollup_10min'",
	       "1\n");
}

static void test_age(void **state)
{
	struct long_store long_store = { 0 };

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	long_store.limits.sample_seconds = 300;
	long_store.limits.rollup_10s_seconds = 1800;
	long_store.limits.rollup_10min_seconds = 3600;
	store_set_limits(long_store.store, &long_store.limits);
	run_load(&long_store, 0, 7300, 3, 10);
	settle(&long_store, 5);
	check_store(&long_store);
	expect("SELECT name, kept_id / 1000000000, (SELECT min(id) FROM sample) "
	       "/ 1000000000 FROM level WHERE name = 'sample'",
	       "sample,6999,6999\n");
	expect("SELECT kept_id / 1000000000, (SELECT min(id) >> 20 "
	       "FROM rollup_10s) FROM level WHERE name = 'rollup_10s'",
	       "5490,5490\n");
	expect("SELECT kept_id / 1000000000, (SELECT min(id) >> 20 "
	       "FROM rollup_10min) FROM level WHERE name = 'rollup_10min'",
	       "3600,3600\n");
	// Over all levels nothing is missing.
	expect("SELECT (SELECT sum(samples) FROM rollup_10min) + "
	       "(SELECT sum(samples) FROM rollup_10s WHERE id >> 20 >= 7200) + "
	       "(SELECT count(*) FROM sample WHERE id >= (SELECT done_id FROM "
	       "level WHERE name = 'rollup_10s'))",
	       "11100\n");
	long_store_close(&long_store, 7301);
}

static int64_t file_bytes(void)
{
	struct stat file, log = { 0 };

	assert_int_equal(stat("a.db", &file), 0);
	stat("a.db-wal", &log);
	return file.st_size + log.st_size;
}

// A busy machine does less in the time that a tick may take; and the log gives
// space back when it is written again.
static void expect_bytes(struct long_store *long_store, int64_t limit)
{
	const int64_t most = limit + 600000;
	struct store_vitals vitals = { 0 };

	for (int i = 0; i < 300 && file_bytes() > most; i++) {
		vitals.monotonic_ns = long_store_time(long_store, 1 + i);
		store_add_vitals(long_store->store, &vitals);
		tick(long_store);
	}
	assert_in_range(file_bytes(), limit / 2, most);
}

static void test_bytes(void **state)
{
	enum { LIMIT = 3 << 20 };
	struct long_store long_store = { 0 };

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	run_load(&long_store, 0, 1000, 400, 300);
	assert_true(file_bytes() > 7 << 20);
	long_store.limits.bytes = LIMIT;
	store_set_limits(long_store.store, &long_store.limits);
	expect_bytes(&long_store, LIMIT);
	check_store(&long_store);
	// The newest samples are there; those that went are rolled up.
	expect("SELECT max(id) / 1000000000 FROM sample", "999\n");
	expect("SELECT (SELECT sum(samples) FROM rollup_10min) + "
	       "(SELECT sum(samples) FROM rollup_10s WHERE id >> 20 >= 600) + "
	       "(SELECT count(*) FROM sample WHERE id >= done_id) FROM level "
	       "WHERE name = 'rollup_10s'",
	       "400000\n");
	run_load(&long_store, 1000, 1300, 400, 300);
	expect_bytes(&long_store, LIMIT);
	check_store(&long_store);
	long_store_close(&long_store, 1301);
}

// Each era has other functions; the first ones go with their last rollups.
static void test_eras(void **state)
{
	struct long_store long_store = { 0 };
	char name[32];
	uint32_t era;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	long_store.limits.sample_seconds = 60;
	long_store.limits.rollup_10s_seconds = 600;
	long_store.limits.rollup_10min_seconds = 1200;
	store_set_limits(long_store.store, &long_store.limits);
	long_store.store->era_rows_max = 200;
	long_store.store->era_callsites_max = 200;
	era = store_era(long_store.store);
	for (int second = 0; second < 6000; second++) {
		snprintf(name, sizeof(name), "f%d", second / 2);
		long_store_sample(&long_store, second, name, 1);
		tick(&long_store);
	}
	settle(&long_store, 20);
	assert_true(store_era(long_store.store) > era + 10);
	check_store(&long_store);
	assert_in_range(number("SELECT count(*) FROM era"), 3, 10);
	assert_in_range(number("SELECT count(*) FROM callsite"), 600, 1600);
	assert_in_range(number("SELECT min(id) FROM callsite"), 1500, 2400);
	assert_in_range(number("SELECT count(*) FROM function"), 600, 1600);
	// What memory knows is not forgotten.
	long_store_sample(&long_store, 6001, "f2999", 1);
	long_store_close(&long_store, 6002);
	expect("SELECT count(*) FROM function WHERE name = 'f2999'", "1\n");
	expect("PRAGMA foreign_key_check", "");
}

// What an era had no room for has room in the next one, and takes no more
// memory than it did. Processes beyond the latest take none.
static void test_memory(void **state)
{
	struct long_store long_store = { 0 };
	const struct store_tree *tree;
	const struct store_rows *processes;
	size_t capacity = 0, slots = 0;
	uint32_t era;
	char name[32];

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	tree = &long_store.store->tree;
	processes = &long_store.store->rows[TABLE_PROCESS];
	long_store.store->era_callsites_max = 100;
	// Without what was taken before.
	assert_int_equal(processes->intern.count, 0);
	intern_deinit(&long_store.store->rows[TABLE_PROCESS].intern);
	long_store.store->rows[TABLE_PROCESS].intern.window = 16;
	era = store_era(long_store.store);
	for (int second = 0; second < 3000; second++) {
		snprintf(name, sizeof(name), "f%d", second);
		store_process(long_store.store, second + 10000, 0, "p");
		long_store_sample(&long_store, second, name, 1);
		tick(&long_store);
		if (second == 300) {
			capacity = tree->capacity;
			slots = tree->intern.slot_count;
		}
	}
	assert_true(store_era(long_store.store) > era + 10);
	assert_true(capacity > 0);
	assert_int_equal(tree->capacity, capacity);
	assert_int_equal(tree->intern.slot_count, slots);
	assert_int_equal(processes->intern.capacity, 16);
	settle(&long_store, 20);
	check_store(&long_store);
	long_store_close(&long_store, 3001);
	expect("SELECT count(*) FROM sample", "3000\n");
	expect("SELECT count(*) FROM process WHERE pid >= 10000",
	       "3000\n");
	expect("PRAGMA foreign_key_check", "");
}

// Ids of an era before name nothing, rather than something else.
static void test_ids_of_before(void **state)
{
	struct long_store long_store = { 0 };
	struct store_sample sample = { .walk_end = "root" };
	int64_t function, frame;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	long_store.store->era_rows_max = 1;
	long_store.store->era_callsites_max = 1;
	function = store_function(long_store.store, STORE_NATIVE, "f", NULL, 0,
				  0);
	frame = store_frame(long_store.store, function, STORE_EXACT, 0, 0);
	sample.callsite_id = store_callsite(long_store.store, 0, 0, frame);
	tick(&long_store);
	sample.time_ns = long_store_time(&long_store, 3);
	store_add_sample(long_store.store, &sample);
	assert_int_equal(store_callsite(long_store.store, 0, 0, frame), 0);
	long_store_close(&long_store, 4);
	expect("SELECT count(*), count(callsite_id) FROM sample", "1,0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_age),
		FIXTURE_TEST(test_bytes),
		FIXTURE_TEST(test_eras),
		FIXTURE_TEST(test_memory),
		FIXTURE_TEST(test_ids_of_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
