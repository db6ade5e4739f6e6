// SPDX-License-Identifier: Apache-2.0
#include "daemon/perf/cpu_list.h"

#include "daemon/perf/cpu_absence.h"
#include "tests/cmocka.h"

#include <sched.h>

static struct cpu_list parsed(const char *text)
{
	struct cpu_list list = { .bits = { UINT64_MAX } };

	assert_true(cpu_list_parse(text, &list));
	return list;
}

static void ranges_and_numbers(void **state)
{
	struct cpu_list list = parsed("0-1,4,8190-8191\n");

	(void)state;
	assert_int_equal(cpu_list_count(&list), 5);
	assert_true(cpu_list_has(&list, 0));
	assert_true(cpu_list_has(&list, 4));
	assert_true(cpu_list_has(&list, 8191));
	assert_false(cpu_list_has(&list, 2));
	assert_false(cpu_list_has(&list, 8192));
	assert_false(cpu_list_has(&list, UINT32_MAX));
	list = parsed("\n");
	assert_int_equal(cpu_list_count(&list), 0);
}

static void nonsense_changes_nothing(void **state)
{
	static const char *const wrong[] = {
		"x", "0-", "-1", "3-1", "1 2", "0-8192", "99999999999999999999",
		"1,,2", ",1", "0x1",
	};
	struct cpu_list list = parsed("7");

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(cpu_list_parse(wrong[i], &list));
	assert_int_equal(cpu_list_count(&list), 1);
	assert_false(cpu_list_read(-1, &list));
	assert_true(cpu_list_has(&list, 7));
}

static void this_host_has_cpus(void **state)
{
	struct cpu_list present, online, guess;

	(void)state;
	cpu_list_named("present", &present);
	cpu_list_named("online", &online);
	cpu_list_named("no such file", &guess);
	assert_true(cpu_list_has(&online, (unsigned int)sched_getcpu()));
	assert_in_range(cpu_list_count(&online), 1, cpu_list_count(&present));
	assert_true(cpu_list_count(&guess) > 0);
}

// Of one that does go, end_to_end asks (host: "hotplug: off and on at once").
static void those_that_stay_are_not_told_of(void **state)
{
	unsigned int here = (unsigned int)sched_getcpu();
	struct cpu_absence absence;

	(void)state;
	assert_null(cpu_absence_init(&absence, 3));
	cpu_absence_watch(&absence, 0, here);
	cpu_absence_watch(&absence, 1, CPU_LIST_CPUS);
	for (int i = 0; i < 3; i++) {
		cpu_absence_look(&absence);
		for (size_t place = 0; place < absence.count; place++)
			assert_false(cpu_absence_told(&absence, place));
		cpu_absence_watch(&absence, 0, here);
	}
	cpu_absence_deinit(&absence);
	cpu_absence_look(&absence);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_and_numbers),
		cmocka_unit_test(nonsense_changes_nothing),
		cmocka_unit_test(this_host_has_cpus),
		cmocka_unit_test(those_that_stay_are_not_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
