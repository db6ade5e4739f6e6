// SPDX-License-Identifier: Apache-2.0
#include "schema/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "schema/profile_file.h"
#include "schema/sql.h"
#include "schema/store/store_lock.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

// What one era may hold, see store_era.c.
enum { ERA_ROWS_MAX = 1 << 18, PENDING_MAX = 500000 };

static struct error *move_beside(const char *path, const char *new_path,
				 const char *suffix)
{
	_cleanup_free_ char *from = profile_file_beside(path, suffix);
	_cleanup_free_ char *to = profile_file_beside(new_path, suffix);

	if (!from || !to)
		return &error_nomem;
	if (rename(from, to) < 0 && errno != ENOENT)
		return error_from_errno(errno, "rename '%s'", from);
	return NULL;
}

// A name beside @path that is free, and says what the file is and since when.
static char *corrupt_name(const char *path)
{
	time_t now = (time_t)(clock_now_ns(CLOCK_REALTIME) / NS_PER_SEC);
	char *name = NULL;

	for (int tries = 0; tries < 64; tries++, now++) {
		char text[32];
		struct tm utc;

		if (!gmtime_r(&now, &utc) ||
		    !strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &utc) ||
		    asprintf(&name, "%s.corrupt-%s", path, text) < 0)
			return NULL;
		if (access(name, F_OK) < 0)
			return name;
		free(name);
	}
	return NULL;
}

// The log goes with the file: it may be what is missing there.
static struct error *set_aside(const char *path, char **ret_name)
{
	_cleanup_free_ char *name = corrupt_name(path);
	struct error *error;

	if (!name)
		return &error_nomem;
	error = move_beside(path, name, "");
	if (!error)
		error = move_beside(path, name, "-wal");
	if (!error)
		error = move_beside(path, name, "-shm");
	if (!error)
		*ret_name = take_ptr(name);
	return error;
}

static struct error *begin_new(struct store *store)
{
	struct error *error;

	store->session_id = 1;
	store->start_id = store->now_id = 0;
	store->last_sample_id = INT64_MIN;
	store->event_last_id = 0;
	memset(store->levels, 0, sizeof(store->levels));
	memset(store->levels_written, 0, sizeof(store->levels));
	for (size_t i = 0; i < store->event_count; i++) {
		store->events[i].written = false;
		store->events[i].row_id = ++store->event_last_id;
	}
	error = store_make_file(store, &store->session);
	if (!error)
		error = store_connect(store);
	if (!error)
		error = store_prepare_statements(store);
	if (!error)
		error = store_read_names(store);
	return error ? error : store_insert_era(store, store->database);
}

static struct error *replace_damaged(struct store *store, struct error *damage,
				     char **ret_note)
{
	_cleanup_error_ struct error *guard = damage;
	_cleanup_free_ char *name = NULL;
	struct error *error;

	store_disconnect_lost(store);
	error = set_aside(store->path, &name);
	if (!error)
		error = begin_new(store);
	if (error)
		return error;
	free(*ret_note);
	if (asprintf(ret_note, "the store was damaged (%s); it is kept as '%s'",
		     guard->message, name) < 0)
		*ret_note = NULL;
	if (*ret_note)
		store_incident(store, "corrupt", (uint64_t)store->start_ns,
			       (uint64_t)store->start_ns, *ret_note);
	return NULL;
}

// What is there before SQLite touches it. A header that is not ours is damage
// only where the lock beside says that a store was there: no other file may be
// moved by a wrong path.
static struct error *inspect(struct store *store, bool *ret_new)
{
	struct profile_file file;
	struct error *error = profile_file_inspect(store->path, &file);

	*ret_new = false;
	if (error)
		return error;
	switch (file.kind) {
	case PROFILE_FILE_NONE:
	case PROFILE_FILE_EMPTY:
		*ret_new = true;
		return NULL;
	case PROFILE_FILE_OURS:
		if (file.size_bytes >= file.wanted_bytes || file.wal_bytes)
			return NULL;
		return error_create(ERROR_BAD_DATA,
				    "it is cut off: %llu of %llu bytes",
				    (unsigned long long)file.size_bytes,
				    (unsigned long long)file.wanted_bytes);
	case PROFILE_FILE_DATABASE:
	case PROFILE_FILE_FOREIGN:
		break;
	}
	if (store->lock_existed)
		return error_create(ERROR_BAD_DATA, "its header is destroyed");
	return error_create(ERROR_PERMISSION,
			    "it exists and is not a brindle store");
}

struct error *store_continue_file(struct store *store, struct error *damage,
				  char **ret_note)
{
	bool new, damaged;
	struct error *error;

	if (damage)
		return replace_damaged(store, damage, ret_note);
	error = inspect(store, &new);
	if (!error && new)
		return begin_new(store);
	damaged = error && error->code == ERROR_BAD_DATA;
	if (!error) {
		error = store_join(store);
		// A table or column that is not there is damage, too.
		damaged = error && (error->code == ERROR_BAD_DATA ||
				    error->code == ERROR_USAGE);
	}
	if (damaged)
		return replace_damaged(store, error, ret_note);
	if (!error)
		return NULL;
	store_disconnect(store);
	return error;
}

static void store_destroyp(struct store **store)
{
	store_destroy(*store);
}

static struct error *make(const char *path, const struct store_session *session,
			  const struct store_limits *limits, struct store **ret)
{
	_cleanup_(store_destroyp) struct store *store = store_create(session);

	if (!store)
		return &error_nomem;
	store->continued = true;
	store->rows_max = ERA_ROWS_MAX + ERA_ROWS_MAX / 4;
	store->callsites_max = ERA_ROWS_MAX + ERA_ROWS_MAX / 4;
	store->pending_max = PENDING_MAX;
	store->era_rows_max = ERA_ROWS_MAX;
	store->limits = *limits;
	store->wall_ahead_ns =
		session->start_wall_ns - session->start_monotonic_ns;
	store->path = store_resolve(path);
	if (!store->path || !store_copy_session(&store->session, session))
		return &error_nomem;
	*ret = take_ptr(store);
	return NULL;
}

struct error *store_continue(const char *path,
			     const struct store_session *session,
			     const struct store_limits *limits,
			     struct store **ret, char **ret_note)
{
	_cleanup_(store_destroyp) struct store *store = NULL;
	_cleanup_free_ char *note = NULL;
	struct error *error = make(path, session, limits, &store);

	if (!error)
		error = store_lock_take(store->path, &store->lock_fd,
					&store->lock_existed);
	if (!error)
		error = store_continue_file(store, NULL, &note);
	if (error)
		return error_wrap(error, "open store '%s'",
				  store ? store->path : path);
	*ret_note = take_ptr(note);
	*ret = take_ptr(store);
	return NULL;
}

void store_set_limits(struct store *store, const struct store_limits *limits)
{
	store->limits = *limits;
}
