/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper of queries: a process with one thread that takes questions, lets
 * some wait, forks a child for each, and kills the one whose time is over or
 * that nobody waits for.
 */
#ifndef BRINDLE_WEB_SQL_QUERY_KEEPER_H
#define BRINDLE_WEB_SQL_QUERY_KEEPER_H

#include "web/sql/query_message.h"

enum {
	QUERY_RUNNING_MAX = 2,
	QUERY_WAITING_MAX = 8,
	/* With those that have ended and are being read. */
	QUERY_OPEN_MAX = 24,
	QUERY_GRACE_MS = 100, /* after which a late child is killed */
};

struct query_keeper_options {
	const char *database;
	uint32_t timeout_most_ms;
	int questions; /* socket of datagrams; owned */
};

/** Ends with the process that asks. */
_Noreturn void query_keeper_run(const struct query_keeper_options *options);

#endif
