// SPDX-License-Identifier: Apache-2.0
// Rows at the root: what is below them is what was there before, shared out.
#include "schema/read/call_tree_group.h"

#include <stdio.h>
#include <string.h>

#include "schema/read/excerpt.h"
#include "schema/show/export.h"
#include "tests/cmocka.h"
#include "tests/schema/store_fixture.h"

static const struct selection_options from_the_beginning = { .from = "@1" };

static void choose(struct profile *profile, const char *labels)
{
	struct grouping grouping;

	fixture_succeed(grouping_parse(labels, &grouping));
	profile_group(profile, &grouping);
}

static char *print(struct profile *profile, export_write_fn write)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fixture_succeed(write(profile, out));
	fclose(out);
	return text;
}

static char *print_folded(struct profile *profile)
{
	return print(profile, profile_export_folded);
}

static void expect_folded(struct profile *profile, const char *labels,
			  const char *expected)
{
	_cleanup_free_ char *text = NULL;

	choose(profile, labels);
	text = print_folded(profile);
	assert_string_equal(text, expected);
}

// By the sums of a recording, from its single samples.
static void test_recording(void **state)
{
	struct profile *profile;

	(void)state;
	fixture_make("a.db");
	profile = fixture_open_profile("a.db");
	expect_folded(profile, "thread",
		      "main;main_c;run;fib 2\n"
		      "main;main_c;run;fib;fib 3\n"
		      "main;main_c;run;qsort;do_syscall_64_[k] 4\n"
		      "worker;[no stack] 1\n"
		      "worker;start_thread 1\n");
	expect_folded(profile, "user,thread",
		      "[no user];main;main_c;run;fib 2\n"
		      "[no user];main;main_c;run;fib;fib 3\n"
		      "[no user];main;main_c;run;qsort;do_syscall_64_[k] 4\n"
		      "[no user];worker;[no stack] 1\n"
		      "[no user];worker;start_thread 1\n");
	profile_close(profile);
}

// One function, at two lines: two nodes, that have each its share.
static void test_lines(void **state)
{
	struct profile *profile;

	(void)state;
	fixture_make("a.db");
	profile = fixture_open_profile("a.db");
	profile_split_lines(profile, true);
	expect_folded(profile, "",
		      "main_c;run:5;fib:11 2\n"
		      "main_c;run:5;fib:11;fib:12 3\n"
		      "main_c;run:6;qsort;do_syscall_64_[k] 4\n"
		      "start_thread 1\n");
	expect_folded(profile, "thread",
		      "main;main_c;run:5;fib:11 2\n"
		      "main;main_c;run:5;fib:11;fib:12 3\n"
		      "main;main_c;run:6;qsort;do_syscall_64_[k] 4\n"
		      "worker;[no stack] 1\n"
		      "worker;start_thread 1\n");
	profile_close(profile);
}

// A function's total is told once in each group, however often it is called.
static void test_csv(void **state)
{
	_cleanup_free_ char *plain = NULL, *text = NULL;
	struct profile *profile;

	(void)state;
	fixture_make("a.db");
	profile = fixture_open_profile("a.db");
	plain = print(profile, export_write_csv);
	assert_non_null(strstr(plain, "\r\nfib,python,/app.py,10,,5,50000000,"
				      "5,50000000\r\n"));
	choose(profile, "user,thread");
	text = print(profile, export_write_csv);
	assert_string_equal(
		text,
		"user,thread,function,kind,file,line,module,self_samples,"
		"self_ns,total_samples,total_ns\r\n"
		"[no user],main,fib,python,/app.py,10,,5,50000000,5,50000000\r\n"
		"[no user],main,do_syscall_64,kernel,,,,4,40000000,4,40000000\r\n"
		"[no user],main,main_c,native,,,/bin/app,0,0,9,90000000\r\n"
		"[no user],main,run,python,/app.py,1,,0,0,9,90000000\r\n"
		"[no user],main,qsort,native,,,/lib/libc.so.6,0,0,4,40000000\r\n"
		"[no user],worker,[no stack],other,,,,1,10000000,1,10000000\r\n"
		"[no user],worker,start_thread,native,,,/lib/libc.so.6,1,"
		"10000000,1,10000000\r\n");
	profile_close(profile);
}

// The outermost frames of each thread, which all of its stacks lead to.
static void test_gecko(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct profile *profile;

	(void)state;
	fixture_make("a.db");
	profile = fixture_open_profile("a.db");
	choose(profile, "user,thread");
	text = print(profile, export_write_gecko);
	assert_non_null(strstr(text, "\"stringTable\":[\"[no user]\",\n"
				     "\"main\",\n\"main_c (in app)\","));
	assert_non_null(strstr(text, "[[null,0],\n[0,1],\n[1,2],\n[2,3],"));
	assert_non_null(strstr(text, "\"stringTable\":[\"[no user]\",\n"
				     "\"worker\","));
	assert_non_null(strstr(text, "[[null,0],\n[0,1],\n[1,2],\n[1,3]]"));
	profile_close(profile);
}

// Rollups; main ran two thirds of what has no name in both sessions' threads.
static void test_store(void **state)
{
	struct profile *profile;

	(void)state;
	store_fixture_make("s.db");
	profile = fixture_open_profile("s.db");
	profile_select(profile, &from_the_beginning);
	expect_folded(profile, "unit,python",
		      "[no unit];[no Python];main_c;compute 3600\n"
		      "[no unit];[no Python];main_c;spin 3600\n"
		      "app.service;Python 3.12;main_c;[unresolved: no memory] 180\n"
		      "app.service;Python 3.12;main_c;run;fib 1140\n"
		      "app.service;Python 3.12;main_c;run;fib;fib 1140\n"
		      "app.service;Python 3.12;main_c;run;fib;fib;qsort 1140\n"
		      "app.service;Python 3.12;main_c;run;futex_wait_[k] 3600\n");
	profile_close(profile);
}

static void filter(struct profile *profile, const char *show)
{
	const struct stack_filter_options options = { .show = show };
	struct stack_filter *stacks;

	fixture_succeed(stack_filter_create(&options, &stacks));
	profile_filter(profile, stacks);
}

static void test_filtered(void **state)
{
	struct profile *profile;

	(void)state;
	store_fixture_make("s.db");
	profile = fixture_open_profile("s.db");
	profile_select(profile, &from_the_beginning);
	filter(profile, "spin");
	expect_folded(profile, "pid,cgroup",
		      "worker (200);/docker/0123456789abcdef;main_c;spin "
		      "3600\n");
	profile_close(profile);
}

// Nodes of the same function, whatever is above them.
static uint64_t sum_doubts(const struct call_tree *tree)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < tree->node_count; i++)
		sum += tree->nodes[i].doubtful_samples;
	return sum;
}

static void expect_tree(const struct call_tree *tree,
			const struct call_tree *plain)
{
	assert_int_equal(tree->nodes[0].total.samples,
			 plain->nodes[0].total.samples);
	assert_int_equal(tree->nodes[0].total.weight,
			 plain->nodes[0].total.weight);
	assert_int_equal(tree->nodes[0].self.samples, 0);
	assert_int_equal(sum_doubts(tree), sum_doubts(plain));
	assert_true(sum_doubts(tree) > 0);
	assert_int_equal(tree->callsites.count, 0);
	assert_int_equal(tree->line_count, 0);
}

// What is in doubt of a group is its share.
static void test_sums(void **state)
{
	struct excerpt grouped, plain;
	struct profile *profile;
	const struct call_tree *tree = &grouped.tree;

	(void)state;
	store_fixture_make("s.db");
	profile = fixture_open_profile("s.db");
	profile_select(profile, &from_the_beginning);
	fixture_succeed(excerpt_load(&plain, profile, CALL_TREE_HEAVY_FIRST,
				     TALLY_BY_GROUP));
	assert_int_equal(plain.tally.by, TALLY_TOGETHER);
	choose(profile, "user");
	fixture_succeed(excerpt_load(&grouped, profile, CALL_TREE_HEAVY_FIRST,
				     TALLY_BY_GROUP));
	assert_int_equal(grouped.tally.by, TALLY_BY_GROUP);
	expect_tree(tree, &plain.tree);
	assert_int_equal(tree->nodes[0].child_count, 2);
	for (uint32_t i = 1; i <= 2; i++) {
		const char *name =
			tree->functions[tree->nodes[i].function].name;

		assert_int_equal(tree->nodes[i].total.samples,
				 STORE_SESSIONS * STORE_SECONDS *
					 STORE_RATE / 2);
		assert_true(!strcmp(name, "root") || !strcmp(name, "www-data"));
	}
	excerpt_deinit(&plain);
	excerpt_deinit(&grouped);
	profile_close(profile);
}

enum { MANY = GROUPS_APART + 100 };

static void make_many(const char *path)
{
	struct store *store = fixture_open_store(path);
	int64_t function =
		store_function(store, STORE_NATIVE, "main_c", NULL, 0, 0);
	int64_t frame = store_frame(store, function, STORE_EXACT, 0, 0);
	struct store_sample sample = {
		.time_ns = FIXTURE_START_NS,
		.weight = FIXTURE_PERIOD_NS,
		.callsite_id = store_callsite(store, 0, 0, frame),
		.trust = STORE_TRUST_NATIVE,
		.walk_end = "root",
	};

	for (int i = 0; i < MANY; i++) {
		char name[16];
		int64_t process;

		snprintf(name, sizeof(name), "p%03d", i);
		process = store_process(store, 100 + i, 1, name);
		sample.thread_id =
			store_thread(store, process, 100 + i, 1, name);
		// The later ones are busier.
		for (int k = 0; k < (i < 100 ? 1 : 2); k++) {
			sample.time_ns++;
			store_add_sample(store, &sample);
		}
	}
	fixture_succeed(store_close(store, FIXTURE_START_NS + 1000000000));
}

static void test_others(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct profile *profile;
	size_t lines = 0;

	(void)state;
	make_many("m.db");
	profile = fixture_open_profile("m.db");
	choose(profile, "process");
	text = print_folded(profile);
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, GROUPS_APART + 1);
	assert_non_null(strstr(text, "[100 more];main_c 100\n"));
	assert_non_null(strstr(text, "\np100;main_c 2\n"));
	assert_null(strstr(text, "p099;"));
	profile_close(profile);
}

static void test_parse(void **state)
{
	struct grouping grouping;

	(void)state;
	fixture_succeed(grouping_parse(NULL, &grouping));
	assert_int_equal(grouping.count, 0);
	fixture_succeed(grouping_parse("", &grouping));
	assert_int_equal(grouping.count, 0);
	fixture_succeed(grouping_parse("cgroup,process,tid", &grouping));
	assert_int_equal(grouping.count, 3);
	fixture_fail(grouping_parse("process,pids", &grouping), ERROR_USAGE,
		     "no label 'pids'; there are process, pid, thread, tid, "
		     "user, cgroup, container, unit, executable, python");
	fixture_fail(grouping_parse("proc", &grouping), ERROR_USAGE, "'proc'");
	fixture_fail(grouping_parse(",", &grouping), ERROR_USAGE, "''");
	fixture_fail(grouping_parse("pid,tid,pid,tid,pid", &grouping),
		     ERROR_USAGE, "more than 4");
	assert_int_equal(grouping.count, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_recording), FIXTURE_TEST(test_store),
		FIXTURE_TEST(test_filtered),  FIXTURE_TEST(test_sums),
		FIXTURE_TEST(test_others),    FIXTURE_TEST(test_parse),
		FIXTURE_TEST(test_lines),     FIXTURE_TEST(test_csv),
		FIXTURE_TEST(test_gecko),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
