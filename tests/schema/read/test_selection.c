// SPDX-License-Identifier: Apache-2.0
// A selection finds the samples that it names, whichever rows hold them. What
// is read is compared with what the samples themselves say, for ranges that
// begin and end anywhere.
#include "schema/read/selection.h"

#include <string.h>

#include "base/clock.h"
#include "schema/sql.h"
#include "schema/read/tally.h"
#include "schema/read/thread_sums.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

enum {
	HOURS = 2,
	STEP_MS = 1700,
	THREADS = 3,
	CALLSITES = 5,
	RANGES = 200,
	ID_SHIFT = 20,
};

#define START_S (FIXTURE_WALL_NS / NS_PER_SEC)

static int64_t make_stacks(struct store *store, int64_t callsites[CALLSITES])
{
	int64_t module = store_module(store, "/bin/app", NULL, 0), parent = 0;

	for (int i = 0; i < CALLSITES; i++) {
		char name[] = "function_0";
		int64_t function, frame;

		name[9] = (char)('0' + i);
		function = store_function(store, STORE_NATIVE, name, NULL, 0,
					  module);
		frame = store_frame(store, function, STORE_EXACT, 0, 0);
		parent = store_callsite(store, 0, parent, frame);
		callsites[i] = parent;
	}
	return module;
}

// One sample each STEP_MS, of threads and stacks in turn; each seventh weighs
// twice as much, each eleventh has no frames.
static void make_raw(const char *path)
{
	struct store *store = fixture_open_store(path);
	int64_t callsites[CALLSITES], threads[THREADS];
	static const char *const names[THREADS] = { "main", "pool-1",
						    "pool-2" };
	int64_t app = store_process(store, 100, 7, "app");
	int64_t other = store_process(store, 200, 8, "other");
	uint64_t count = HOURS * UINT64_C(3600000) / STEP_MS;

	make_stacks(store, callsites);
	for (int i = 0; i < THREADS; i++)
		threads[i] = store_thread(store, i < 2 ? app : other, 100 + i,
					  7, names[i]);
	for (uint64_t i = 0; i < count; i++) {
		const struct store_sample sample = {
			.time_ns = FIXTURE_START_NS + i * STEP_MS * NS_PER_MS,
			.weight = FIXTURE_PERIOD_NS * (i % 7 ? 1 : 2),
			.thread_id = threads[i * i % THREADS],
			.callsite_id = i % 11 ? callsites[i % CALLSITES] : 0,
			.trust = STORE_TRUST_NATIVE,
			.walk_end = "root",
		};

		store_add_sample(store, &sample);
	}
	fixture_succeed(store_close(store, FIXTURE_START_NS +
						   HOURS * 3600 * NS_PER_SEC));
}

struct blob {
	uint8_t bytes[4096];
	size_t size;
};

static void put(struct blob *blob, uint64_t number)
{
	do {
		uint8_t more = number >= 0x80 ? 0x80 : 0;

		assert_true(blob->size < sizeof(blob->bytes));
		blob->bytes[blob->size++] = (uint8_t)(number & 0x7f) | more;
		number >>= 7;
	} while (number);
}

// A group for each callsite: not the shortest form, but one.
static void put_stack(struct blob *blob, uint64_t id, uint64_t samples,
		      uint64_t weight)
{
	bool uneven = weight != samples * FIXTURE_PERIOD_NS;

	put(blob, samples << 1 | uneven);
	if (uneven)
		put(blob, weight);
	put(blob, 1);
	put(blob, id);
}

static void insert_rollup(sqlite3 *database, const char *sql, int64_t id,
			  int64_t thread, const struct blob *blob,
			  int64_t samples, int64_t weight)
{
	sqlite3_stmt *statement;

	assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL),
			 SQLITE_OK);
	sqlite3_bind_int64(statement, 1, id);
	sqlite3_bind_int64(statement, 2, thread);
	sqlite3_bind_int64(statement, 3, samples);
	sqlite3_bind_int64(statement, 4, weight);
	sqlite3_bind_blob(statement, 5, blob->bytes, (int)blob->size,
			  SQLITE_STATIC);
	assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
	sqlite3_finalize(statement);
}

// Rows of the group by span, thread and callsite become rows of a rollup.
static void roll_up(sqlite3 *database, const char *group, const char *insert,
		    int64_t seconds)
{
	sqlite3_stmt *row;
	int64_t span = -1, thread = -1, number = 0, samples = 0, weight = 0;
	struct blob blob = { .size = 0 };

	assert_int_equal(sqlite3_prepare_v2(database, group, -1, &row, NULL),
			 SQLITE_OK);
	sqlite3_bind_int64(row, 1, seconds * (int64_t)NS_PER_SEC);
	while (sqlite3_step(row) == SQLITE_ROW) {
		if (sqlite3_column_int64(row, 0) != span ||
		    sqlite3_column_int64(row, 1) != thread) {
			if (blob.size)
				insert_rollup(database, insert,
					      (span * seconds << ID_SHIFT) +
						      number++,
					      thread, &blob, samples, weight);
			span = sqlite3_column_int64(row, 0);
			thread = sqlite3_column_int64(row, 1);
			samples = weight = 0;
			blob.size = 0;
		}
		samples += sqlite3_column_int64(row, 3);
		weight += sqlite3_column_int64(row, 4);
		put_stack(&blob, (uint64_t)sqlite3_column_int64(row, 2),
			  (uint64_t)sqlite3_column_int64(row, 3),
			  (uint64_t)sqlite3_column_int64(row, 4));
	}
	insert_rollup(database, insert, (span * seconds << ID_SHIFT) + number,
		      thread, &blob, samples, weight);
	sqlite3_finalize(row);
}

// A store of two hours whose levels reach as far as a real one's would.
static sqlite3 *make_store(const char *levels)
{
	static const char group[] =
		"SELECT id / ?1, thread_id, ifnull(callsite_id, 0), count(*), "
		"sum(ifnull(weight, 10000000)) FROM sample GROUP BY 1, 2, 3";
	sqlite3 *database;

	make_raw("a.db");
	assert_int_equal(sqlite3_open("a.db", &database), SQLITE_OK);
	fixture_succeed(sql_run(database, "CREATE TABLE truth AS SELECT "
					  "id, thread_id, callsite_id, "
					  "ifnull(weight, 10000000) AS weight "
					  "FROM sample; BEGIN"));
	roll_up(database, group,
		"INSERT INTO rollup_10s VALUES (?1, 1, ?2, ?3, ?4, ?5, NULL)", 10);
	roll_up(database, group,
		"INSERT INTO rollup_10min VALUES (?1, 1, ?2, ?3, ?4, ?5, NULL)", 600);
	fixture_succeed(sql_run(
		database,
		"INSERT INTO era VALUES (1, 1, 0, 1, 1, 1, 1);"
		"UPDATE level SET done_id = 7190000000000 "
		"WHERE name = 'rollup_10s';"
		"UPDATE level SET done_id = 6600000000000 "
		"WHERE name = 'rollup_10min'"));
	fixture_succeed(sql_run(database, levels));
	fixture_succeed(sql_run(database, "COMMIT"));
	return database;
}

static struct tally load(sqlite3 *database,
			 const struct selection_options *options,
			 enum tally_by by)
{
	struct selection selection;
	struct tally tally;

	fixture_succeed(selection_init(&selection, database, options,
				       (int64_t)FIXTURE_WALL_NS));
	fixture_succeed(tally_load(&tally, database, &selection, by));
	selection_deinit(&selection);
	return tally;
}

static struct tally load_range(sqlite3 *database, int64_t from, int64_t until)
{
	char first[32], last[32];
	const struct selection_options options = { .from = first,
						   .until = last };

	sprintf(first, "@%lld", (long long)(START_S + from));
	sprintf(last, "@%lld", (long long)(START_S + until));
	return load(database, &options, TALLY_BY_THREAD);
}

static int64_t truth(sqlite3 *database, const char *what, int64_t from,
		     int64_t until, const struct tally_entry *entry)
{
	_cleanup_free_ char *sql = NULL;
	int64_t answer;

	assert_true(asprintf(&sql,
			     "SELECT %s FROM truth WHERE id >= %lld000000000 "
			     "AND id < %lld000000000 AND thread_id = %lld AND "
			     "ifnull(callsite_id, 0) = %lld",
			     what, (long long)from, (long long)until,
			     (long long)entry->part_id,
			     (long long)entry->callsite_id) > 0);
	fixture_succeed(sql_integer(database, sql, &answer));
	return answer;
}

static void expect_range(sqlite3 *database, int64_t from, int64_t until)
{
	struct tally tally = load_range(database, from, until);
	_cleanup_free_ char *sql = NULL;
	int64_t all;

	assert_int_equal(tally.resolution_ns, 0);
	assert_true(asprintf(&sql,
			     "SELECT count(*) FROM truth WHERE id >= "
			     "%lld000000000 AND id < %lld000000000",
			     (long long)from, (long long)until) > 0);
	fixture_succeed(sql_integer(database, sql, &all));
	if ((int64_t)tally.samples != all)
		fail_msg("from %lld to %lld: %lld samples, not %lld",
			 (long long)from, (long long)until,
			 (long long)tally.samples, (long long)all);
	for (size_t i = 0; i < tally.count; i++) {
		const struct tally_entry *entry = &tally.entries[i];

		assert_int_equal(entry->samples,
				 truth(database, "count(*)", from, until,
				       entry));
		assert_int_equal(entry->weight, truth(database, "sum(weight)",
						      from, until, entry));
	}
	tally_deinit(&tally);
}

static void test_exact_everywhere(void **state)
{
	sqlite3 *database = make_store("SELECT 1");
	unsigned int seed = 1;

	(void)state;
	fixture_succeed(sql_run(database, "BEGIN"));
	fixture_succeed(sql_run(database, "COMMIT"));
	for (int i = 0; i < RANGES; i++) {
		int64_t a = rand_r(&seed) % 7300, b = rand_r(&seed) % 7300;

		if (a != b)
			expect_range(database, a < b ? a : b, a < b ? b : a);
	}
	expect_range(database, 600, 1200);
	expect_range(database, 590, 1210);
	expect_range(database, 0, 100000);
	sqlite3_close(database);
}

// The rollups are used at all: were they wrong, so would be the answer.
static void test_rollups_are_read(void **state)
{
	sqlite3 *database = make_store("DELETE FROM sample WHERE "
				       "id >= 610e9 AND id < 1790e9");
	struct tally tally;

	(void)state;
	expect_range(database, 600, 1800);
	expect_range(database, 601, 1799);
	fixture_succeed(sql_run(database, "DELETE FROM rollup_10min"));
	tally = load_range(database, 600, 1800);
	assert_int_equal(tally.samples, 0);
	tally_deinit(&tally);
	expect_range(database, 610, 1190);
	sqlite3_close(database);
}

static uint64_t count_range(sqlite3 *database, int64_t from, int64_t until,
			    uint64_t *resolution_ns)
{
	struct tally tally = load_range(database, from, until);
	uint64_t samples = tally.samples;

	*resolution_ns = tally.resolution_ns;
	tally_deinit(&tally);
	return samples;
}

// Without samples a span is where it begins, so ranges that meet share none.
static void test_pruned(void **state)
{
	sqlite3 *database = make_store(
		"DELETE FROM sample WHERE id < 5000000000000;"
		"DELETE FROM rollup_10s WHERE id < 3000 << 20;"
		"UPDATE level SET kept_id = 5000000000000 "
		"WHERE name = 'sample';"
		"UPDATE level SET kept_id = 3000000000000 "
		"WHERE name = 'rollup_10s'");
	uint64_t resolution_ns, whole, sum;
	int64_t cuts[] = { 0, 77, 1234, 2999, 3001, 4321, 5003, 7000 };

	(void)state;
	whole = count_range(database, 0, 7000, &resolution_ns);
	assert_int_equal(whole, 7000 * 1000 / STEP_MS + 1);
	sum = 0;
	for (size_t i = 0; i + 1 < sizeof(cuts) / sizeof(*cuts); i++)
		sum += count_range(database, cuts[i], cuts[i + 1],
				   &resolution_ns);
	assert_int_equal(sum, whole);
	count_range(database, 3003, 3600, &resolution_ns);
	assert_int_equal(resolution_ns, 10 * NS_PER_SEC);
	count_range(database, 1000, 1900, &resolution_ns);
	assert_int_equal(resolution_ns, 600 * NS_PER_SEC);
	count_range(database, 1200, 5001, &resolution_ns);
	assert_int_equal(resolution_ns, 0);
	expect_range(database, 600, 3600);
	expect_range(database, 3010, 5123);
	sqlite3_close(database);
}

static uint64_t count_of(sqlite3 *database,
			 const struct selection_options *options)
{
	struct tally tally = load(database, options, TALLY_TOGETHER);
	uint64_t samples = tally.samples;

	tally_deinit(&tally);
	return samples;
}

static void test_filters(void **state)
{
	sqlite3 *database = make_store(
		"INSERT INTO user VALUES (33, 'www-data');"
		"INSERT INTO cgroup VALUES (1, '/system.slice/web.service', "
		"NULL, 'web.service');"
		"INSERT INTO cgroup VALUES (2, '/docker/0123456789ab', "
		"'0123456789ab', NULL);"
		"UPDATE process SET user_id = 33, cgroup_id = 1, "
		"executable = '/usr/bin/python3' WHERE pid = 100;"
		"UPDATE process SET cgroup_id = 2 WHERE pid = 200");
	const struct {
		struct selection_options options;
		const char *threads;
	} cases[] = {
		{ { .process = "app" }, "(1, 2)" },
		{ { .process = "python3" }, "(1, 2)" },
		{ { .process = "a?p" }, "(1, 2)" },
		{ { .process = "200" }, "(3)" },
		{ { .thread = "pool-*" }, "(2, 3)" },
		{ { .thread = "pool-*", .process = "app" }, "(2)" },
		{ { .user = "www-data" }, "(1, 2)" },
		{ { .user = "33" }, "(1, 2)" },
		{ { .cgroup = "web" }, "(1, 2)" },
		{ { .cgroup = "/system.slice" }, "(1, 2)" },
		{ { .cgroup = "01234567" }, "(3)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		_cleanup_free_ char *sql = NULL;
		int64_t expected;

		assert_true(asprintf(&sql,
				     "SELECT count(*) FROM truth "
				     "WHERE thread_id IN %s",
				     cases[i].threads) > 0);
		fixture_succeed(sql_integer(database, sql, &expected));
		assert_int_equal(count_of(database, &cases[i].options),
				 expected);
	}
	sqlite3_close(database);
}

static int64_t sum_of(const struct tally *tally, int64_t thread_id)
{
	uint64_t samples = 0;

	for (size_t i = 0; i < tally->count; i++)
		if (tally->entries[i].part_id == thread_id)
			samples += tally->entries[i].samples;
	return (int64_t)samples;
}

// Some threads of all, read by themselves.
static void test_some_threads(void **state)
{
	sqlite3 *database = make_store("SELECT 1");
	struct selection_options options = { .from = "@1" };
	struct tally all = load(database, &options, TALLY_BY_THREAD), some;
	struct id_set threads = { .count = 0 };
	struct selection selection;

	(void)state;
	assert_true(id_set_add(&threads, 1) && id_set_add(&threads, 3));
	fixture_succeed(selection_init(&selection, database, &options,
				       (int64_t)FIXTURE_WALL_NS));
	fixture_succeed(tally_load_threads(&some, database, &selection,
					   &threads));
	assert_int_equal(some.samples, sum_of(&all, 1) + sum_of(&all, 3));
	assert_int_equal(sum_of(&some, 1), sum_of(&all, 1));
	assert_int_equal(sum_of(&some, 3), sum_of(&all, 3));
	selection_deinit(&selection);
	id_set_deinit(&threads);
	tally_deinit(&some);
	tally_deinit(&all);
	sqlite3_close(database);
}

// In the order of their rows, whoever comes first.
static void test_thread_sums(void **state)
{
	static const char late_threads[] =
		"INSERT INTO sample (id, thread_id, cpu, outcome_id, weight) "
		"SELECT 7190000000000 + value, "
		"1 + (value * 7919) % 1009 * 37, 0, 1, 3 FROM "
		"(WITH RECURSIVE n(value) AS (VALUES (1) UNION ALL SELECT "
		"value + 1 FROM n WHERE value < 5000) SELECT value FROM n)";
	sqlite3 *database = make_store(late_threads);
	struct selection_options options = { .from = "@1" };
	struct selection selection;
	struct thread_sums sums;
	int64_t count, differ;

	(void)state;
	fixture_succeed(selection_init(&selection, database, &options,
				       (int64_t)FIXTURE_WALL_NS));
	fixture_succeed(thread_sums_load(&sums, database, &selection, NULL));
	fixture_succeed(sql_integer(database, "SELECT count(DISTINCT thread_id) "
					      "FROM sample", &count));
	assert_int_equal(sums.count, count);
	assert_true(count > 1000);
	fixture_succeed(sql_run(database,
				"CREATE TEMP TABLE told (id, samples, weight)"));
	for (size_t i = 0; i < sums.count; i++) {
		const struct thread_sum *sum = &sums.sums[i];
		_cleanup_free_ char *sql = NULL;

		assert_true(i == 0 || sums.sums[i - 1].id < sum->id);
		assert_true(asprintf(&sql, "INSERT INTO told VALUES (%lld, "
				     "%llu, %llu)", (long long)sum->id,
				     (unsigned long long)sum->samples,
				     (unsigned long long)sum->weight) > 0);
		assert_true(sum->first_id <= sum->last_id);
		fixture_succeed(sql_run(database, sql));
	}
	fixture_succeed(sql_integer(
		database, "SELECT count(*) FROM (SELECT thread_id, count(*), "
			  "sum(ifnull(weight, 10000000)) FROM sample GROUP BY 1 "
			  "EXCEPT SELECT id, samples, weight FROM told)",
		&differ));
	assert_int_equal(differ, 0);
	thread_sums_deinit(&sums);
	selection_deinit(&selection);
	sqlite3_close(database);
}

static void test_errors(void **state)
{
	static const struct {
		struct selection_options options;
		enum error_code code;
		const char *says;
	} cases[] = {
		{ { .process = "[kthread" }, ERROR_NOT_FOUND, "no process" },
		{ { .process = "app", .user = "no" }, ERROR_NOT_FOUND,
		  "all of the filters" },
		{ { .event = "cycles" }, ERROR_USAGE, "cpu-clock was" },
		{ { .from = "soon" }, ERROR_USAGE, "--from: 'soon' is no time" },
		{ { .from = "now", .until = "-1h" }, ERROR_USAGE,
		  "ends before" },
	};
	sqlite3 *database = make_store("SELECT 1");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct selection selection;

		fixture_fail(selection_init(&selection, database,
					    &cases[i].options,
					    (int64_t)FIXTURE_WALL_NS),
			     cases[i].code, cases[i].says);
	}
	sqlite3_close(database);
}

// The clock was set back an hour after one hour: the first hour's wall time is
// that of both.
static void test_clock_steps(void **state)
{
	sqlite3 *database = make_store(
		"INSERT INTO clock SELECT 3600000000000, 1, wall_ns, "
		"monotonic_ns + 3600000000000, 'step' FROM clock");
	struct tally tally = load_range(database, 0, 3600);

	(void)state;
	assert_int_equal(tally.samples, HOURS * 3600 * 1000 / STEP_MS);
	tally_deinit(&tally);
	tally = load_range(database, 3600, 7200);
	assert_int_equal(tally.samples, 0);
	tally_deinit(&tally);
	sqlite3_close(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_exact_everywhere),
		FIXTURE_TEST(test_rollups_are_read),
		FIXTURE_TEST(test_pruned),
		FIXTURE_TEST(test_filters),
		FIXTURE_TEST(test_some_threads),
		FIXTURE_TEST(test_thread_sums),
		FIXTURE_TEST(test_errors),
		FIXTURE_TEST(test_clock_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
