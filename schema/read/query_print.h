/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of a statement as text: a table for people, JSON (an array of
 * objects) and CSV (RFC 4180) for programs. Names in a profile come from
 * foreign programs, so a table never drives the terminal it is shown on, and
 * JSON is always well-formed.
 */
#ifndef BRINDLE_SCHEMA_READ_QUERY_PRINT_H
#define BRINDLE_SCHEMA_READ_QUERY_PRINT_H

#include "schema/read/profile.h"

/** Steps @statement to its end. What a step fails with is left to the caller:
 *  the result code of the last step, SQLITE_DONE when all went well. */
int query_print(sqlite3_stmt *statement, enum query_format format, FILE *out);

#endif
