// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/profile_file.h"
#include "schema/sql.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

// A recording is over before its log is a burden; a store that goes on empties
// its log itself, in steps, and so does nobody else: readers are read-only.
static const char recording_settings[] = "PRAGMA journal_mode = WAL;"
					 "PRAGMA synchronous = NORMAL;"
					 "PRAGMA wal_autocheckpoint = 4096;"
					 "PRAGMA journal_size_limit = 4194304;"
					 "PRAGMA cache_size = -4096;"
					 "PRAGMA temp_store = MEMORY;"
					 // Locks it: in use from now on.
					 "BEGIN IMMEDIATE; COMMIT";
// Of its cache a store needs what the latest rows touch: the kernel has the rest.
static const char continued_settings[] = "PRAGMA journal_mode = WAL;"
					 "PRAGMA synchronous = NORMAL;"
					 "PRAGMA wal_autocheckpoint = 0;"
					 "PRAGMA journal_size_limit = 1048576;"
					 "PRAGMA cache_size = -2048;"
					 "PRAGMA temp_store = MEMORY;"
					 "PRAGMA cell_size_check = ON;"
					 "BEGIN IMMEDIATE; COMMIT";

enum { BUSY_RECORDING_MS = 500, BUSY_CONTINUED_MS = 100, BUSY_OPEN_MS = 3000 };

static uint64_t inode_beside(const char *path, const char *suffix)
{
	_cleanup_free_ char *beside = profile_file_beside(path, suffix);
	struct stat status;

	return beside && stat(beside, &status) == 0 ? status.st_ino : 0;
}

uint64_t store_log_bytes(const struct store *store)
{
	_cleanup_free_ char *log = profile_file_beside(store->path, "-wal");
	struct stat status;

	return log && stat(log, &status) == 0 ? (uint64_t)status.st_size : 0;
}

uint64_t store_file_bytes(const struct store *store)
{
	struct stat status;

	if (stat(store->path, &status) < 0)
		return 0;
	return (uint64_t)status.st_size + store_log_bytes(store);
}

// What else goes wrong is not of interest: a damaged profile is about to be
// replaced.
bool store_leave_log(sqlite3 *database)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(database, "PRAGMA journal_mode = DELETE",
					-1, &statement, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW) {
		const char *mode =
			(const char *)sqlite3_column_text(statement, 0);

		return mode && strcmp(mode, "delete") == 0;
	}
	return (result & 0xff) != SQLITE_BUSY &&
	       (result & 0xff) != SQLITE_LOCKED;
}

static int remember_log(void *argument, sqlite3 *database, const char *name,
			int frames)
{
	struct store *store = argument;

	(void)database;
	(void)name;
	store->log_frames = frames;
	return SQLITE_OK;
}

static struct error *look_at_file(struct store *store)
{
	struct stat status;

	if (stat(store->path, &status) < 0)
		return error_from_errno(errno, "look at it");
	store->device = status.st_dev;
	store->inode = status.st_ino;
	return NULL;
}

/*
 * Whoever opens a file in WAL mode first makes its log and its index. A reader
 * of more rights gives them to the file's owner, but only a moment later, and
 * SQLite would take them for read-only from then on. So they are there before.
 * An empty log is none. Only new ones are opened: see read_header() of
 * profile_file.c for what closing another one does.
 */
static void make_beside(const struct store *store, const char *suffix)
{
	_cleanup_free_ char *path = profile_file_beside(store->path, suffix);
	_cleanup_close_ int fd = -1;
	struct stat status;

	if (path && stat(store->path, &status) == 0)
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			  status.st_mode & 0666);
}

// A reader that holds the lock is waited for, but not for long: what is pending
// waits in memory for the next tick. At a start there is no next one, and after
// a writer was killed the first reader may be reading the whole log.
static int busy_ms(const struct store *store)
{
	if (!store->continued)
		return BUSY_RECORDING_MS;
	return store->failures ? BUSY_CONTINUED_MS : BUSY_OPEN_MS;
}

struct error *store_connect(struct store *store)
{
	struct error *error;
	int result;

	if (store->continued) {
		make_beside(store, "-wal");
		make_beside(store, "-shm");
	}
	// One thread writes: SQLite's mutexes took 7 % of the time.
	result = sqlite3_open_v2(store->path, &store->database,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
				 NULL);
	if (result != SQLITE_OK)
		return sql_error(store->database, result);
	error = look_at_file(store);
	if (error)
		return error;
	sqlite3_busy_timeout(store->database, busy_ms(store));
	error = sql_run(store->database, store->continued ? continued_settings :
							    recording_settings);
	if (error)
		return error;
	if (store->continued)
		sqlite3_busy_timeout(store->database, BUSY_CONTINUED_MS);
	store->log_inode = inode_beside(store->path, "-wal");
	store->log_frames = 0;
	if (store->continued)
		sqlite3_wal_hook(store->database, remember_log, store);
	return NULL;
}

void store_disconnect(struct store *store)
{
	store_finalize_statements(store);
	sqlite3_close_v2(store->database);
	store->database = NULL;
}

// Closing would empty its log into a file that has no name, or that is damaged,
// and remove the log by name. A log of that name that is not ours stays.
void store_disconnect_lost(struct store *store)
{
	_cleanup_free_ char *log = profile_file_beside(store->path, "-wal");
	_cleanup_free_ char *index = profile_file_beside(store->path, "-shm");
	struct stat status;
	bool gone;

	if (store->database)
		sqlite3_db_config(store->database,
				  SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	store_disconnect(store);
	gone = stat(store->path, &status) < 0 ||
	       status.st_ino != store->inode || status.st_dev != store->device;
	if (!gone || !log || !index ||
	    inode_beside(store->path, "-wal") != store->log_inode)
		return;
	unlink(log);
	unlink(index);
}

struct error *store_check_file(const struct store *store)
{
	struct stat status;

	if (stat(store->path, &status) == 0 && status.st_dev == store->device &&
	    status.st_ino == store->inode)
		return NULL;
	return error_create(ERROR_NOT_FOUND,
			    "it was removed or replaced while recording");
}
