/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SQL of people may call besides what SQLite has. The views do without.
 *
 *     function REGEXP '^_Py'         POSIX extended; regexp(pattern, text)
 *     fmt_dur(weight_ns)             '1.50 s'
 *     stack_text(callsite_id)        'root;...;leaf'; a second argument stands
 *                                    for the ';'
 */
#ifndef BRINDLE_SCHEMA_READ_QUERY_FUNCTIONS_H
#define BRINDLE_SCHEMA_READ_QUERY_FUNCTIONS_H

#include "base/error.h"

#include <sqlite3.h>

struct query_function {
	const char *name, *usage, *about;
};

/** Ends with name NULL. */
extern const struct query_function query_functions[];

struct error *query_functions_add(sqlite3 *database);

#endif
