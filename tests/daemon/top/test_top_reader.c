// SPDX-License-Identifier: Apache-2.0
#include "daemon/top/top_reader.h"

#include <string.h>

#include "base/clock.h"
#include "daemon/top/top_table.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

static void poll(struct top_reader *reader, struct top_model *model)
{
	fixture_succeed(top_reader_poll(reader, model));
}

// The table of all there is reads "name self/total", line by line.
static void expect(const struct top_model *model, const char *text)
{
	struct top_view view = { .process = TOP_NONE, .thread = TOP_NONE };
	struct top_table table;
	char got[512] = "";

	fixture_succeed(top_table_make(model, &view, &table));
	for (size_t i = 0; i < table.rows.count; i++) {
		const struct top_row *row = &table.rows.items[i];

		snprintf(got + strlen(got), sizeof(got) - strlen(got),
			 "%s %d/%d\n", model->functions[row->place].name,
			 (int)row->self_samples, (int)row->total_samples);
	}
	top_table_deinit(&table);
	assert_string_equal(got, text);
}

static struct top_reader *open_reader(const struct selection_options *options,
				      struct top_model *model)
{
	struct top_reader *reader;

	fixture_succeed(top_model_init(model));
	fixture_succeed(top_reader_create("x.db", options, &reader));
	return reader;
}

static void test_all_of_a_profile(void **state)
{
	static const struct selection_options all;
	struct top_reader *reader;
	struct top_model model;

	(void)state;
	fixture_make("x.db");
	reader = open_reader(&all, &model);
	poll(reader, &model);
	expect(&model, "fib 5/5\ndo_syscall_64 4/4\n[no stack] 1/1\n"
		       "start_thread 1/1\nmain_c 0/9\nrun 0/9\nqsort 0/4\n");
	assert_int_equal(model.thread_count, 2);
	assert_string_equal(model.threads[0].name, "main");
	assert_false(top_reader_head(reader)->live);
	assert_string_equal(top_reader_head(reader)->event, "cpu-clock");
	assert_string_equal(top_reader_head(reader)->unit, "ns");
	assert_int_equal(top_reader_head(reader)->frequency_hz, FIXTURE_HZ);
	// Nothing new: nothing is counted again.
	poll(reader, &model);
	expect(&model, "fib 5/5\ndo_syscall_64 4/4\n[no stack] 1/1\n"
		       "start_thread 1/1\nmain_c 0/9\nrun 0/9\nqsort 0/4\n");
	top_reader_destroy(reader);
	top_model_deinit(&model);
}

static void add_sample(struct store *store, unsigned int second,
		       const char *function)
{
	int64_t process = store_process(store, 77, 1, "late");
	int64_t thread = store_thread(store, process, 78, 1, "late");
	int64_t id = store_function(store, STORE_PYTHON, function, "l.py", 3,
				    0);
	int64_t frame = store_frame(store, id, STORE_PROVEN, 4, 0);
	struct store_sample sample = {
		.time_ns = FIXTURE_START_NS + second * NS_PER_SEC,
		.weight = FIXTURE_PERIOD_NS,
		.thread_id = thread,
		.callsite_id = store_callsite(store, 0, 0, frame),
		.trust = STORE_TRUST_PROVEN,
		.walk_end = "root",
	};

	store_add_sample(store, &sample);
}

// What is committed between two polls is seen by the second.
static void test_growing(void **state)
{
	static const struct selection_options late = { .process = "late" };
	struct store *store;
	struct top_reader *reader;
	struct top_model model;

	(void)state;
	store = fixture_open_store("x.db");
	fixture_fill(store);
	fixture_succeed(store_commit(store));
	reader = open_reader(&late, &model);
	poll(reader, &model);
	expect(&model, "");
	add_sample(store, 5, "first");
	poll(reader, &model);
	expect(&model, "");
	fixture_succeed(store_commit(store));
	poll(reader, &model);
	expect(&model, "first 1/1\n");
	add_sample(store, 6, "second");
	add_sample(store, 6, "second");
	fixture_succeed(store_commit(store));
	poll(reader, &model);
	expect(&model, "second 2/2\nfirst 1/1\n");
	fixture_succeed(store_close(store, 0));
	top_reader_destroy(reader);
	top_model_deinit(&model);
}

// A renamed process is asked for by its new name.
static void test_renamed(void **state)
{
	static const struct selection_options options = { .process = "new" };
	struct store *store;
	struct top_reader *reader;
	struct top_model model;

	(void)state;
	store = fixture_open_store("x.db");
	add_sample(store, 1, "before");
	fixture_succeed(store_commit(store));
	reader = open_reader(&options, &model);
	poll(reader, &model);
	expect(&model, "");
	store_rename_process(store, store_process(store, 77, 1, "late"),
			     "new");
	add_sample(store, 2, "after");
	fixture_succeed(store_commit(store));
	poll(reader, &model);
	// Also what it did before: the name is that of the process.
	expect(&model, "before 1/1\nafter 1/1\n");
	fixture_succeed(store_close(store, 0));
	top_reader_destroy(reader);
	top_model_deinit(&model);
}

// Another file in its place: its rows mean something else.
static void test_replaced(void **state)
{
	static const struct selection_options all;
	struct store *store;
	struct top_reader *reader;
	struct top_model model;

	(void)state;
	fixture_make("x.db");
	reader = open_reader(&all, &model);
	poll(reader, &model);
	store = fixture_open_store("y.db");
	add_sample(store, 1, "other");
	fixture_succeed(store_close(store, 0));
	assert_int_equal(rename("y.db", "x.db"), 0);
	poll(reader, &model);
	expect(&model, "other 1/1\n");
	assert_int_equal(model.resets, 1);
	assert_int_equal(unlink("x.db"), 0);
	fixture_fail(top_reader_poll(reader, &model), ERROR_NOT_FOUND, "x.db");
	fixture_make("x.db");
	poll(reader, &model);
	assert_int_equal(model.resets, 2);
	top_reader_destroy(reader);
	top_model_deinit(&model);
}

static void test_refusals(void **state)
{
	static const struct selection_options all, event = { .event = "no" };
	struct top_reader *reader;
	struct top_model model;

	(void)state;
	fixture_fail(top_reader_create("x.db", &all, &reader),
		     ERROR_NOT_FOUND, "x.db");
	fixture_make("x.db");
	reader = open_reader(&event, &model);
	fixture_fail(top_reader_poll(reader, &model), ERROR_USAGE,
		     "no event 'no'");
	top_reader_destroy(reader);
	top_model_deinit(&model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_all_of_a_profile),
		FIXTURE_TEST(test_growing),
		FIXTURE_TEST(test_renamed),
		FIXTURE_TEST(test_replaced),
		FIXTURE_TEST(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
