/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is this database whole, and does it make sense? SQLite checks its own
 * structure, table by table, so that no read transaction lasts for long beside
 * a daemon that writes; then our own rules are checked: what refers to
 * something finds it, callers come before callees, each level of rollups says
 * what the one below says.
 */
#ifndef BRINDLE_SCHEMA_STORE_STORE_CHECK_H
#define BRINDLE_SCHEMA_STORE_STORE_CHECK_H

#include "base/error.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

struct store_check {
	void *context; /* of the two below, which may not be NULL */
	/* Step @step of @steps begins; @what is a few words. */
	void (*progress)(void *context, size_t step, size_t steps,
			 const char *what);
	/* Something is wrong. */
	void (*problem)(void *context, const char *text);
	uint64_t problems; /* how often */
};

/** Runs all steps. An error: the check itself could not go on. */
struct error *store_check_run(sqlite3 *database, struct store_check *check);

#endif
