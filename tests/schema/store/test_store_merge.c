// SPDX-License-Identifier: Apache-2.0
// Processes without end: rollups count those that are alike together, lose none
// of their samples, and say how many they were.
#include <string.h>

#include "base/clock.h"
#include "schema/read/call_threads.h"
#include "schema/read/excerpt.h"
#include "schema/read/query_overlay.h"
#include "schema/sql.h"
#include "schema/store/store_state.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"
#include "tests/schema/long_store.h"

enum { JOBS = 5, FIRST_PID = 1000, USERS = 2, FIRST_UID = 33 };

static void expect(const char *sql, const char *expected)
{
	struct profile *profile = fixture_open_profile("a.db");

	fixture_expect(profile, sql, expected);
	profile_close(profile);
}

static int64_t stack(struct store *store, const char *name)
{
	int64_t function = store_function(store, STORE_NATIVE, name, NULL, 0, 0);

	return store_callsite(store, 0, 0,
			      store_frame(store, function, STORE_EXACT, 0, 0));
}

struct who {
	pid_t pid;
	double began; /* seconds; before 0: long ago */
	const char *process, *thread;
	int64_t uid;
};

static void add(struct long_store *long_store, double second,
		const struct who *who, const char *function, int count)
{
	struct store *store = long_store->store;
	uint64_t start_ns =
		who->began < 0 ? 1 : long_store_time(long_store, who->began);
	int64_t process =
		store_process(store, who->pid, start_ns, who->process);
	struct store_sample sample = {
		.weight = FIXTURE_PERIOD_NS,
		.thread_id = store_thread(store, process, who->pid, start_ns,
					  who->thread),
		.callsite_id = stack(store, function),
		.trust = STORE_TRUST_NATIVE,
		.walk_end = "root",
	};

	store_label_process(store, process,
			    &(struct store_process_labels){
				    .executable = who->uid ? "/bin/job" :
							  "/bin/other",
				    .cgroup = "/jobs",
				    .uid = who->uid,
			    });
	for (int i = 0; i < count; i++) {
		sample.time_ns =
			long_store_time(long_store, second + i * 0.001);
		store_add_sample(store, &sample);
	}
}

// Each second some jobs of two users that are over soon, a server that was
// there before, and once in ten minutes a process like no other.
static void host(struct long_store *long_store, int second)
{
	const struct who server = { 1, -1, "server", "main", 0 };
	const struct who lone = { 2 + second, second, "lone", "lone", 0 };

	add(long_store, second + 0.5, &server, "serve", 3);
	if (second % 600 == 300)
		add(long_store, second + 0.6, &lone, "alone", 1);
	for (int i = 0; i < JOBS; i++) {
		int number = second * JOBS + i;
		const struct who job = {
			.pid = FIRST_PID + number,
			.began = second,
			.process = "job",
			.thread = number % 3 ? "job" : "helper",
			.uid = FIRST_UID + number % USERS,
		};

		add(long_store, second + i * 0.1, &job, i % 2 ? "f" : "g",
		    1 + (i == 2));
	}
}

static void run(struct long_store *long_store, int from, int until)
{
	for (int second = from; second < until; second++) {
		host(long_store, second);
		fixture_succeed(store_commit(long_store->store));
	}
}

// The same question of samples and of a level, by all but the numbers.
static void check_level(const char *level, const char *seconds)
{
	static const char ask[] =
		"SELECT s.span, p.name, p.executable, p.user_id, g.path, "
		"t.name, s.callsite_id, sum(s.samples), sum(s.weight) "
		"FROM (SELECT %s AS span, thread_id, callsite_id, %s AS "
		"samples, weight FROM %s WHERE %s < (SELECT done_id FROM level "
		"WHERE name = '%s')) AS s JOIN thread AS t ON t.id = "
		"s.thread_id JOIN process AS p ON p.id = t.process_id "
		"JOIN cgroup AS g ON g.id = p.cgroup_id "
		"GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7";
	struct profile *profile = fixture_open_profile("a.db");
	_cleanup_free_ char *of_samples = NULL, *of_level = NULL, *span = NULL;
	_cleanup_free_ char *view = NULL, *expected = NULL;

	assert_true(asprintf(&span, "sample_id / %s000000000 * %s", seconds,
			     seconds) > 0);
	assert_true(asprintf(&view, "v_%s", level) > 0);
	assert_true(asprintf(&of_samples, ask, span, "1", "v_sample",
			     "sample_id", level) > 0);
	assert_true(asprintf(&of_level, ask, "rollup_id >> 20", "samples", view,
			     "(rollup_id >> 20) * 1000000000", level) > 0);
	expected = fixture_query(profile, of_samples);
	assert_true(strlen(expected) > 100);
	fixture_expect(profile, of_level, expected);
	profile_close(profile);
}

static void test_alike(void **state)
{
	struct long_store long_store = { 0 };

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	run(&long_store, 0, 1300);
	long_store_close(&long_store, 1301);
	check_level("rollup_10s", "10");
	check_level("rollup_10min", "600");
	// The server, the lone one, and two threads for each of two users.
	expect("SELECT max(n) FROM (SELECT count(*) AS n FROM rollup_10s "
	       "GROUP BY id >> 20)",
	       "6\n");
	expect("SELECT id >> 20, count(*), sum(threads) FROM rollup_10min "
	       "GROUP BY 1",
	       "0,6,3000\n600,6,3000\n");
	expect("SELECT sum(threads) = 5 * (SELECT done_id / 1000000000 FROM "
	       "level WHERE name = 'rollup_10s') FROM rollup_10s",
	       "1\n");
	expect("SELECT DISTINCT p.name, t.tid, p.pid > 1 AND p.pid < 1000 "
	       "FROM rollup_10min AS r JOIN thread AS t ON t.id = r.thread_id "
	       "JOIN process AS p ON p.id = t.process_id WHERE t.tid > 0 AND "
	       "r.threads IS NULL ORDER BY 1, 2",
	       "lone,302,1\nlone,902,1\nserver,1,0\n");
	expect("PRAGMA foreign_key_check", "");
}

// Those that were counted elsewhere are marked, with the last span's end.
static void test_marks(void **state)
{
	struct long_store long_store = { 0 };

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	run(&long_store, 0, 60);
	long_store_close(&long_store, 61);
	expect("SELECT p.name, t.merged_until_id / 1000000000, m.tid, m.name = "
	       "t.name, q.pid, q.name = p.name, q.user_id = p.user_id "
	       "FROM thread AS t JOIN process AS p ON p.id = t.process_id "
	       "LEFT JOIN thread AS m ON m.id = t.merged_id "
	       "LEFT JOIN process AS q ON q.id = m.process_id "
	       "WHERE p.pid IN (1, 1052, 1111)",
	       "server,,,,,,\njob,20,0,1,0,1,1\njob,30,0,1,0,1,1\n");
}

// Whoever does much is told apart, however short its life.
static void test_much(void **state)
{
	struct long_store long_store = { 0 };

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	for (int second = 0; second < 60; second++) {
		const struct who busy[] = {
			{ 7000 + second, second, "busy", "busy", 33 },
			{ 8000 + second, second, "busy", "busy", 33 },
		};

		for (int i = 0; i < 2; i++)
			add(&long_store, second, &busy[i], "burn",
			    second == 20 ? 50 : 1);
		fixture_succeed(store_commit(long_store.store));
	}
	long_store_close(&long_store, 61);
	expect("SELECT r.id >> 20, p.pid, r.samples, r.threads "
	       "FROM rollup_10s AS r JOIN thread AS t ON t.id = r.thread_id "
	       "JOIN process AS p ON p.id = t.process_id ORDER BY 1, 2",
	       "0,0,20,20\n10,0,20,20\n20,0,18,18\n20,7020,50,\n"
	       "20,8020,50,\n30,0,20,20\n");
}

static struct excerpt load(struct profile *profile, const char *process,
			   const char *from)
{
	const struct selection_options options = {
		.from = from,
		.process = process,
		.now_ns = FIXTURE_WALL_NS + 1300 * NS_PER_SEC,
	};
	struct excerpt excerpt;

	profile_select(profile, &options);
	fixture_succeed(excerpt_load(&excerpt, profile, CALL_TREE_HEAVY_FIRST,
				     TALLY_BY_THREAD));
	return excerpt;
}

static uint64_t count(const char *process, const char *from, bool *ret_untold)
{
	struct profile *profile = fixture_open_profile("a.db");
	struct excerpt excerpt = load(profile, process, from);
	uint64_t samples = excerpt.tree.nodes[0].total.samples;

	assert_int_equal(samples, excerpt.tally.samples);
	if (ret_untold)
		*ret_untold = excerpt.selection.untold;
	excerpt_deinit(&excerpt);
	profile_close(profile);
	return samples;
}

static void expect_selected(const char *process, const char *from,
			    const char *sql, const char *expected)
{
	const struct selection_options options = {
		.from = from,
		.process = process,
		.now_ns = FIXTURE_WALL_NS + 1300 * NS_PER_SEC,
	};
	struct profile *profile = fixture_open_profile("a.db");

	profile_select(profile, &options);
	fixture_succeed(query_overlay(profile));
	fixture_expect(profile, sql, expected);
	profile_close(profile);
}

// Eras end while rows of this kind wait; and the recorder is killed.
static void test_eras(void **state)
{
	struct long_store long_store = { 0 };

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	long_store.store->era_rows_max = 700;
	long_store.store->era_callsites_max = 700;
	run(&long_store, 0, 700);
	store_destroy(long_store.store);
	long_store_open(&long_store, "a.db", 705);
	long_store.store->era_rows_max = 700;
	long_store.store->era_callsites_max = 700;
	run(&long_store, 705, 1250);
	long_store_close(&long_store, 1251);
	expect("SELECT count(*) > 8 FROM era", "1\n");
	// Long ago there was one of that number, but not in any era of these.
	assert_int_equal(count("302", "-1300s", NULL), 1);
	assert_int_equal(count("302", "-200s", NULL), 0);
	assert_int_equal(count("job", "-200s", NULL), 150 * 6);
	expect_selected("302", "-200s", "SELECT count(*) FROM v_sample", "0\n");
	expect_selected("302", "-1300s", "SELECT count(*) FROM v_sample",
			"1\n");
	check_level("rollup_10s", "10");
	check_level("rollup_10min", "600");
	expect("PRAGMA foreign_key_check", "");
	// How long those of the session before had run is not known.
	expect("SELECT count(*) <= 4 FROM (SELECT count(*) AS n FROM "
	       "rollup_10s GROUP BY id >> 20) WHERE n > 20",
	       "1\n");
}

// Their rows go with their samples; those that rollups tell apart stay.
static void test_swept(void **state)
{
	struct long_store long_store = { 0 };

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	long_store.limits.sample_seconds = 100;
	store_set_limits(long_store.store, &long_store.limits);
	long_store.store->era_rows_max = 700;
	long_store.store->era_callsites_max = 700;
	run(&long_store, 0, 1300);
	long_store_close(&long_store, 1301);
	// An era is of some 120 seconds here.
	expect("SELECT count(*) < 5 * 400, min(tid) > 5500 FROM thread "
	       "JOIN process ON process.id = process_id AND process.name = "
	       "'job' WHERE tid > 0",
	       "1,1\n");
	expect("SELECT (SELECT count(*) FROM process) <= "
	       "(SELECT count(*) FROM thread)",
	       "1\n");
	expect("SELECT group_concat(pid) FROM (SELECT DISTINCT pid FROM process "
	       "WHERE name IN ('lone', 'server') ORDER BY pid)",
	       "1,302,902\n");
	expect("SELECT sum(samples) FROM rollup_10min", "10802\n");
	expect("PRAGMA foreign_key_check", "");
}

static void change(const char *sql)
{
	_cleanup_database_ sqlite3 *database = NULL;

	assert_int_equal(sqlite3_open("a.db", &database), SQLITE_OK);
	fixture_succeed(sql_run(database, sql));
}

// By name the levels are as exact as the samples; by number as long as those
// are there, and then it is said.
static void test_filters(void **state)
{
	struct long_store long_store = { 0 };
	bool untold;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	run(&long_store, 0, 1300);
	long_store_close(&long_store, 1301);
	assert_int_equal(count("job", "-1300s", &untold), 1300 * 6);
	assert_false(untold);
	assert_int_equal(count("job", "-700s", NULL), 700 * 6);
	assert_int_equal(count("job", "-713s", NULL), 713 * 6);
	assert_int_equal(count("server", "-1300s", NULL), 1300 * 3);
	// Second 200: its third job has two samples, its fourth has one.
	assert_int_equal(count("2002", "-1300s", &untold), 2);
	assert_false(untold);
	assert_int_equal(count("2003", "-1300s", NULL), 1);
	assert_int_equal(count("302", "-1300s", NULL), 1);
	change("UPDATE level SET kept_id = 1000000000000 "
	       "WHERE name = 'sample';"
	       "DELETE FROM sample WHERE id < 1000000000000");
	assert_int_equal(count("job", "-1300s", NULL), 1300 * 6);
	assert_int_equal(count("2002", "-1300s", &untold), 0);
	assert_true(untold);
	assert_int_equal(count("302", "-1300s", &untold), 1);
	assert_false(untold);
	assert_int_equal(count("7300", "-100s", &untold), 1);
	assert_false(untold);
}

// A thread that stands for others says so, and for how many.
static void test_crowd(void **state)
{
	struct long_store long_store = { 0 };
	struct call_threads threads;
	struct profile *profile;
	struct excerpt excerpt;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	run(&long_store, 0, 1300);
	long_store_close(&long_store, 1301);
	change("UPDATE level SET kept_id = 1200000000000 "
	       "WHERE name = 'sample'");
	profile = fixture_open_profile("a.db");
	excerpt = load(profile, NULL, "-1300s");
	fixture_succeed(call_threads_load(&threads, &excerpt.tree,
					  profile_database(profile),
					  &excerpt.tally, 4));
	assert_string_equal(threads.threads[0].name, "main");
	assert_string_equal(threads.threads[1].process, "job");
	assert_string_equal(threads.threads[1].name, "job (2133 threads)");
	assert_int_equal(threads.threads[1].tid, 0);
	call_threads_deinit(&threads);
	excerpt_deinit(&excerpt);
	profile_close(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_alike),
		FIXTURE_TEST(test_marks),
		FIXTURE_TEST(test_much),
		FIXTURE_TEST(test_eras),
		FIXTURE_TEST(test_swept),
		FIXTURE_TEST(test_filters),
		FIXTURE_TEST(test_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
