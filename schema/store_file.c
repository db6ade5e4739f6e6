// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <sys/stat.h>

#include "schema/sql.h"
#include "schema/store_state.h"

struct error *store_connect(struct store *store)
{
	struct error *error;
	struct stat status;
	int result;

	// One thread writes: SQLite's mutexes took 7 % of the time.
	result = sqlite3_open_v2(store->path, &store->database,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
				 NULL);
	if (result != SQLITE_OK)
		return sql_error(store->database, result);
	if (stat(store->path, &status) < 0)
		return error_from_errno(errno, "look at it");
	store->device = status.st_dev;
	store->inode = status.st_ino;
	// A reader that holds the lock is waited for, but not for long: what
	// is pending waits in memory for the next tick.
	sqlite3_busy_timeout(store->database, 500);
	error = sql_run(store->database, "PRAGMA journal_mode = WAL;"
					 "PRAGMA synchronous = NORMAL;"
					 "PRAGMA wal_autocheckpoint = 4096;"
					 "PRAGMA journal_size_limit = 4194304;"
					 "PRAGMA cache_size = -4096;"
					 "PRAGMA temp_store = MEMORY;"
					 // Locks it: in use from now on.
					 "BEGIN IMMEDIATE; COMMIT");
	return error ? error : store_prepare_statements(store);
}
