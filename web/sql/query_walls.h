/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walls around a query's child: what it may take up, and what it may ask
 * of the kernel. Whoever breaks out of SQLite finds a process that has one
 * database open for reading and can do nothing but compute and write its
 * result.
 */
#ifndef BRINDLE_WEB_SQL_QUERY_WALLS_H
#define BRINDLE_WEB_SQL_QUERY_WALLS_H

#include "base/error.h"

#include <stdint.h>

enum {
	QUERY_MEMORY_BYTES_MAX = 256 << 20, /* beyond what the program has */
	QUERY_HEAP_BYTES_MAX = 64 << 20,    /* of SQLite, for the query */
	QUERY_FILE_BYTES_MAX = 64 << 20,
};

/** Before anything is opened. */
struct error *query_walls_limit(uint32_t timeout_ms);

/** When all is open. @result: the descriptor that may be written to. */
struct error *query_walls_close(int result);

#endif
