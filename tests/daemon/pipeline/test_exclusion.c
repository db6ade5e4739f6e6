// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/exclusion.h"

#include "tests/cmocka.h"

static void nobody_is_excluded_at_first(void **state)
{
	(void)state;
	assert_false(exclusion_matches(NULL, 1, "init"));
	assert_false(exclusion_matches("", 1, "init"));
	assert_false(exclusion_matches("  , ", 1, ""));
}

static void by_name_or_pid(void **state)
{
	(void)state;
	assert_true(exclusion_matches("postgres 4711", 4711, "python"));
	assert_true(exclusion_matches("postgres 4711", 12, "postgres"));
	assert_true(exclusion_matches("postgres,\t4711", 4711, "x"));
	assert_false(exclusion_matches("postgres 4711", 471, "postgre"));
	assert_false(exclusion_matches("postgres 4711", 47110, "postgresql"));
}

static void names_are_cut_as_the_kernel_does(void **state)
{
	(void)state;
	assert_true(exclusion_matches("a-very-long-process-name", 1,
				      "a-very-long-pro"));
	assert_false(exclusion_matches("a-very-long-process-name", 1,
				       "a-very-long-pr"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_excluded_at_first),
		cmocka_unit_test(by_name_or_pid),
		cmocka_unit_test(names_are_cut_as_the_kernel_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
