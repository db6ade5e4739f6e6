// SPDX-License-Identifier: Apache-2.0
#include "schema/store/store_care.h"

#include "base/clock.h"
#include "schema/profile_file.h"
#include "schema/sql.h"
#include "schema/store/store_lock.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

#include <sys/stat.h>

static void store_destroyp(struct store **store)
{
	store_destroy(*store);
}

static int64_t file_bytes(const struct store *store)
{
	struct stat status;

	return stat(store->path, &status) < 0 ? 0 : status.st_size;
}

static struct error *check_file(const char *path)
{
	struct profile_file file;
	struct error *error = profile_file_inspect(path, &file);

	if (error)
		return error;
	if (file.kind == PROFILE_FILE_NONE)
		return error_create(ERROR_NOT_FOUND, "there is no database '%s'",
				    path);
	if (file.kind != PROFILE_FILE_OURS)
		return error_create(ERROR_BAD_DATA,
				    "'%s' is not a brindle database", path);
	return NULL;
}

// The writer's lock, and a session that is never written.
static struct error *attach(const char *path, const struct store_limits *limits,
			    struct store **ret)
{
	struct store_session session = {
		.start_monotonic_ns = monotonic_ns(),
		.start_wall_ns = clock_now_ns(CLOCK_REALTIME),
	};
	_cleanup_(store_destroyp) struct store *store = NULL;
	struct error *error = check_file(path);
	int64_t largest = -1;

	if (error)
		return error;
	store = store_create(&session);
	if (!store)
		return &error_nomem;
	store->continued = true;
	store->limits = *limits;
	store->session = session;
	store->path = store_resolve(path);
	if (!store->path)
		return &error_nomem;
	error = store_lock_take(store->path, 0, &store->lock_fd,
				&store->lock_existed);
	if (!error)
		error = store_attach(store, &largest);
	if (error)
		return error_wrap(error, "open '%s'", path);
	*ret = take_ptr(store);
	return NULL;
}

static int64_t rows_of(const struct store *store, bool samples)
{
	return samples ? store->levels[LEVEL_SAMPLE].row_count :
			 store->levels[LEVEL_10S].row_count +
				 store->levels[LEVEL_10MIN].row_count;
}

static struct error *run_all(struct store *store)
{
	static struct error *(*const steps[])(struct store *, bool *) = {
		store_prune, store_sweep, store_sweep_threads, store_vacuum,
	};
	struct error *error = NULL;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		bool more = true;

		while (!error && more) {
			more = false;
			error = steps[i](store, &more);
			store_empty_log(store);
		}
	}
	return error;
}

// What is in the log is what makes the file smaller.
static struct error *settle(struct store *store)
{
	store_finalize_statements(store);
	return sql_run(store->database, "PRAGMA wal_checkpoint(TRUNCATE)");
}

struct error *store_care_prune(const char *path,
			       const struct store_limits *limits,
			       struct store_care *ret)
{
	_cleanup_(store_destroyp) struct store *store = NULL;
	struct store_care care;
	struct error *error = attach(path, limits, &store);

	if (error)
		return error;
	care = (struct store_care){ .samples = rows_of(store, true),
				    .rollups = rows_of(store, false),
				    .before_bytes = file_bytes(store) };
	error = run_all(store);
	if (!error)
		error = settle(store);
	if (error)
		return error_wrap(error, "prune '%s'", path);
	care.samples -= rows_of(store, true);
	care.rollups -= rows_of(store, false);
	care.after_bytes = file_bytes(store);
	*ret = care;
	return NULL;
}

struct error *store_care_vacuum(const char *path, struct store_care *ret)
{
	struct store_limits limits = { .bytes = 0 };
	_cleanup_(store_destroyp) struct store *store = NULL;
	struct store_care care = { .samples = 0 };
	struct error *error = attach(path, &limits, &store);

	if (error)
		return error;
	care.before_bytes = file_bytes(store);
	store_finalize_statements(store);
	error = sql_run(store->database, "VACUUM");
	if (!error)
		error = settle(store);
	if (error)
		return error_wrap(error, "vacuum '%s'", path);
	care.after_bytes = file_bytes(store);
	*ret = care;
	return NULL;
}
