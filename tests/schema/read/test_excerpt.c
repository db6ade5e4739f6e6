// SPDX-License-Identifier: Apache-2.0
// Parts of a store of two sessions, through everything that shows them: report,
// folded stacks, timeline and SQL give the same counts.
#include "schema/read/excerpt.h"

#include <string.h>

#include "base/clock.h"
#include "schema/read/timeline.h"
#include "tests/cmocka.h"
#include "tests/schema/store_fixture.h"

#define WALL_S ((unsigned long)(FIXTURE_WALL_NS / NS_PER_SEC))

static struct profile *open_selected(const struct selection_options *options)
{
	struct profile *profile = fixture_open_profile("a.db");

	profile_select(profile, options);
	return profile;
}

typedef struct error *(*print_fn)(struct profile *profile, FILE *out);

static char *print(struct profile *profile, print_fn print_it)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fixture_succeed(print_it(profile, out));
	fclose(out);
	return text;
}

static struct error *print_report(struct profile *profile, FILE *out)
{
	const struct report_options options = { .function_count = 20 };

	return profile_report(profile, &options, out);
}

static struct error *print_timeline(struct profile *profile, FILE *out)
{
	const struct report_options options = { .function_count = 20,
						.json = true };

	return profile_timeline(profile, &options, out);
}

static void expect(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in\n%s", part, text);
}

static void expect_sql(struct profile *profile, const char *sql,
		       const char *rows)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fixture_succeed(profile_query(profile, sql, QUERY_CSV, out));
	fclose(out);
	if (!strstr(text, rows))
		fail_msg("%s\ngives\n%sand not\n%s", sql, text, rows);
	free(text);
}

// One function row for both sessions' main_c, and the gap between them is said.
static void test_all(void **state)
{
	static const struct selection_options all;
	_cleanup_free_ char *report = NULL, *folded = NULL;
	struct profile *profile;

	(void)state;
	store_fixture_make("a.db");
	profile = open_selected(&all);
	report = print(profile, print_report);
	expect(report, "Range    2023-11-14 22:13:20 ");
	expect(report, "Samples  14,400, for 2 min 24 s of CPU time\n");
	expect(report, "▒ unproven        180    1.25 %");
	expect(report, "0.00           0    100.00   native    main_c");
	expect(report, "25.00       3,600     25.00   native    compute");
	expect(report, "not recording\n");
	folded = print(profile, profile_export_folded);
	expect(folded, "main_c;compute 3600\n");
	expect(folded, "main_c;run;futex_wait_[k] 3600\n");
	profile_close(profile);
}

// Over the end of the first session: 100 s of it, and 140 s of the second.
static void test_range(void **state)
{
	char range[64];
	const struct selection_options options = { .range = range };
	_cleanup_free_ char *report = NULL;
	struct profile *profile;

	(void)state;
	sprintf(range, "@%lu,@%lu", WALL_S + 1700, WALL_S + 2000);
	store_fixture_make("a.db");
	profile = open_selected(&options);
	report = print(profile, print_report);
	expect(report, "Samples  960, for 9.6 s of CPU time\n");
	expect(report, "20.83         200     20.83   native    spin");
	expect(report, "29.17         280     29.17   native    compute");
	expect_sql(profile,
		   "SELECT self_samples, self_ns, total_samples FROM v_function "
		   "WHERE function = 'compute'",
		   "280,2800000000,280");
	profile_close(profile);
}

static void test_query(void **state)
{
	char from[32];
	const struct selection_options options = {
		.from = from,
		.process = "app",
	};
	struct profile *profile;

	(void)state;
	sprintf(from, "@%lu", WALL_S + STORE_SECONDS + STORE_OFF_SECONDS);
	store_fixture_make("a.db");
	profile = open_selected(&options);
	expect_sql(profile, "SELECT count(*), count(DISTINCT process) FROM "
			    "v_sample", "3600,1");
	expect_sql(profile,
		   "SELECT sum(self_samples), max(total_samples) FROM "
		   "v_callsite", "3600,3600");
	expect_sql(profile, "SELECT stack, samples FROM v_folded "
			    "ORDER BY samples DESC, stack LIMIT 1",
		   "main_c;run;futex_wait,1800");
	expect_sql(profile, "SELECT count(*) FROM v_incident", "2");
	// Whoever asks for all of the file gets it.
	expect_sql(profile, "SELECT count(*) FROM main.sample", "15300");
	profile_close(profile);
}

// Blocked time is never added to time on a CPU.
static void test_event(void **state)
{
	const struct selection_options options = { .event = "off-cpu" };
	_cleanup_free_ char *report = NULL, *timeline = NULL;
	struct profile *profile;

	(void)state;
	store_fixture_make("a.db");
	profile = open_selected(&options);
	report = print(profile, print_report);
	expect(report, "Samples  900, for 4.5 s of blocked time\n");
	timeline = print(profile, print_timeline);
	expect(timeline, "\"event\":\"off-cpu\"");
	expect(timeline, "\"process\":\"app\",\n\"samples\":900,\n"
			 "\"weight\":4500000000,");
	expect_sql(profile, "SELECT DISTINCT event FROM v_sample", "off-cpu");
	profile_close(profile);
}

static uint64_t count_boot(const struct selection_options *options)
{
	struct profile *profile = open_selected(options);
	struct excerpt excerpt;
	uint64_t samples;

	fixture_succeed(excerpt_load(&excerpt, profile, CALL_TREE_HEAVY_FIRST,
				     TALLY_TOGETHER));
	samples = excerpt.tree.nodes[0].total.samples;
	excerpt_deinit(&excerpt);
	profile_close(profile);
	return samples;
}

static void test_since_boot(void **state)
{
	const struct selection_options options = { .since_boot = true };
	sqlite3 *database;

	(void)state;
	store_fixture_make("a.db");
	assert_int_equal(sqlite3_open("a.db", &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database,
				      "UPDATE session SET boot_id = 'same'",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(count_boot(&options), 14400);
	assert_int_equal(sqlite3_exec(database,
				      "UPDATE session SET boot_id = id", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(count_boot(&options), 7200);
	sqlite3_close(database);
}

// A minute where nothing ran is a minute with nothing in it.
static void test_timeline(void **state)
{
	static const struct selection_options all;
	struct selection selection;
	struct timeline timeline;
	struct profile *profile;
	uint64_t sum = 0;

	(void)state;
	store_fixture_make("a.db");
	profile = open_selected(&all);
	fixture_succeed(profile_selection(profile, &selection));
	fixture_succeed(timeline_load(&timeline, profile_database(profile),
				      &selection, 400, 1));
	assert_int_equal(timeline.bucket_ns, 10 * NS_PER_SEC);
	assert_int_equal(timeline.row_count, 1);
	assert_int_equal(timeline.left_out, 1);
	assert_int_equal(timeline.all.samples, 14400);
	for (size_t i = 0; i < timeline.bucket_count; i++)
		sum += timeline.all.weights[i];
	assert_int_equal(sum, timeline.all.weight);
	assert_int_equal(timeline.all.weights[10],
			 10 * STORE_RATE * FIXTURE_PERIOD_NS);
	assert_int_equal(timeline.all.weights[STORE_SECONDS / 10 + 3], 0);
	timeline_deinit(&timeline);
	selection_deinit(&selection);
	profile_close(profile);
}

static uint64_t bucket_of_range(unsigned long seconds)
{
	_cleanup_free_ char *from = NULL, *until = NULL;
	struct selection_options options = { .from = NULL };
	struct selection selection;
	struct timeline timeline;
	struct profile *profile;
	uint64_t bucket_ns;

	assert_true(asprintf(&from, "@%lu", WALL_S + 60) > 0);
	assert_true(asprintf(&until, "@%lu", WALL_S + 60 + seconds) > 0);
	options.from = from;
	options.until = until;
	profile = open_selected(&options);
	fixture_succeed(profile_selection(profile, &selection));
	fixture_succeed(timeline_load(&timeline, profile_database(profile),
				      &selection, 400, 1));
	bucket_ns = timeline.bucket_ns;
	timeline_deinit(&timeline);
	selection_deinit(&selection);
	profile_close(profile);
	return bucket_ns;
}

// A short range has buckets of parts of a second, though never too short ones.
static void test_short_timeline(void **state)
{
	(void)state;
	store_fixture_make("a.db");
	assert_int_equal(bucket_of_range(2), NS_PER_SEC / 10);
	assert_int_equal(bucket_of_range(60), NS_PER_SEC / 5);
	assert_int_equal(bucket_of_range(300), NS_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_all),
		FIXTURE_TEST(test_range),
		FIXTURE_TEST(test_query),
		FIXTURE_TEST(test_event),
		FIXTURE_TEST(test_since_boot),
		FIXTURE_TEST(test_timeline),
		FIXTURE_TEST(test_short_timeline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
