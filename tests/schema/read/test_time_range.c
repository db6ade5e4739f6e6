// SPDX-License-Identifier: Apache-2.0
#include "schema/read/time_range.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

// Saturday 2026-03-28 15:04:05 in Berlin; that night clocks go forward.
#define NOW_S INT64_C(1774706645)

static int64_t ns(int64_t seconds)
{
	return seconds * (int64_t)NS_PER_SEC;
}

static int in_berlin(void **state)
{
	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	return 0;
}

// Seconds relative to now.
struct point {
	const char *text;
	int64_t from, until;
};

static void test_points(void **state)
{
	static const int midnight = -(15 * 3600 + 4 * 60 + 5);
	const struct point points[] = {
		{ "now", 0, 0 },
		{ "-90s", -90, -90 },
		{ "-15m", -900, -900 },
		{ "-1h", -3600, -3600 },
		{ "-1h30m", -5400, -5400 },
		{ "-2d", -172800, -172800 },
		{ "-1w", -604800, -604800 },
		{ "@1774706645", 0, 0 },
		{ "14:30", -2045, -2045 },
		{ "14:30:05", -2040, -2040 },
		{ "2026-03-28 14:30", -2045, -2045 },
		{ "2026-03-28T14:30:05", -2040, -2040 },
		{ "today", midnight, midnight + 86400 },
		{ "yesterday", midnight - 86400, midnight },
		{ "2026-03-28", midnight, midnight + 86400 },
		{ "2026-03-29", midnight + 86400, midnight + 86400 + 23 * 3600 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++) {
		struct time_range range;

		fixture_succeed(
			time_point_parse(points[i].text, ns(NOW_S), &range));
		if (range.from_ns != ns(NOW_S + points[i].from) ||
		    range.until_ns != ns(NOW_S + points[i].until))
			fail_msg("%s is from %lld to %lld s", points[i].text,
				 (long long)(range.from_ns / 1000000000 - NOW_S),
				 (long long)(range.until_ns / 1000000000 -
					     NOW_S));
	}
}

static void test_ranges(void **state)
{
	const struct point ranges[] = {
		{ "-2h,-1h", -7200, -3600 },
		{ "-1h,now", -3600, 0 },
		{ "-1h", -3600, 0 },
		{ "yesterday,-1m", -86400 - 54245, -60 },
		{ "yesterday", -86400 - 54245, -54245 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		struct time_range range;

		fixture_succeed(
			time_range_parse(ranges[i].text, ns(NOW_S), &range));
		assert_int_equal(range.from_ns, ns(NOW_S + ranges[i].from));
		assert_int_equal(range.until_ns, ns(NOW_S + ranges[i].until));
	}
}

static void test_refused(void **state)
{
	static const char *const points[] = {
		"",	  "-",	       "-1",	  "-1x",	 "- 1h",
		"1h",	  "-h",	       "--1h",	  "-99999999999999999999s",
		"@",	  "@-1",       "@1x",	  "@99999999999999",
		"25:00",  "14:60",     "14:30x",  "2026-02-30",
		"2026-13-01", "20.11.2026", "tomorrow", "today ", "NOW",
	};
	static const char *const ranges[] = {
		"-1h,-2h", "now,now", "now", "-1h,", ",now", "-2h,-1h,now",
		"-1h0000000000000000000000000000000000000000000000000000000000"
		"000000000000000000000000000000000s,now",
	};
	struct time_range range;

	(void)state;
	for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++)
		fixture_fail(time_point_parse(points[i], ns(NOW_S), &range),
			     ERROR_USAGE, "yesterday or @SECONDS");
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		fixture_fail(time_range_parse(ranges[i], ns(NOW_S), &range),
			     ERROR_USAGE, "'");
}

static void test_print(void **state)
{
	char text[TIME_TEXT_SIZE];

	(void)state;
	time_point_print(ns(NOW_S), text);
	assert_string_equal(text, "2026-03-28 15:04:05 CET");
	time_point_print(ns(NOW_S + 86400), text);
	assert_string_equal(text, "2026-03-29 16:04:05 CEST");
	time_point_print(0, text);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_points),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, in_berlin, NULL);
}
