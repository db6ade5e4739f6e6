/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which functions does somebody mean? A text that is part of the name, in
 * upper or lower case, or a regular expression (POSIX, extended) between
 * slashes: "json", "/^Py(Dict|List)_/". Both come from anybody, so both are
 * bounded, and what takes exponential time or memory is refused.
 */
#ifndef BRINDLE_SCHEMA_READ_PATTERN_H
#define BRINDLE_SCHEMA_READ_PATTERN_H

#include "base/error.h"

#include <regex.h>
#include <stdbool.h>

enum { PATTERN_BYTES_MAX = 200 };

struct pattern {
	char *text; /* owned; NULL: none was asked for */
	bool is_regex;
	regex_t regex;
};

/** @text NULL: none. ERROR_USAGE says what is wrong with it. */
struct error *pattern_init(struct pattern *pattern, const char *text);
void pattern_deinit(struct pattern *pattern);

/** Not for a pattern that is none. */
bool pattern_matches(const struct pattern *pattern, const char *name);

#endif
