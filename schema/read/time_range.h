/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When? What people write for an instant or a span, in the local time zone, as
 * nanoseconds of the wall clock since 1970:
 *
 *     now   -90s   -15m   -1h   -2d   -1w   -1h30m   @1700000000.25
 *     14:30   14:30:05   2026-11-20   "2026-11-20 14:30"   today   yesterday
 *
 * A day is a span of its own: as a beginning it is its first instant, as an end
 * its last. Two with a comma between make a range: "-2h,-1h", "yesterday,now".
 */
#ifndef BRINDLE_SCHEMA_READ_TIME_RANGE_H
#define BRINDLE_SCHEMA_READ_TIME_RANGE_H

#include "base/error.h"

#include <stdint.h>

/** From @from_ns on, up to but without @until_ns. */
struct time_range {
	int64_t from_ns, until_ns;
};

/** What @text means at @now_ns. An instant is a range of no length. */
struct error *time_point_parse(const char *text, int64_t now_ns,
			       struct time_range *ret);

/** A range, or one point: a day is that day, an instant what was since then. */
struct error *time_range_parse(const char *text, int64_t now_ns,
			       struct time_range *ret);

enum { TIME_TEXT_SIZE = 48 };

/** "2026-11-20 14:30:05 CET", for people; "" for what no calendar holds. */
void time_point_print(int64_t wall_ns, char text[TIME_TEXT_SIZE]);

#endif
