// SPDX-License-Identifier: Apache-2.0
#include "schema/read/profile.h"

#include <stdlib.h>
#include <string.h>

#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

static void expect_folded(const char *path, const char *expected)
{
	struct profile *profile = fixture_open_profile(path);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fixture_succeed(profile_export_folded(profile, out));
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	profile_close(profile);
}

static void test_stacks(void **state)
{
	(void)state;
	fixture_make("a.db");
	expect_folded("a.db", "main_c;run;fib 2\n"
			      "main_c;run;fib;fib 3\n"
			      "main_c;run;qsort;do_syscall_64_[k] 4\n"
			      "start_thread 1\n");
}

static int64_t push(struct store *store, int64_t parent, enum store_kind kind,
		    const char *name, const char *module)
{
	int64_t file = store_module(store, module, NULL, 0);
	int64_t function = store_function(store, kind, name, NULL, 0, file);

	return store_callsite(store, 0, parent,
			      store_frame(store, function, STORE_EXACT, 0, 0));
}

static void add_sample(struct store *store, int64_t callsite)
{
	const struct store_sample sample = {
		.time_ns = FIXTURE_START_NS,
		.weight = FIXTURE_PERIOD_NS,
		.thread_id = store_thread(store, store_process(store, 1, 0, "p"),
					  1, 0, "t"),
		.callsite_id = callsite,
		.trust = STORE_TRUST_NATIVE,
		.walk_end = "root",
	};

	store_add_sample(store, &sample);
}

// Names that would break the format, and functions that only their file tells
// apart.
static void test_names(void **state)
{
	struct store *store = fixture_open_store("a.db");
	int64_t odd = push(store, 0, STORE_NATIVE, "a;b\nc", "/lib/x.so");

	(void)state;
	add_sample(store, push(store, odd, STORE_NATIVE, "f", "/lib/x.so"));
	add_sample(store, push(store, odd, STORE_NATIVE, "f", "/lib/y.so"));
	add_sample(store, push(store, odd, STORE_KERNEL, "f", "[kernel]"));
	add_sample(store, push(store, odd, STORE_NATIVE, "", "/lib/x.so"));
	fixture_succeed(store_close(store, FIXTURE_START_NS));
	expect_folded("a.db", "a:b c; 1\na:b c;f 2\na:b c;f_[k] 1\n");
}

static void test_deep(void **state)
{
	struct store *store = fixture_open_store("a.db");
	struct profile *profile;
	int64_t callsite = 0;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	for (int i = 0; i < 20000; i++)
		callsite = push(store, callsite, STORE_PYTHON, "down", "");
	add_sample(store, callsite);
	fixture_succeed(store_close(store, FIXTURE_START_NS));
	profile = fixture_open_profile("a.db");
	assert_non_null(out);
	fixture_succeed(profile_export_folded(profile, out));
	fclose(out);
	assert_int_equal(size, strlen("down;") * 20000 - 1 + strlen(" 1\n"));
	free(text);
	profile_close(profile);
}

static void test_empty(void **state)
{
	struct store *store = fixture_open_store("a.db");

	(void)state;
	fixture_succeed(store_close(store, FIXTURE_START_NS));
	expect_folded("a.db", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_stacks),
		FIXTURE_TEST(test_names),
		FIXTURE_TEST(test_deep),
		FIXTURE_TEST(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
