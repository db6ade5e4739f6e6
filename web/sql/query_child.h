/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that runs one query: it opens the database, shuts itself in, and
 * only then looks at the SQL.
 */
#ifndef BRINDLE_WEB_SQL_QUERY_CHILD_H
#define BRINDLE_WEB_SQL_QUERY_CHILD_H

#include "web/sql/query_message.h"

struct query_order {
	const char *database;
	const uint8_t *question; /* encoded */
	size_t size;
	uint32_t timeout_ms; /* the one that holds */
	/* The file to write to, and the only descriptor that is open besides
	   the standard ones. */
	int result;
	pid_t keeper; /* with which it ends */
};

/** Runs it and ends the process with the query_end. */
_Noreturn void query_child_run(const struct query_order *order);

#endif
