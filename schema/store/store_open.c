// SPDX-License-Identifier: Apache-2.0
#include "schema/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "schema/migration.h"
#include "schema/profile_file.h"
#include "schema/sql.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

/*
 * Making a profile where one may be already:
 *
 *  1. The old one must be ours. Opening it and leaving WAL mode finishes what a
 *     killed recorder left behind, and fails while anybody uses it: SQLite
 *     would mix up the logs of two databases under one name.
 *  2. The new one is made under another name beside it and renamed over it, so
 *     that without space or permission the old one stays.
 */

static struct error *unlink_beside(const char *path, const char *suffix)
{
	_cleanup_free_ char *beside = profile_file_beside(path, suffix);

	if (!beside)
		return &error_nomem;
	if (unlink(beside) < 0 && errno != ENOENT)
		return error_from_errno(errno, "remove '%s'", beside);
	return NULL;
}

static struct error *unlink_logs(const char *path)
{
	struct error *error = unlink_beside(path, "-wal");

	if (!error)
		error = unlink_beside(path, "-shm");
	if (!error)
		error = unlink_beside(path, "-journal");
	return error;
}

static struct error *release_old(const char *path)
{
	_cleanup_database_ sqlite3 *database = NULL;
	int result;

	result = sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL);
	if (result != SQLITE_OK || store_leave_log(database))
		return NULL;
	return error_create(ERROR_USAGE,
			    "'%s' is in use, perhaps by another recording; "
			    "write another file with -o FILE",
			    path);
}

static struct error *check_replaceable(const char *path)
{
	struct profile_file file;
	struct error *error = profile_file_inspect(path, &file);

	if (error)
		return error;
	switch (file.kind) {
	case PROFILE_FILE_NONE:
	case PROFILE_FILE_EMPTY:
		return NULL;
	case PROFILE_FILE_OURS:
		return release_old(path);
	case PROFILE_FILE_DATABASE:
	case PROFILE_FILE_FOREIGN:
		break;
	}
	return error_create(ERROR_USAGE,
			    "'%s' exists and is not a brindle profile, so it "
			    "is not overwritten; write another file with "
			    "-o FILE",
			    path);
}

static struct error *fill_new(struct store *store, const char *path,
			      const struct store_session *session)
{
	_cleanup_database_ sqlite3 *database = NULL;
	struct error *error;
	int result;

	result = sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL);
	if (result != SQLITE_OK)
		return sql_error(database, result);
	error = sql_run(database, "PRAGMA page_size = 4096;"
				  "PRAGMA journal_mode = MEMORY;"
				  "PRAGMA synchronous = OFF");
	// Only before the first page: later all would be written again.
	if (!error && store->continued)
		error = sql_run(database, "PRAGMA auto_vacuum = INCREMENTAL");
	if (!error)
		error = sql_run(database, "PRAGMA application_id = 0x42726e64");
	if (!error)
		error = migration_run(database);
	if (!error)
		error = store_insert_session(store, database, session);
	return error;
}

static struct error *create_file(const char *path)
{
	_cleanup_free_ char *folder = strdup(path);
	_cleanup_close_ int fd = -1;
	char *slash;

	if (!folder)
		return &error_nomem;
	fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0644);
	if (fd >= 0)
		return NULL;
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	return error_from_errno(errno, "write a profile in folder '%s'",
				slash ? folder : ".");
}

struct error *store_make_file(struct store *store,
			      const struct store_session *session)
{
	_cleanup_free_ char *new_path = NULL;
	const char *path = store->path;
	struct error *error;

	if (asprintf(&new_path, "%s.new-%d", path, (int)getpid()) < 0) {
		new_path = NULL;
		return &error_nomem;
	}
	error = create_file(new_path);
	if (error)
		return error;
	error = fill_new(store, new_path, session);
	if (!error)
		error = unlink_logs(path);
	if (!error && rename(new_path, path) < 0)
		error = error_from_errno(errno, "replace '%s'", path);
	if (error)
		unlink(new_path);
	return error_wrap(error, "make profile '%s'", path);
}

char *store_resolve(const char *path)
{
	char *resolved = realpath(path, NULL);

	return resolved ? resolved : strdup(path);
}

struct store *store_create(const struct store_session *session)
{
	struct store *store = calloc(1, sizeof(*store));
	uint64_t period_ns =
		session->frequency_hz ? NS_PER_SEC / session->frequency_hz : 0;

	if (!store)
		return NULL;
	store->lock_fd = -1;
	store->session_id = 1;
	store->start_ns = (int64_t)session->start_monotonic_ns;
	store->last_sample_id = INT64_MIN;
	store->rows_max = STORE_ROWS_MAX;
	store->callsites_max = STORE_CALLSITES_MAX;
	store->pending_max = STORE_PENDING_MAX;
	// Only makes collisions harder to plan: any value will do.
	if (getrandom(&store->seed, sizeof(store->seed), GRND_NONBLOCK) < 0)
		store->seed = monotonic_ns();
	if (store_event(store, session->event ? session->event : "",
			session->event_unit ? session->event_unit : "ns",
			session->event_period ? session->event_period :
						period_ns))
		return store;
	store_destroy(store);
	return NULL;
}

static void store_destroyp(struct store **store)
{
	store_destroy(*store);
}

struct error *store_open(const char *path, const struct store_session *session,
			 struct store **ret)
{
	_cleanup_(store_destroyp) struct store *store = store_create(session);
	struct error *error;

	if (!store)
		return &error_nomem;
	store->path = store_resolve(path);
	if (!store->path)
		return &error_nomem;
	error = check_replaceable(store->path);
	if (!error)
		error = store_make_file(store, session);
	if (error)
		return error;
	error = store_connect(store);
	if (!error)
		error = store_prepare_statements(store);
	if (error)
		return error_wrap(error, "open profile '%s'", store->path);
	*ret = take_ptr(store);
	return NULL;
}

void store_destroy(struct store *store)
{
	if (!store)
		return;
	store_disconnect(store);
	store_forget(store);
	store_forget_rolls(store);
	id_set_deinit(&store->sweep.marks);
	store_free_session(&store->session);
	for (size_t i = 0; i < store->event_count; i++) {
		free(store->events[i].name);
		free(store->events[i].unit);
	}
	for (size_t i = 0; i < store->incident_count; i++)
		free(store->incidents[i].detail);
	for (size_t i = 0; i < store->counter_count; i++) {
		free(store->counters[i].name);
		free(store->counters[i].meaning);
	}
	free(store->counters);
	free(store->vitals);
	free(store->failure);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	free(store->path);
	free(store);
}
