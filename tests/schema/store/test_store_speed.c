// SPDX-License-Identifier: Apache-2.0
// The figures promised for a profile, in processor time, so that a busy machine
// does not matter; and its size.
#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "schema/read/profile.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

enum {
	SAMPLES = 1000000,
	CALLSITES = 20000,
	FRAMES = 6000,
	THREADS = 8,
	DEPTH_MAX = 60,
	TICK_SAMPLES = 10000,
	BYTES_PER_SAMPLE = 24,
};

// The same work takes up to half as long again on a machine with neighbours.
#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
static const double slack = 20;
#else
static const double slack = 2;
#endif

struct tree {
	int64_t thread[THREADS];
	int64_t frame[FRAMES];
	int64_t callsite[CALLSITES];
	unsigned int depth[CALLSITES];
	int64_t leaf[CALLSITES];
	size_t leaf_count;
};

static double processor_seconds(void)
{
	return (double)clock_now_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e9;
}

static void add_frames(struct store *store, struct tree *tree)
{
	int64_t process = store_process(store, 1, 1, "p");
	int64_t module = store_module(store, "/usr/lib/libx.so", NULL, 0);
	char name[64];

	for (int i = 0; i < THREADS; i++)
		tree->thread[i] = store_thread(store, process, i, 1, "t");
	for (int i = 0; i < FRAMES; i++) {
		bool python = i % 2;
		int64_t function;

		snprintf(name, sizeof(name), "function_number_%d", i % 2000);
		function = store_function(store,
					  python ? STORE_PYTHON : STORE_NATIVE,
					  name, python ? "/usr/lib/x.py" : NULL,
					  i % 2000, python ? 0 : module);
		tree->frame[i] = store_frame(store, function, STORE_PROVEN,
					     python ? i / 2000 + 1 : 0,
					     python ? 0 : 0x1000 + i * 16);
	}
}

// Each new stack leaves a known one somewhere, or starts from a root.
static void add_callsites(struct store *store, struct tree *tree)
{
	size_t count = 0;

	srandom(1);
	while (count < CALLSITES) {
		size_t from = count ? (size_t)random() % count : 0;
		bool root = count == 0 || random() % 20 == 0;
		int64_t parent = root ? 0 : tree->callsite[from];
		unsigned int depth = root ? 0 : tree->depth[from] + 1;
		size_t length = root ? 20 : 1 + (size_t)random() % 5;

		while (length-- && count < CALLSITES && depth < DEPTH_MAX) {
			parent = store_callsite(store, 0, parent,
						tree->frame[random() % FRAMES]);
			tree->callsite[count] = parent;
			tree->depth[count++] = depth++;
		}
		tree->leaf[tree->leaf_count++] = parent;
	}
}

static void add_samples(struct store *store, const struct tree *tree)
{
	uint64_t time_ns = FIXTURE_START_NS;

	for (int i = 0; i < SAMPLES; i++) {
		struct store_sample sample = {
			.time_ns = time_ns,
			.weight = FIXTURE_PERIOD_NS,
			.thread_id = tree->thread[random() % THREADS],
			.callsite_id =
				tree->leaf[(size_t)random() % tree->leaf_count],
			.cpu = (uint32_t)i % 2,
			.trust = STORE_TRUST_PROVEN,
			.walk_end = "root",
		};

		store_add_sample(store, &sample);
		time_ns += 400000 + (uint64_t)random() % 200000;
		if (i % TICK_SAMPLES == TICK_SAMPLES - 1)
			fixture_succeed(store_commit(store));
	}
}

static void expect_within(const char *what, double seconds, double limit)
{
	print_message("%-40s %6.3f s, goal %.3f\n", what, seconds, limit);
	assert_true(seconds <= limit * slack);
}

static void expect_query_within(struct profile *profile, const char *sql,
				double limit)
{
	FILE *out = fopen("/dev/null", "w");
	double begin = processor_seconds();

	assert_non_null(out);
	fixture_succeed(profile_query(profile, sql, QUERY_CSV, out));
	fclose(out);
	expect_within(sql, processor_seconds() - begin, limit);
}

static void test_a_million_samples(void **state)
{
	struct store *store = fixture_open_store("a.db");
	_cleanup_free_ struct tree *tree = calloc(1, sizeof(*tree));
	struct profile *profile;
	struct stat status;
	double begin = processor_seconds();

	(void)state;
	assert_non_null(tree);
	add_frames(store, tree);
	add_callsites(store, tree);
	add_samples(store, tree);
	fixture_succeed(store_close(store, 0));
	expect_within("write", processor_seconds() - begin, 3);
	assert_int_equal(stat("a.db", &status), 0);
	print_message("%.2f bytes a sample\n", (double)status.st_size / SAMPLES);
	assert_true(status.st_size <= (off_t)BYTES_PER_SAMPLE * SAMPLES);

	profile = fixture_open_profile("a.db");
	expect_query_within(profile, "SELECT * FROM v_function", 0.3);
	expect_query_within(profile, "SELECT * FROM v_folded", 0.3);
	expect_query_within(profile, "SELECT * FROM v_callsite", 0.3);
	expect_query_within(profile, "SELECT * FROM v_health", 0.3);
	profile_close(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_a_million_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
