/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of a query as they are answered. JSON:
 *
 *     {"rows":[["fib",3],["run",1]],
 *      "columns":[{"name":"function","type":"text"},...],
 *      "row_count":2,"truncated":false,"elapsed_ms":1.2}
 *
 * Columns come last, as a column's type is that of the values that were there:
 * integer, real, text, blob (in hexadecimal), mixed, null. Integers that a
 * double cannot hold are texts. CSV is RFC 4180, see schema/show/csv.h.
 */
#ifndef BRINDLE_WEB_SQL_QUERY_RESULT_H
#define BRINDLE_WEB_SQL_QUERY_RESULT_H

#include "web/sql/query_box.h"

#include <sqlite3.h>
#include <stdio.h>

enum { QUERY_RESULT_BYTES_MAX = 8 << 20 };

/**
 * Steps @statement and writes what it yields to @out, a file from its beginning
 * on; what goes beyond max_rows rows or QUERY_RESULT_BYTES_MAX is left out. The
 * result of the last step: SQLITE_DONE, or SQLITE_ROW when rows were left out.
 */
int query_result_write(sqlite3_stmt *statement, enum query_answer_format format,
		       uint32_t max_rows, uint64_t begin_ns, FILE *out);

#endif
