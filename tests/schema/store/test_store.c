// SPDX-License-Identifier: Apache-2.0
#include "schema/store/store.h"

#include <string.h>
#include <sys/stat.h>

#include "schema/sql.h"
#include "schema/store/store_state.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

static void test_views(void **state)
{
	static const char path[] = "a.db";
	struct profile *profile;

	(void)state;
	fixture_make(path);
	profile = fixture_open_profile(path);
	fixture_expect(profile,
		       "SELECT function, file, module, kind, self_samples, "
		       "total_samples, self_ns, total_ns, first_line "
		       "FROM v_function ORDER BY function",
		       "do_syscall_64,,,kernel,4,4,40000000,40000000,\n"
		       "fib,/app.py,,python,5,5,50000000,50000000,10\n"
		       "main_c,,/bin/app,native,0,9,0,90000000,\n"
		       "qsort,,/lib/libc.so.6,native,0,4,0,40000000,\n"
		       "run,/app.py,,python,0,9,0,90000000,1\n"
		       "start_thread,,/lib/libc.so.6,native,1,1,10000000,"
		       "10000000,\n");
	fixture_expect(profile,
		       "SELECT stack, samples, time_ns FROM v_folded "
		       "ORDER BY stack",
		       "[no stack],1,10000000\n"
		       "main_c;run;fib,2,20000000\n"
		       "main_c;run;fib;fib,3,30000000\n"
		       "main_c;run;qsort;do_syscall_64,4,40000000\n"
		       "start_thread,1,10000000\n");
	fixture_expect(profile,
		       "SELECT time_ns, wall_ns, process, pid, thread, tid, "
		       "cpu, event, weight_ns, trust, trust_reason, walk_end "
		       "FROM v_sample WHERE sample_id IN (0, 400000000, "
		       "1000000000) ORDER BY sample_id",
		       "5000000000,1700000000000000000,app,100,main,100,0,"
		       "cpu-clock,10000000,proven,,root\n"
		       "5400000000,1700000000400000000,app,100,main,100,1,"
		       "cpu-clock,10000000,unproven,it ran meanwhile,root\n"
		       "6000000000,1700000001000000000,app,100,worker,101,0,"
		       "cpu-clock,10000000,native,,kernel_thread\n");
	fixture_expect(profile,
		       "SELECT depth, kind, function, file, line, module, "
		       "status FROM v_frame_of_callsite WHERE callsite_id = "
		       "(SELECT callsite_id FROM v_sample WHERE sample_id = 0) "
		       "ORDER BY depth",
		       "0,native,main_c,,,/bin/app,exact\n"
		       "1,python,run,/app.py,5,,proven\n"
		       "2,python,fib,/app.py,11,,proven\n"
		       "3,python,fib,/app.py,12,,proven\n");
	fixture_expect(profile,
		       "SELECT function, count(*) FROM v_sample JOIN "
		       "v_frame_of_callsite USING (callsite_id) WHERE depth = 1 "
		       "GROUP BY 1",
		       "run,9\n");
	profile_close(profile);
}

static void test_health(void **state)
{
	static const char path[] = "a.db";
	struct profile *profile;

	(void)state;
	fixture_make(path);
	profile = fixture_open_profile(path);
	fixture_expect(profile, "SELECT name, value FROM v_health ORDER BY 1",
		       "lost,0\n"
		       "samples,11\n"
		       "samples_native,2\n"
		       "samples_proven,7\n"
		       "samples_unproven,2\n"
		       "unproven_it ran meanwhile,2\n"
		       "walk_end_kernel_thread,1\n"
		       "walk_end_no_cfi,1\n"
		       "walk_end_root,9\n");
	fixture_expect(profile,
		       "SELECT count(*) FROM v_health WHERE meaning = ''",
		       "0\n");
	profile_close(profile);
}

// The recorder counts by itself; what is in the file is what counts.
static void test_health_of_the_recorder(void **state)
{
	struct store *store = fixture_open_store("a.db");
	struct profile *profile;

	(void)state;
	fixture_fill(store);
	store_set_health(store, "samples", 99, "mine");
	store_set_health(store, "walk_end_root", 99, "its meaning");
	store_set_health(store, "walk_end_bad_cfa", 0, "never");
	store_set_health(store, "lost", 5, "samples the kernel lost");
	fixture_succeed(store_commit(store));
	store_set_health(store, "lost", 6, "samples the kernel lost");
	fixture_succeed(store_close(store, 0));
	profile = fixture_open_profile("a.db");
	fixture_expect(profile,
		       "SELECT name, value, meaning FROM v_health WHERE name "
		       "IN ('samples', 'lost') OR name LIKE 'walk_end_%' "
		       "ORDER BY 1",
		       "lost,6,samples the kernel lost\n"
		       "samples,11,mine\n"
		       "walk_end_bad_cfa,0,never\n"
		       "walk_end_kernel_thread,1,samples whose stack ends for "
		       "this reason\n"
		       "walk_end_no_cfi,1,samples whose stack ends for this "
		       "reason\n"
		       "walk_end_root,9,its meaning\n");
	profile_close(profile);
}

static void test_equal_things_are_one(void **state)
{
	struct store *store = fixture_open_store("a.db");
	const uint8_t id[] = { 1, 2, 3 };
	int64_t process = store_process(store, 5, 1, "a");

	(void)state;
	assert_int_equal(store_process(store, 5, 1, "renamed"), process);
	assert_int_not_equal(store_process(store, 5, 2, "a"), process);
	assert_int_not_equal(store_thread(store, process, 5, 1, "a"),
			     store_thread(store, process, 5, 2, "a"));
	assert_int_equal(store_module(store, "/m", id, 3),
			 store_module(store, "/m", id, 3));
	assert_int_not_equal(store_module(store, "/m", id, 3),
			     store_module(store, "/m", id, 2));
	assert_int_not_equal(store_module(store, "/m", NULL, 0),
			     store_module(store, "/m", id, 2));
	assert_int_equal(store_function(store, STORE_PYTHON, "f", "x", 1, 0),
			 store_function(store, STORE_PYTHON, "f", "x", 1, 0));
	assert_int_not_equal(store_function(store, STORE_PYTHON, "f", "x", 1, 0),
			     store_function(store, STORE_NATIVE, "f", "x", 1, 0));
	assert_int_not_equal(store_function(store, STORE_PYTHON, "f", "x", 1, 0),
			     store_function(store, STORE_PYTHON, "x", "f", 1, 0));
	store_destroy(store);
}

static void test_pid_reuse(void **state)
{
	static const char path[] = "a.db";
	struct store *store = fixture_open_store(path);
	int64_t first = store_process(store, 5, 1, "first");
	int64_t second = store_process(store, 5, 2, "second");
	struct profile *profile;

	(void)state;
	store_rename_process(store, first, "exec1");
	store_rename_process(store, first, "exec2");
	store_rename_thread(store, store_thread(store, second, 5, 2, "t"),
			    "renamed");
	fixture_succeed(store_close(store, 0));
	profile = fixture_open_profile(path);
	fixture_expect(profile,
		       "SELECT pid, process.name, thread.name FROM process "
		       "LEFT JOIN thread ON process_id = process.id",
		       "5,exec2,\n5,second,renamed\n");
	profile_close(profile);
}

// Times are exact though row ids must differ; late samples come after a commit.
static void test_equal_and_late_times(void **state)
{
	static const char path[] = "a.db";
	struct store *store = fixture_open_store(path);
	struct store_sample sample = { .walk_end = "root" };
	static const uint64_t offsets[] = { 50, 50, 49, 50, 7 };
	struct profile *profile;

	(void)state;
	for (int round = 0; round < 40; round++) {
		for (size_t i = 0; i < 5; i++) {
			sample.time_ns = FIXTURE_START_NS + offsets[i];
			store_add_sample(store, &sample);
		}
		fixture_succeed(store_commit(store));
	}
	sample.time_ns = FIXTURE_START_NS - 3;
	store_add_sample(store, &sample);
	fixture_succeed(store_close(store, 0));
	profile = fixture_open_profile(path);
	fixture_expect(profile,
		       "SELECT time_ns, wall_ns, count(*) FROM v_sample "
		       "GROUP BY 1",
		       "4999999997,1699999999999999997,1\n"
		       "5000000007,1700000000000000007,40\n"
		       "5000000049,1700000000000000049,40\n"
		       "5000000050,1700000000000000050,120\n");
	profile_close(profile);
}

static void test_weights(void **state)
{
	static const char path[] = "a.db";
	struct store *store = fixture_open_store(path);
	struct store_sample sample = {
		.time_ns = FIXTURE_START_NS,
		.weight = 1,
		.walk_end = "root",
	};
	struct profile *profile;

	(void)state;
	store_add_sample(store, &sample);
	sample.time_ns++;
	sample.weight = FIXTURE_PERIOD_NS;
	store_add_sample(store, &sample);
	sample.time_ns++;
	sample.weight = 0;
	store_add_sample(store, &sample);
	fixture_succeed(store_close(store, 0));
	profile = fixture_open_profile(path);
	fixture_expect(profile, "SELECT weight_ns FROM v_sample",
		       "1\n10000000\n0\n");
	fixture_expect(profile, "SELECT weight FROM sample", "1\n\n0\n");
	profile_close(profile);
}

static void test_foreign_text(void **state)
{
	static const char path[] = "a.db";
	struct store *store = fixture_open_store(path);
	_cleanup_free_ char *long_name = calloc(1, 1 << 20);
	struct store_sample sample = { .walk_end = "root" };
	int64_t frame, odd;
	struct profile *profile;

	(void)state;
	memset(long_name, 'x', (1 << 20) - 1);
	odd = store_function(store, STORE_NATIVE, "a;b\n\xff'", NULL, 0, 0);
	frame = store_frame(store, odd, STORE_EXACT, 0, 0);
	store_function(store, STORE_NATIVE, long_name, NULL, 0, 0);
	sample.callsite_id = store_callsite(store, 0, 0, frame);
	store_add_sample(store, &sample);
	fixture_succeed(store_close(store, 0));
	profile = fixture_open_profile(path);
	fixture_expect(profile, "SELECT max(length(name)) FROM function",
		       "4094\n"); // 4,093 bytes and an ellipsis
	fixture_expect(profile, "SELECT stack FROM v_folded",
		       "a:b \xef\xbf\xbd'\n");
	profile_close(profile);
}

// Nonsense ids must not reach beyond the arrays.
static void test_wrong_ids(void **state)
{
	static const char path[] = "a.db";
	struct store *store = fixture_open_store(path);
	struct store_sample sample = {
		.callsite_id = 77,
		.thread_id = -5,
		.walk_end = NULL,
	};

	(void)state;
	assert_int_equal(store_callsite(store, 0, 0, 1), 0);
	assert_int_equal(store_callsite(store, 0, 9, 1), 0);
	assert_int_equal(store_callsite(store, 0, -1, -1), 0);
	store_add_sample(store, &sample);
	store_add_sample(store, &sample);
	assert_int_equal(store->outcome_count, 1);
	assert_int_equal(store_pending(store), 2);
	fixture_succeed(store_close(store, 0));
}

static void test_full_tables(void **state)
{
	static const char path[] = "a.db";
	struct store *store = fixture_open_store(path);
	struct profile *profile;
	struct store_sample sample = { .walk_end = "root" };
	int64_t callsite = 0;
	char name[32];

	(void)state;
	store->rows_max = 10;
	store->callsites_max = 8;
	for (int i = 0; i < 100; i++) {
		int64_t function, process, frame;

		snprintf(name, sizeof(name), "f%d", i);
		function = store_function(store, STORE_PYTHON, name, name, 0, 0);
		frame = store_frame(store, function, STORE_PROVEN, 0, i);
		process = store_process(store, i, 0, name);
		sample.thread_id = store_thread(store, process, i, 0, name);
		callsite = store_callsite(store, 0, callsite, frame);
		assert_true(callsite > 0);
		sample.callsite_id = callsite;
		store_add_sample(store, &sample);
	}
	fixture_succeed(store_close(store, 0));
	profile = fixture_open_profile(path);
	fixture_expect(profile,
		       "SELECT count(*), max(name) FROM function "
		       "WHERE name NOT LIKE 'f%'",
		       "1,[more functions]\n");
	fixture_expect(profile,
		       "SELECT function.name FROM frame JOIN function ON "
		       "function.id = function_id ORDER BY frame.id DESC "
		       "LIMIT 1",
		       "[more functions]\n");
	fixture_expect(profile,
		       "SELECT thread, process, count(*) FROM v_sample "
		       "GROUP BY 1 ORDER BY 3 DESC LIMIT 1",
		       "[more threads],[more processes],90\n");
	fixture_expect(profile, "SELECT count(*) FROM callsite", "8\n");
	fixture_expect(profile,
		       "SELECT value > 0 FROM v_health "
		       "WHERE name = 'cut_by_storage'",
		       "1\n");
	profile_close(profile);
}

static void test_commits_add_up(void **state)
{
	static const char path[] = "a.db";
	struct store *store = fixture_open_store(path);
	struct profile *profile;

	(void)state;
	for (int i = 0; i < 5; i++) {
		fixture_fill(store);
		assert_int_equal(store_pending(store), FIXTURE_SAMPLES);
		fixture_succeed(store_commit(store));
		assert_int_equal(store_pending(store), 0);
	}
	// A reader sees a whole profile while it is being written.
	profile = fixture_open_profile(path);
	fixture_expect(profile,
		       "SELECT self_samples, total_samples FROM v_function "
		       "WHERE function IN ('fib', 'run') ORDER BY function",
		       "25,25\n0,45\n");
	fixture_expect(profile, "SELECT sum(samples) FROM v_folded", "55\n");
	profile_close(profile);
	store_destroy(store);
}

static void test_one_plain_file(void **state)
{
	static const char path[] = "a.db";
	struct stat status;

	(void)state;
	fixture_make(path);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0644);
	assert_int_not_equal(stat("a.db-wal", &status), 0);
	assert_int_not_equal(stat("a.db-shm", &status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_views),
		FIXTURE_TEST(test_health),
		FIXTURE_TEST(test_health_of_the_recorder),
		FIXTURE_TEST(test_equal_things_are_one),
		FIXTURE_TEST(test_pid_reuse),
		FIXTURE_TEST(test_equal_and_late_times),
		FIXTURE_TEST(test_weights),
		FIXTURE_TEST(test_foreign_text),
		FIXTURE_TEST(test_wrong_ids),
		FIXTURE_TEST(test_full_tables),
		FIXTURE_TEST(test_commits_add_up),
		FIXTURE_TEST(test_one_plain_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
