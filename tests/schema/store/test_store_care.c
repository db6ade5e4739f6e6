// SPDX-License-Identifier: Apache-2.0
// Looking after a store by hand: what is wrong with it, pruning, vacuuming.
#include "schema/store/store_care.h"
#include "schema/store/store_check.h"

#include "base/clock.h"
#include "schema/sql.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"
#include "tests/schema/long_store.h"

#include <string.h>

// Twelve minutes, a sample each second, then closed.
static void make_store(void)
{
	struct long_place place = { .thread = "main",
				    .function = "f",
				    .depth = 3,
				    .weight = FIXTURE_PERIOD_NS };
	struct long_store long_store = { .store = NULL };

	long_store_open(&long_store, "a.db", 0);
	for (int second = 0; second < 720; second++) {
		long_store_add(&long_store, second, &place);
		if (second % 10 == 9)
			fixture_succeed(store_commit(long_store.store));
	}
	long_store_close(&long_store, 720);
}

static void run_sql(const char *sql)
{
	_cleanup_database_ sqlite3 *database = NULL;

	assert_int_equal(sqlite3_open("a.db", &database), SQLITE_OK);
	fixture_succeed(sql_run(database, sql));
}

struct findings {
	size_t steps;
	char text[4096];
};

static void take_step(void *context, size_t step, size_t steps,
		      const char *what)
{
	struct findings *findings = context;

	assert_int_equal(step, findings->steps + 1);
	assert_true(step <= steps);
	assert_non_null(what);
	findings->steps = step;
}

static void take_problem(void *context, const char *text)
{
	struct findings *findings = context;

	strncat(findings->text, text,
		sizeof(findings->text) - strlen(findings->text) - 1);
}

static uint64_t check(struct findings *findings)
{
	struct store_check check = { .context = findings,
				     .progress = take_step,
				     .problem = take_problem };
	struct profile *profile = fixture_open_profile("a.db");

	*findings = (struct findings){ .steps = 0 };
	fixture_succeed(store_check_run(profile_database(profile), &check));
	profile_close(profile);
	return check.problems;
}

static void finds(const char *damage, const char *words)
{
	struct findings findings;

	run_sql(damage);
	assert_true(check(&findings) > 0);
	if (!strstr(findings.text, words))
		print_error("%s\n", findings.text);
	assert_non_null(strstr(findings.text, words));
}

static void a_good_store_is_sound(void **state)
{
	struct findings findings;

	(void)state;
	make_store();
	assert_int_equal(check(&findings), 0);
	assert_true(findings.steps > 20);
}

static void what_is_not_there_is_found(void **state)
{
	(void)state;
	make_store();
	finds("DELETE FROM frame WHERE id = (SELECT max(frame_id) FROM "
	      "callsite)", "every stack's frame is there");
	finds("DELETE FROM thread", "every sample's thread is there");
	finds("UPDATE callsite SET parent_id = id + 1 WHERE id = "
	      "(SELECT max(id) FROM callsite)", "callers come before callees");
}

static void sums_that_are_wrong_are_found(void **state)
{
	(void)state;
	make_store();
	finds("UPDATE rollup_10s SET samples = samples + 1 WHERE id = "
	      "(SELECT min(id) FROM rollup_10s)",
	      "spans of ten seconds add up");
	finds("UPDATE rollup_10min SET samples = samples + 2",
	      "spans of ten minutes add up");
	finds("UPDATE level SET kept_id = 5000000000 WHERE name = 'sample'",
	      "no level holds what it is said to have given up");
}

static void broken_pages_are_found(void **state)
{
	FILE *file;

	(void)state;
	make_store();
	file = fopen("a.db", "r+");
	assert_non_null(file);
	fseek(file, 4096 * 20, SEEK_SET);
	for (int i = 0; i < 4096; i++)
		fputc(i * 7, file);
	fclose(file);
	finds("SELECT 1", "Page 21");
}

static void prunes_by_age_to_what_is_rolled_up(void **state)
{
	struct store_limits limits = { .sample_seconds = 60 };
	struct store_care care;
	struct findings findings;
	struct profile *profile;

	(void)state;
	make_store();
	fixture_succeed(store_care_prune("a.db", &limits, &care));
	assert_in_range(care.samples, 500, 720);
	assert_int_equal(care.rollups, 0);
	profile = fixture_open_profile("a.db");
	fixture_expect(profile, "SELECT count(*) FROM session", "1\n");
	fixture_expect(profile, "SELECT sum(samples) > 600 FROM rollup_10s",
		       "1\n");
	profile_close(profile);
	assert_int_equal(check(&findings), 0);
	// The second time there is nothing left to do.
	fixture_succeed(store_care_prune("a.db", &limits, &care));
	assert_int_equal(care.samples, 0);
}

static void vacuum_takes_no_rows(void **state)
{
	struct store_care care;
	struct findings findings;

	(void)state;
	make_store();
	fixture_succeed(store_care_vacuum("a.db", &care));
	assert_true(care.after_bytes <= care.before_bytes);
	assert_int_equal(check(&findings), 0);
}

static void a_store_that_is_written_is_left_alone(void **state)
{
	struct store_limits limits = { .sample_seconds = 60 };
	struct long_store long_store = { .store = NULL };
	struct store_care care;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	fixture_fail(store_care_prune("a.db", &limits, &care), ERROR_BUSY,
		     "is writing it");
	fixture_fail(store_care_vacuum("a.db", &care), ERROR_BUSY,
		     "is writing it");
	long_store_close(&long_store, 1);
	fixture_fail(store_care_vacuum("none.db", &care), ERROR_NOT_FOUND,
		     "there is no database");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(a_good_store_is_sound),
		FIXTURE_TEST(what_is_not_there_is_found),
		FIXTURE_TEST(sums_that_are_wrong_are_found),
		FIXTURE_TEST(broken_pages_are_found),
		FIXTURE_TEST(prunes_by_age_to_what_is_rolled_up),
		FIXTURE_TEST(vacuum_takes_no_rows),
		FIXTURE_TEST(a_store_that_is_written_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
