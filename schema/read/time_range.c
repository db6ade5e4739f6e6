// SPDX-License-Identifier: Apache-2.0
#include "schema/read/time_range.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define FORMS                                                                  \
	"now, -90s, -15m, -1h, -2d, 14:30, 2026-11-20, '2026-11-20 14:30', "  \
	"today, yesterday or @SECONDS since 1970"

enum { SECONDS_MAX = 2000000000, POINT_MAX = 64 };

static struct time_range instant(int64_t wall_ns)
{
	return (struct time_range){ wall_ns, wall_ns };
}

static int64_t ns_of_seconds(int64_t seconds)
{
	return seconds * (int64_t)NS_PER_SEC;
}

// 0: there is no such unit.
static int64_t seconds_of_unit(char unit)
{
	static const struct {
		char unit;
		int32_t seconds;
	} units[] = {
		{ 's', 1 },	{ 'm', 60 },	{ 'h', 3600 },
		{ 'd', 86400 }, { 'w', 604800 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (units[i].unit == unit)
			return units[i].seconds;
	return 0;
}

// A number without sign, that strtol() would also take blanks and '+' for.
static bool take_number(const char **text, int64_t most, int64_t *ret)
{
	char *end;
	long long number;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	number = strtoll(*text, &end, 10);
	if (errno || number > most)
		return false;
	*text = end;
	*ret = number;
	return true;
}

// "-1h30m"
static bool parse_ago(const char *text, int64_t now_ns, struct time_range *ret)
{
	int64_t ago = 0, count;

	if (*text++ != '-' || !*text)
		return false;
	while (*text) {
		int64_t unit;

		if (!take_number(&text, SECONDS_MAX, &count))
			return false;
		unit = seconds_of_unit(*text++);
		if (!unit || count > (SECONDS_MAX - ago) / unit)
			return false;
		ago += count * unit;
	}
	*ret = instant(now_ns - ns_of_seconds(ago));
	return true;
}

// ".25", or nothing; nine digits at most count.
static bool take_fraction(const char **text, int64_t *ret_ns)
{
	int64_t unit = NS_PER_SEC / 10;

	*ret_ns = 0;
	if (**text != '.')
		return true;
	if ((*text)[1] < '0' || (*text)[1] > '9')
		return false;
	for (++*text; **text >= '0' && **text <= '9'; ++*text, unit /= 10)
		*ret_ns += (**text - '0') * unit;
	return true;
}

static bool parse_epoch(const char *text, int64_t now_ns,
			struct time_range *ret)
{
	int64_t seconds, part_ns;

	(void)now_ns;
	if (*text++ != '@' ||
	    !take_number(&text, INT64_MAX / (int64_t)NS_PER_SEC - 1,
			 &seconds) ||
	    !take_fraction(&text, &part_ns) || *text)
		return false;
	*ret = instant(ns_of_seconds(seconds) + part_ns);
	return true;
}

static bool parse_now(const char *text, int64_t now_ns, struct time_range *ret)
{
	*ret = instant(now_ns);
	return strcmp(text, "now") == 0;
}

static bool wall_of_calendar(struct tm calendar, int64_t *ret)
{
	time_t seconds;

	calendar.tm_isdst = -1;
	seconds = mktime(&calendar);
	if (seconds < 0)
		return false;
	*ret = ns_of_seconds(seconds);
	return true;
}

// From midnight to midnight, which is not 24 hours on each day.
static bool day_of_calendar(struct tm calendar, struct time_range *ret)
{
	calendar.tm_hour = calendar.tm_min = calendar.tm_sec = 0;
	if (!wall_of_calendar(calendar, &ret->from_ns))
		return false;
	calendar.tm_mday++;
	return wall_of_calendar(calendar, &ret->until_ns);
}

static bool parse_day_word(const char *text, int64_t now_ns,
			   struct time_range *ret)
{
	time_t seconds = now_ns / (int64_t)NS_PER_SEC;
	bool yesterday = strcmp(text, "yesterday") == 0;
	struct tm calendar;

	if (!yesterday && strcmp(text, "today") != 0)
		return false;
	if (!localtime_r(&seconds, &calendar))
		return false;
	calendar.tm_mday -= yesterday;
	return day_of_calendar(calendar, ret);
}

// strptime() would take the 31st of June and make it the 1st of July.
static bool is_real_day(const struct tm *calendar)
{
	struct tm noon = *calendar;

	noon.tm_hour = 12;
	noon.tm_isdst = -1;
	return mktime(&noon) >= 0 && noon.tm_mday == calendar->tm_mday;
}

static bool parse_calendar(const char *text, int64_t now_ns,
			   struct time_range *ret)
{
	static const struct {
		const char *format;
		bool has_time;
	} forms[] = {
		{ "%Y-%m-%d", false },	     { "%Y-%m-%d %H:%M", true },
		{ "%Y-%m-%d %H:%M:%S", true }, { "%Y-%m-%dT%H:%M", true },
		{ "%Y-%m-%dT%H:%M:%S", true }, { "%H:%M", true },
		{ "%H:%M:%S", true },
	};
	time_t seconds = now_ns / (int64_t)NS_PER_SEC;

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct tm calendar;
		const char *end;

		if (!localtime_r(&seconds, &calendar))
			return false;
		calendar.tm_sec = 0;
		end = strptime(text, forms[i].format, &calendar);
		if (!end || *end || !is_real_day(&calendar))
			continue;
		if (!forms[i].has_time)
			return day_of_calendar(calendar, ret);
		if (!wall_of_calendar(calendar, &ret->from_ns))
			return false;
		ret->until_ns = ret->from_ns;
		return true;
	}
	return false;
}

struct error *time_point_parse(const char *text, int64_t now_ns,
			       struct time_range *ret)
{
	static bool (*const parsers[])(const char *text, int64_t now_ns,
				       struct time_range *ret) = {
		parse_now, parse_ago, parse_epoch, parse_day_word,
		parse_calendar,
	};
	struct time_range range;

	for (size_t i = 0; i < sizeof(parsers) / sizeof(*parsers); i++) {
		if (parsers[i](text, now_ns, &range)) {
			*ret = range;
			return NULL;
		}
	}
	return error_create(ERROR_USAGE, "'%s' is no time: write " FORMS, text);
}

static struct error *parse_both(const char *text, const char *comma,
				int64_t now_ns, struct time_range *ret)
{
	char first[POINT_MAX];
	struct time_range from, until;
	struct error *error;

	if (comma - text >= POINT_MAX)
		return error_create(ERROR_USAGE, "'%s' is no time: write " FORMS,
				    text);
	memcpy(first, text, (size_t)(comma - text));
	first[comma - text] = '\0';
	error = time_point_parse(first, now_ns, &from);
	if (!error)
		error = time_point_parse(comma + 1, now_ns, &until);
	if (error)
		return error;
	if (until.until_ns <= from.from_ns)
		return error_create(ERROR_USAGE,
				    "the range '%s' ends before it begins",
				    text);
	*ret = (struct time_range){ from.from_ns, until.until_ns };
	return NULL;
}

struct error *time_range_parse(const char *text, int64_t now_ns,
			       struct time_range *ret)
{
	const char *comma = strchr(text, ',');
	struct time_range point;
	struct error *error;

	if (comma)
		return parse_both(text, comma, now_ns, ret);
	error = time_point_parse(text, now_ns, &point);
	if (error)
		return error;
	if (point.until_ns == point.from_ns)
		point.until_ns = now_ns;
	if (point.until_ns <= point.from_ns)
		return error_create(ERROR_USAGE, "'%s' is not over yet", text);
	*ret = point;
	return NULL;
}

void time_point_print(int64_t wall_ns, char text[TIME_TEXT_SIZE])
{
	time_t seconds = wall_ns / (int64_t)NS_PER_SEC;
	struct tm local;

	if (wall_ns <= 0 || !localtime_r(&seconds, &local) ||
	    !strftime(text, TIME_TEXT_SIZE, "%F %T %Z", &local))
		text[0] = '\0';
}
