// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/host_switches.h"

#include "base/clock.h"
#include "tests/cmocka.h"

#include <string.h>
#include <time.h>

enum { SWITCHES = 2000 };

static uint64_t parse(const char *text)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	uint64_t count;

	assert_non_null(file);
	count = host_switches_parse(file);
	fclose(file);
	return count;
}

static void the_line_is_found(void **state)
{
	(void)state;
	assert_int_equal(parse("cpu  1 2 3\nintr 5 6\nctxt 1234567890123\n"
			       "btime 7\n"), 1234567890123);
	assert_int_equal(parse("cpu  1 2 3\nactxt 5\n"), 0);
	assert_int_equal(parse("ctxt\nctxt x\n"), 0);
	assert_int_equal(parse("\n"), 0);
}

// Who sleeps gives way: that many at least in those two seconds.
static void the_host_is_followed(void **state)
{
	struct timespec moment = { .tv_nsec = 1000 };
	struct host_switches host = { 0 };
	uint64_t start = 100 * NS_PER_SEC;

	(void)state;
	host_switches_follow(&host, start);
	assert_true(host.count > 0);
	assert_int_equal(host.a_second, 0);
	for (int i = 0; i < SWITCHES; i++)
		nanosleep(&moment, NULL);
	host_switches_follow(&host, start + NS_PER_SEC);
	assert_int_equal(host.a_second, 0);
	host_switches_follow(&host, start + 4 * NS_PER_SEC);
	assert_true(host.a_second >= SWITCHES / 4);
	assert_int_equal(host.read_ns, start + 4 * NS_PER_SEC);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_is_found),
		cmocka_unit_test(the_host_is_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
