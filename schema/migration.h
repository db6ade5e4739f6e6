/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema as numbered steps: schema/0001_tables.sql is step 1, and so on.
 * PRAGMA user_version of a file says how many of them it has seen, so a step
 * that was released is never edited; a change is a new step.
 */
#ifndef BRINDLE_SCHEMA_MIGRATION_H
#define BRINDLE_SCHEMA_MIGRATION_H

#include "base/error.h"

#include <sqlite3.h>
#include <stddef.h>

/** PRAGMA application_id of every profile: "Brnd", at offset 68 of the file. */
enum { MIGRATION_APPLICATION_ID = 0x42726e64 };

/** How many steps this program knows: the newest user_version it reads. */
int migration_newest(void);

/** The statements that make the views of the newest version: @part 0 and on, each
 *  run after the one before, until NULL. */
const char *migration_views(size_t part);

/** Brings @database to the newest version, each step in one transaction. */
struct error *migration_run(sqlite3 *database);

/** The same with other steps: for tests. */
struct error *migration_run_steps(sqlite3 *database, const char *const *steps,
				  size_t count);

#endif
