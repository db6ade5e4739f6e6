// SPDX-License-Identifier: Apache-2.0
#include "schema/read/id_set.h"

#include <stdlib.h>

#include "tests/cmocka.h"

enum { IDS = 200000, MEMBERS = 3000 };

static void fill(struct id_set *set, bool *members)
{
	unsigned int seed = 7;

	for (int i = 0; i < MEMBERS; i++) {
		int64_t id = rand_r(&seed) % IDS;

		// Some lie close together, and one chunk has none.
		if (i % 2)
			id = id % 1000 + 150000;
		if (id >= 32768 && id < 65536)
			continue;
		members[id] = true;
		assert_true(id_set_add(set, id));
		assert_true(id_set_add(set, id));
	}
}

static void test_members(void **state)
{
	static bool members[IDS];
	struct id_set set = { 0 };
	size_t count = 0;

	(void)state;
	fill(&set, members);
	for (int64_t id = 0; id < IDS; id++) {
		assert_int_equal(id_set_has(&set, id), members[id]);
		count += members[id];
	}
	assert_int_equal(set.count, count);
	id_set_deinit(&set);
}

// Runs in both directions begin and end with a member, and miss none.
static void test_runs(void **state)
{
	static bool members[IDS];
	struct id_set set = { 0 };
	struct id_run run = { 0, -1 };
	size_t count = 0, runs = 0, down = 0;

	(void)state;
	fill(&set, members);
	while (id_set_next_run(&set, run.until + 1, &run)) {
		assert_true(members[run.from] && members[run.until]);
		for (int64_t id = run.from; id <= run.until; id++)
			count += members[id];
		runs++;
	}
	assert_int_equal(count, set.count);
	assert_true(runs > 10 && runs < set.count);
	run.from = INT64_MAX;
	while (id_set_previous_run(&set, run.from - 1, &run)) {
		assert_true(members[run.from] && members[run.until]);
		for (int64_t id = run.from; id <= run.until; id++)
			count -= members[id];
		down++;
	}
	assert_int_equal(count, 0);
	assert_int_equal(down, runs);
	id_set_deinit(&set);
}

static void test_bounds(void **state)
{
	struct id_set set = { 0 };
	struct id_run run;

	(void)state;
	assert_false(id_set_next_run(&set, 0, &run));
	assert_false(id_set_previous_run(&set, INT64_MAX, &run));
	assert_true(id_set_add(&set, -1));
	assert_true(id_set_add(&set, INT64_MIN));
	assert_true(id_set_add(&set, INT64_C(1) << 36));
	assert_true(id_set_add(&set, INT64_MAX));
	assert_int_equal(set.count, 0);
	assert_false(id_set_has(&set, -1));
	assert_false(id_set_has(&set, INT64_MAX));
	assert_true(id_set_add(&set, (INT64_C(1) << 36) - 1));
	assert_true(id_set_add(&set, 0));
	assert_true(id_set_previous_run(&set, INT64_MAX, &run));
	assert_int_equal(run.from, (INT64_C(1) << 36) - 1);
	assert_true(id_set_next_run(&set, INT64_MIN, &run));
	assert_int_equal(run.until, 0);
	id_set_deinit(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
