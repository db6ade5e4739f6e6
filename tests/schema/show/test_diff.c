// SPDX-License-Identifier: Apache-2.0
// Two populations whose shares are known: what was made to differ is found, and
// where nothing differs nothing is.
#include "schema/show/diff.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "schema/show/diff_test.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

enum { FUNCTIONS = 40, SAMPLES = 6000, BURST = 60 };

/* A function's share is its weight among all; 0: it is not there. */
struct population {
	unsigned int weight[FUNCTIONS];
	unsigned int seed, samples, burst; /* samples of a kind in a row */
	unsigned int step_ms;
};

static unsigned int draw(const struct population *population,
			 unsigned int *seed)
{
	unsigned int all = 0, place;

	for (int i = 0; i < FUNCTIONS; i++)
		all += population->weight[i];
	place = (unsigned int)(rand_r(seed) / 7) % all;
	for (unsigned int i = 0; i < FUNCTIONS; i++) {
		if (place < population->weight[i])
			return i;
		place -= population->weight[i];
	}
	return 0;
}

static void make_functions(struct store *store, int64_t *callsites)
{
	int64_t module = store_module(store, "/bin/app", NULL, 0);
	int64_t root = store_callsite(
		store, 0, 0,
		store_frame(store,
			    store_function(store, STORE_NATIVE, "main", NULL, 0,
					   module),
			    STORE_EXACT, 0, 0));

	for (int i = 0; i < FUNCTIONS; i++) {
		char name[32];
		int64_t function;

		snprintf(name, sizeof(name), "function_%02d%s", i,
			 i < 30 ? "" : "_of_another_length");
		function = store_function(store, STORE_NATIVE, name, NULL, 0,
					  module);
		callsites[i] = store_callsite(
			store, 0, root,
			store_frame(store, function, STORE_EXACT, 0, 0));
	}
}

static struct profile *make(const char *path,
			    const struct population *population)
{
	struct store *store = fixture_open_store(path);
	int64_t callsites[FUNCTIONS];
	int64_t app = store_process(store, 100, 7, "app");
	int64_t thread = store_thread(store, app, 100, 7, "main");
	unsigned int seed = population->seed, function = 0;
	uint64_t step_ns = population->step_ms * NS_PER_MS;

	make_functions(store, callsites);
	for (unsigned int i = 0; i < population->samples; i++) {
		struct store_sample sample = {
			.time_ns = FIXTURE_START_NS + i * step_ns,
			.weight = FIXTURE_PERIOD_NS,
			.thread_id = thread,
			.trust = STORE_TRUST_NATIVE,
			.walk_end = "root",
		};

		if (i % population->burst == 0)
			function = draw(population, &seed);
		sample.callsite_id = callsites[function];
		store_add_sample(store, &sample);
	}
	fixture_succeed(store_close(
		store, FIXTURE_START_NS + population->samples * step_ns));
	return fixture_open_profile(path);
}

static struct population even(unsigned int seed)
{
	struct population population = {
		.seed = seed, .samples = SAMPLES, .burst = 1, .step_ms = 10,
	};

	for (int i = 0; i < FUNCTIONS; i++)
		population.weight[i] = 100;
	return population;
}

struct pair {
	struct profile *a, *b;
	struct diff diff;
};

static void compare(struct pair *pair, const struct population *a,
		    const struct population *b, bool by_total)
{
	static const struct selection_options all;
	struct diff_source before = { NULL, &all, "a.db" };
	struct diff_source after = { NULL, &all, "b.db" };

	before.profile = pair->a = make("a.db", a);
	after.profile = pair->b = make("b.db", b);
	fixture_succeed(diff_load(&pair->diff, &before, &after, by_total));
}

static void pair_deinit(struct pair *pair)
{
	diff_deinit(&pair->diff);
	profile_close(pair->a);
	profile_close(pair->b);
}

static const struct diff_function *find(const struct diff *diff,
					const char *name)
{
	for (size_t i = 0; i < diff->count; i++) {
		const struct diff_function *function = &diff->functions[i];

		if (strcmp(function->tree->functions[function->function].name,
			   name) == 0)
			return function;
	}
	fail_msg("no %s", name);
	return NULL;
}

// Ten times over: by luck alone 5 % of such comparisons may show something.
static void test_equal_populations(void **state)
{
	size_t significant = 0;

	(void)state;
	for (unsigned int i = 0; i < 10; i++) {
		struct population a = even(2 * i + 1), b = even(2 * i + 2);
		struct pair pair;

		compare(&pair, &a, &b, false);
		assert_int_equal(pair.diff.count, FUNCTIONS + 1);
		significant += pair.diff.significant;
		pair_deinit(&pair);
	}
	assert_true(significant <= 1);
}

// Programs work in phases: 60 samples of one kind in a row are one event, not
// 60, and a test that took them for 60 would find what is not there.
static void test_equal_but_bursty(void **state)
{
	size_t significant = 0, luck = 0;

	(void)state;
	for (unsigned int i = 0; i < 10; i++) {
		struct population a = even(2 * i + 1), b = even(2 * i + 2);
		struct pair pair;

		a.burst = b.burst = BURST;
		compare(&pair, &a, &b, false);
		significant += pair.diff.significant;
		for (size_t k = 0; k < pair.diff.count; k++) {
			const struct diff_function *function =
				&pair.diff.functions[k];
			const struct share before = {
				.part = function->before.self.samples,
				.whole = SAMPLES,
			};
			const struct share after = {
				.part = function->after.self.samples,
				.whole = SAMPLES,
			};

			luck += share_difference_p(&before, &after) <
				DIFF_SIGNIFICANCE / FUNCTIONS;
		}
		pair_deinit(&pair);
	}
	assert_true(luck > 50);
	assert_true(significant <= 2);
}

static void test_known_change(void **state)
{
	struct population a = even(1), b = even(2);
	const struct diff_function *function;
	struct pair pair;

	(void)state;
	a.weight[3] = 500;
	b.weight[3] = 1000;
	a.weight[7] = 0;
	b.weight[9] = 0;
	// Twice as many samples in twice the time: the same rate.
	b.samples *= 2;
	compare(&pair, &a, &b, false);
	function = &pair.diff.functions[0];
	assert_string_equal(function->tree->functions[function->function].name,
			    "function_03");
	assert_int_equal(function->verdict, DIFF_SIGNIFICANT);
	assert_true(function->p < 0.001);
	assert_true(fabs(function->share_before - 500.0 / 4300) < 0.015);
	assert_true(fabs(function->share_after - 1000.0 / 4800) < 0.015);
	function = find(&pair.diff, "function_07");
	assert_int_equal(function->before.total.samples, 0);
	assert_int_equal(function->verdict, DIFF_SIGNIFICANT);
	function = find(&pair.diff, "function_09");
	assert_int_equal(function->after.total.samples, 0);
	assert_int_equal(function->verdict, DIFF_SIGNIFICANT);
	assert_int_equal(pair.diff.significant, 3);
	assert_int_equal(pair.diff.b.duration_ns, 2 * pair.diff.a.duration_ns);
	pair_deinit(&pair);
}

// Of main everything is total, and nothing self.
static void test_by_total(void **state)
{
	struct population a = even(1), b = even(2);
	struct pair pair;

	(void)state;
	compare(&pair, &a, &b, true);
	assert_true(find(&pair.diff, "main")->share_before > 0.9999);
	pair_deinit(&pair);
	compare(&pair, &a, &b, false);
	assert_true(find(&pair.diff, "main")->share_before < 0.0001);
	pair_deinit(&pair);
}

static char *print(struct diff *diff, bool json)
{
	const struct diff_options options = { .function_count = 3 };
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fixture_succeed(json ? diff_print_json(diff, out) :
			       diff_print_text(diff, &options, out));
	fclose(out);
	return text;
}

static void expect(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in\n%s", part, text);
}

// The columns at which the place of each function begins: all the same.
static void expect_places_aligned(const char *text)
{
	const char *line = strstr(text, "function_"), *place;
	long column = 0, count = 0;

	for (; line; line = strstr(place, "function_"), count++) {
		while (line[-1] != '\n')
			line--;
		place = strstr(line, " /bin/app\n");
		assert_non_null(place);
		if (count)
			assert_int_equal(place - line, column);
		column = place - line;
	}
	assert_int_equal(count, 3);
}

static void test_words(void **state)
{
	struct population a = even(1), b = even(2);
	_cleanup_free_ char *text = NULL, *json = NULL;
	struct pair pair;

	(void)state;
	a.weight[7] = 0;
	b.weight[7] = 4000;
	b.weight[39] = 0;
	compare(&pair, &a, &b, false);
	text = print(&pair.diff, false);
	expect(text, "A  before  a.db\n");
	expect(text, "B  after   b.db\n");
	expect(text, "functions changed significantly (p < 0.05");
	expect(text, "p < 0.001, new");
	expect(text, "more, ");
	expect_places_aligned(text);
	json = print(&pair.diff, true);
	expect(json, "\"compared\":\"self\"");
	expect(json, "\"verdict\":\"significant\"");
	pair_deinit(&pair);
	free(text);
	a = even(1);
	b = even(2);
	compare(&pair, &a, &b, false);
	text = print(&pair.diff, false);
	expect(text, "No function's share changed significantly");
	expect(text, "not significant");
	pair_deinit(&pair);
}

// A range from before the profile began.
static void test_nothing_to_compare(void **state)
{
	static const struct selection_options then = { .until = "@1" }, all;
	struct population population = even(1);
	struct profile *profile = make("a.db", &population);
	const struct diff_source before = { profile, &then, "then" };
	const struct diff_source after = { profile, &all, "all" };
	_cleanup_free_ char *text = NULL;
	struct diff diff;

	(void)state;
	fixture_succeed(diff_load(&diff, &before, &after, false));
	text = print(&diff, false);
	expect(text, "outside of what was recorded, 0 samples");
	expect(text, "There is nothing to compare: A has no samples\n");
	diff_deinit(&diff);
	profile_close(profile);
}

// Figures from the normal distribution's tables.
static void test_statistics(void **state)
{
	const struct share a = { .part = 400, .whole = 1000 };
	const struct share b = { .part = 450, .whole = 1000 };
	const struct share none = { 0 };
	double p[] = { 0.01, 0.02, 0.03, 0.5 };

	(void)state;
	// z = (0.05 - 0.001) / sqrt(0.425 * 0.575 * 0.002) = 2.2164
	assert_true(fabs(share_difference_p(&a, &b) - 0.02667) < 0.0001);
	assert_true(fabs(share_difference_p(&b, &a) -
			 share_difference_p(&a, &b)) < 1e-12);
	assert_true(share_difference_p(&a, &a) == 1);
	assert_true(share_difference_p(&a, &none) == 1);
	holm_correct(p, 4);
	assert_true(fabs(p[0] - 0.04) < 1e-12);
	assert_true(fabs(p[1] - 0.06) < 1e-12);
	assert_true(fabs(p[2] - 0.06) < 1e-12);
	assert_true(fabs(p[3] - 0.5) < 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_equal_populations),
		FIXTURE_TEST(test_equal_but_bursty),
		FIXTURE_TEST(test_known_change),
		FIXTURE_TEST(test_by_total),
		FIXTURE_TEST(test_words),
		FIXTURE_TEST(test_nothing_to_compare),
		cmocka_unit_test(test_statistics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
