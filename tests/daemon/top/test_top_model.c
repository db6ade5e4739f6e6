// SPDX-License-Identifier: Apache-2.0
#include "daemon/top/top_table.h"

#include <string.h>

#include "base/clock.h"
#include "tests/cmocka.h"

enum { WEIGHT = 10 };

/*
 * Two processes, and stacks whose numbers can be had by counting:
 *
 *     main > run > fib > fib > qsort     python, but for qsort (native)
 *     main > run > write                 write is of the kernel
 */
enum { MAIN = 1, RUN, FIB, QSORT, WRITE };
enum { S_MAIN = 100, S_RUN, S_FIB, S_FIB2, S_QSORT, S_WRITE };

struct fixture {
	struct top_model model;
	struct top_view view;
	struct top_table table;
};

static void add_function(struct top_model *model, int64_t id,
			 enum store_kind kind, const char *name)
{
	struct top_function function = { .kind = kind,
					 .name = (char *)name,
					 .place = (char *)"/srv/App.py" };

	assert_int_not_equal(top_model_function(model, id, &function),
			     TOP_NONE);
}

static void add_callsite(struct top_model *model, int64_t id, int64_t parent,
			 int64_t function)
{
	uint32_t place = top_model_callsite(
		model, id, top_model_find_callsite(model, parent),
		top_model_find_function(model, function));

	assert_int_not_equal(place, TOP_NONE);
}

static void fill(struct top_model *model)
{
	uint32_t web = top_model_process(model, 1, 10, "web");
	uint32_t batch = top_model_process(model, 2, 20, "batch");

	top_model_thread(model, 1, web, 10, "main", true);
	top_model_thread(model, 2, web, 11, "worker", true);
	top_model_thread(model, 3, batch, 20, "batch", true);
	add_function(model, MAIN, STORE_PYTHON, "main");
	add_function(model, RUN, STORE_PYTHON, "run");
	add_function(model, FIB, STORE_PYTHON, "fib");
	add_function(model, QSORT, STORE_NATIVE, "qsort");
	add_function(model, WRITE, STORE_KERNEL, "write");
	add_callsite(model, S_MAIN, 0, MAIN);
	add_callsite(model, S_RUN, S_MAIN, RUN);
	add_callsite(model, S_FIB, S_RUN, FIB);
	add_callsite(model, S_FIB2, S_FIB, FIB);
	add_callsite(model, S_QSORT, S_FIB2, QSORT);
	add_callsite(model, S_WRITE, S_RUN, WRITE);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_null(top_model_init(&fixture->model));
	fill(&fixture->model);
	fixture->view = (struct top_view){
		.window_s = 5, .process = TOP_NONE, .thread = TOP_NONE,
	};
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	top_table_deinit(&fixture->table);
	top_model_deinit(&fixture->model);
	free(fixture);
	return 0;
}

static void sample(struct fixture *fixture, double second, int64_t thread,
		   int64_t callsite)
{
	struct top_sample sample = {
		.time_ns = (int64_t)(second * 1e9),
		.thread = top_model_find_thread(&fixture->model, thread),
		.callsite = top_model_find_callsite(&fixture->model, callsite),
		.weight = WEIGHT,
	};

	top_model_sample(&fixture->model, &sample);
}

static void advance(struct fixture *fixture, double second)
{
	top_model_advance(&fixture->model, (int64_t)(second * 1e9));
}

static void make(struct fixture *fixture)
{
	top_table_deinit(&fixture->table);
	assert_null(top_table_make(&fixture->model, &fixture->view,
				   &fixture->table));
}

static const char *row_name(const struct fixture *fixture, size_t row)
{
	uint32_t place = fixture->table.rows.items[row].place;

	assert_in_range(row, 0, fixture->table.rows.count - 1);
	if (fixture->view.subject == TOP_PROCESSES)
		return fixture->model.processes[place].name;
	if (fixture->view.subject == TOP_THREADS)
		return fixture->model.threads[place].name;
	return fixture->model.functions[place].name;
}

// The table reads "name self/total", line by line.
static void expect(struct fixture *fixture, const char *text)
{
	char got[512] = "";

	make(fixture);
	for (size_t i = 0; i < fixture->table.rows.count; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got),
			 "%s %d/%d\n", row_name(fixture, i),
			 (int)fixture->table.rows.items[i].self_samples,
			 (int)fixture->table.rows.items[i].total_samples);
	assert_string_equal(got, text);
}

static void fill_samples(struct fixture *fixture)
{
	for (int i = 0; i < 3; i++)
		sample(fixture, 1.1, 1, S_QSORT);
	sample(fixture, 1.2, 2, S_FIB);
	sample(fixture, 1.3, 3, S_WRITE);
	sample(fixture, 1.4, 3, S_WRITE);
	advance(fixture, 2.5);
}

static void test_self_and_total(void **state)
{
	struct fixture *fixture = *state;

	fill_samples(fixture);
	expect(fixture, "qsort 3/3\nwrite 2/2\nfib 1/4\nmain 0/6\nrun 0/6\n");
	assert_int_equal(fixture->table.samples, 6);
	assert_int_equal(fixture->table.weight, 6 * WEIGHT);
	assert_int_equal(fixture->table.window_ns, NS_PER_SEC);
	fixture->view.sort = TOP_BY_TOTAL;
	expect(fixture, "main 0/6\nrun 0/6\nfib 1/4\nqsort 3/3\nwrite 2/2\n");
	fixture->view.reverse = true;
	fixture->view.sort = TOP_BY_NAME;
	expect(fixture, "write 2/2\nrun 0/6\nqsort 3/3\nmain 0/6\nfib 1/4\n");
}

// What a language's frames called in others is their own time.
static void test_one_language(void **state)
{
	struct fixture *fixture = *state;

	fill_samples(fixture);
	fixture->view.language = TOP_PYTHON;
	expect(fixture, "fib 4/4\nrun 2/6\nmain 0/6\n");
	assert_int_equal(fixture->table.samples, 6);
	fixture->view.language = TOP_NATIVE;
	expect(fixture, "qsort 3/3\n");
	fixture->view.language = TOP_KERNEL;
	expect(fixture, "write 2/2\n");
}

static void test_filter(void **state)
{
	struct fixture *fixture = *state;

	fill_samples(fixture);
	fixture->view.filter = "N";
	expect(fixture, "main 0/6\nrun 0/6\n");
	fixture->view.filter = "app.PY";
	make(fixture);
	assert_int_equal(fixture->table.rows.count, 5);
	fixture->view.filter = "nothing like it";
	expect(fixture, "");
	assert_int_equal(fixture->table.samples, 6);
}

static void test_processes_and_threads(void **state)
{
	struct fixture *fixture = *state;

	fill_samples(fixture);
	fixture->view.subject = TOP_PROCESSES;
	expect(fixture, "web 4/4\nbatch 2/2\n");
	fixture->view.subject = TOP_THREADS;
	expect(fixture, "main 3/3\nbatch 2/2\nworker 1/1\n");
	fixture->view.language = TOP_KERNEL;
	expect(fixture, "batch 2/2\n");
	fixture->view.language = TOP_ALL;
	fixture->view.process = 1;
	expect(fixture, "batch 2/2\n");
	fixture->view.subject = TOP_FUNCTIONS;
	expect(fixture, "write 2/2\nmain 0/2\nrun 0/2\n");
	fixture->view.process = TOP_NONE;
	fixture->view.thread = 1;
	expect(fixture, "fib 1/1\nmain 0/1\nrun 0/1\n");
}

static void test_not_chosen(void **state)
{
	struct fixture *fixture = *state;

	fill_samples(fixture);
	top_model_thread(&fixture->model, 3, 1, 20, "batch", false);
	expect(fixture, "qsort 3/3\nfib 1/4\nmain 0/4\nrun 0/4\n");
	assert_int_equal(fixture->table.samples, 4);
}

// Windows are of whole seconds, without the one that goes on.
static void test_windows(void **state)
{
	struct fixture *fixture = *state;

	sample(fixture, 1.5, 1, S_MAIN);
	sample(fixture, 9.5, 1, S_RUN);
	sample(fixture, 10.5, 1, S_FIB);
	sample(fixture, 11.1, 1, S_WRITE);
	fixture->view.window_s = 1;
	expect(fixture, "fib 1/1\nmain 0/1\nrun 0/1\n");
	fixture->view.window_s = 5;
	expect(fixture, "run 1/2\nfib 1/1\nmain 0/2\n");
	fixture->view.window_s = 30;
	expect(fixture, "main 1/3\nrun 1/2\nfib 1/1\n");
	fixture->view.window_s = 0;
	expect(fixture, "main 1/4\nrun 1/3\nfib 1/1\nwrite 1/1\n");
	// Long after, only the start knows of them.
	advance(fixture, 500);
	expect(fixture, "main 1/4\nrun 1/3\nfib 1/1\nwrite 1/1\n");
	fixture->view.window_s = 30;
	expect(fixture, "");
}

// The newest sample ends a second, so that none is cut short.
static void test_aligned(void **state)
{
	struct fixture *fixture = *state;

	top_model_align(&fixture->model, 3300000000);
	sample(fixture, 1.2, 1, S_MAIN);
	sample(fixture, 2.31, 1, S_RUN);
	sample(fixture, 3.2, 1, S_FIB);
	sample(fixture, 3.3, 1, S_WRITE);
	advance(fixture, 3.300000001);
	// Too late: there are samples already.
	top_model_align(&fixture->model, 3500000000);
	fixture->view.window_s = 1;
	expect(fixture, "run 1/3\nfib 1/1\nwrite 1/1\nmain 0/3\n");
	fixture->view.window_s = 30;
	expect(fixture, "main 1/4\nrun 1/3\nfib 1/1\nwrite 1/1\n");
	assert_int_equal(fixture->table.window_ns, 3 * NS_PER_SEC);
}

static void test_late_samples(void **state)
{
	struct fixture *fixture = *state;

	sample(fixture, 9.5, 1, S_MAIN);
	sample(fixture, 8.5, 1, S_MAIN);
	advance(fixture, 200);
	sample(fixture, 8.6, 1, S_MAIN);
	fixture->view.window_s = 0;
	expect(fixture, "main 3/3\n");
}

static void test_trend(void **state)
{
	struct fixture *fixture = *state;
	const struct top_row *rows;

	for (int second = 80; second < 95; second++)
		sample(fixture, second, 1, S_MAIN);
	for (int i = 0; i < 7; i++)
		sample(fixture, 99.5, 2, S_FIB);
	advance(fixture, 100.1);
	fixture->view.sort = TOP_BY_TREND;
	fixture->view.window_s = 30;
	expect(fixture, "run 0/7\nfib 7/7\nmain 15/22\n");
	rows = fixture->table.rows.items;
	assert_int_equal(rows[1].trend[TOP_TREND - 1], 7 * WEIGHT);
	assert_int_equal(rows[1].trend[TOP_TREND - 2], 0);
	assert_int_equal(rows[2].trend[0], WEIGHT);
	assert_int_equal(rows[2].trend[TOP_TREND - 1], 7 * WEIGHT);
}

static void expect_slices(const struct fixture *fixture,
			  const struct top_rows *rows, const char *text)
{
	char got[256] = "";

	for (size_t i = 0; i < rows->count; i++) {
		uint32_t place = rows->items[i].place;

		snprintf(got + strlen(got), sizeof(got) - strlen(got),
			 "%s %d\n",
			 place == TOP_NONE ?
				 "-" :
				 fixture->model.functions[place].name,
			 (int)rows->items[i].total_samples);
	}
	assert_string_equal(got, text);
}

static void check_sandwich(struct fixture *fixture, int64_t function,
			   const char *callers, const char *callees)
{
	struct top_sandwich sandwich;

	assert_null(top_sandwich_make(
		&fixture->model, &fixture->view,
		top_model_find_function(&fixture->model, function),
		&sandwich));
	expect_slices(fixture, &sandwich.callers, callers);
	expect_slices(fixture, &sandwich.callees, callees);
	top_sandwich_deinit(&sandwich);
}

static void test_sandwich(void **state)
{
	struct fixture *fixture = *state;

	fill_samples(fixture);
	check_sandwich(fixture, FIB, "run 4\n", "qsort 3\n- 1\n");
	check_sandwich(fixture, RUN, "main 6\n", "fib 4\nwrite 2\n");
	check_sandwich(fixture, MAIN, "- 6\n", "run 6\n");
	fixture->view.language = TOP_PYTHON;
	check_sandwich(fixture, RUN, "main 6\n", "fib 4\n- 2\n");
}

static void test_no_frames(void **state)
{
	struct fixture *fixture = *state;

	sample(fixture, 1.1, 1, 0);
	advance(fixture, 2.5);
	expect(fixture, "[no stack] 1/1\n");
	fixture->view.language = TOP_PYTHON;
	expect(fixture, "");
}

// A model that is full says so, and starts anew when told to.
static void test_full(void **state)
{
	struct fixture *fixture = *state;

	assert_false(top_model_is_full(&fixture->model));
	fixture->model.limit = 4;
	assert_true(top_model_is_full(&fixture->model));
	assert_int_equal(top_model_callsite(&fixture->model, 999, TOP_NONE, 0),
			 TOP_NONE);
	fill_samples(fixture);
	assert_null(top_model_reset(&fixture->model));
	assert_int_equal(fixture->model.resets, 1);
	assert_int_equal(fixture->model.callsite_count, 0);
	fixture->model.limit = 100;
	fill(&fixture->model);
	fill_samples(fixture);
	expect(fixture, "qsort 3/3\nwrite 2/2\nfib 1/4\nmain 0/6\nrun 0/6\n");
}

// A name that changes (exec, prctl) is the new one.
static void test_rename(void **state)
{
	struct fixture *fixture = *state;

	fill_samples(fixture);
	top_model_process(&fixture->model, 1, 10, "nginx");
	fixture->view.subject = TOP_PROCESSES;
	expect(fixture, "nginx 4/4\nbatch 2/2\n");
	assert_int_equal(fixture->model.process_count, 2);
}

#define TOP_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TOP_TEST(test_self_and_total),
		TOP_TEST(test_one_language),
		TOP_TEST(test_filter),
		TOP_TEST(test_processes_and_threads),
		TOP_TEST(test_not_chosen),
		TOP_TEST(test_windows),
		TOP_TEST(test_aligned),
		TOP_TEST(test_late_samples),
		TOP_TEST(test_trend),
		TOP_TEST(test_sandwich),
		TOP_TEST(test_no_frames),
		TOP_TEST(test_full),
		TOP_TEST(test_rename),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
