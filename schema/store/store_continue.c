// SPDX-License-Identifier: Apache-2.0
#include "schema/store/store.h"

#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "schema/profile_file.h"
#include "schema/sql.h"
#include "schema/store/store_corrupt.h"
#include "schema/store/store_lock.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

// What one era may hold, see store_era.c: some 90 bytes of memory a call site,
// and 40 a frame. Processes and threads take none once so many others are
// newer: who lives has the number of its row.
enum {
	ERA_ROWS_MAX = 1 << 18,
	ERA_CALLSITES_MAX = 1 << 17,
	LATEST_ROWS = 1 << 15,
	USUAL_FRAMES = 1 << 15,
	PENDING_MAX = 500000,
};

static struct error *begin_new(struct store *store)
{
	struct error *error;

	store->session_id = 1;
	store->start_id = store->now_id = 0;
	store->last_sample_id = INT64_MIN;
	store->session_first_thread_id = store->rows[TABLE_THREAD].base + 1;
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
	unsigned int dropped = 0;
	struct error *error;

	store_disconnect_lost(store);
	error = store_set_aside(store->path, &name, &dropped);
	if (!error)
		error = begin_new(store);
	if (error)
		return error;
	free(*ret_note);
	if (asprintf(ret_note,
		     "the store was damaged (%s); it is kept as '%s'%s",
		     guard->message, name,
		     dropped ? ", and the oldest of its kind was deleted" :
			       "") < 0)
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

// An era takes it sooner or later; what comes beyond is seldom.
static void prepare(struct store *store)
{
	struct store_tree *tree = &store->tree;

	intern_prepare(&store->rows[TABLE_PROCESS].intern, LATEST_ROWS);
	intern_prepare(&store->rows[TABLE_THREAD].intern, LATEST_ROWS);
	intern_prepare(&store->rows[TABLE_FRAME].intern, USUAL_FRAMES);
	intern_prepare(&tree->intern, ERA_CALLSITES_MAX);
	array_prepare((void **)&tree->nodes, &tree->capacity,
		      ERA_CALLSITES_MAX, sizeof(*tree->nodes));
	array_prepare((void **)&tree->function_of_frame, &tree->frame_capacity,
		      USUAL_FRAMES, sizeof(*tree->function_of_frame));
}

// They are not in the schema: a reader finds them among what is counted.
static void tell_limits(struct store *store)
{
	const struct {
		const char *name;
		uint64_t value;
		const char *meaning;
	} limits[] = {
		{ "limit_bytes", store->limits.bytes,
		  "most bytes that the store may have; 0: no limit" },
		{ "keep_sample_seconds", store->limits.sample_seconds,
		  "samples go when they are so old; 0: no limit" },
		{ "keep_rollup_10s_seconds", store->limits.rollup_10s_seconds,
		  "sums of ten seconds go when they are so old" },
		{ "keep_rollup_10min_seconds",
		  store->limits.rollup_10min_seconds,
		  "sums of ten minutes go when they are so old" },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
		store_set_health(store, limits[i].name,
				 limits[i].value > INT64_MAX ?
					 INT64_MAX :
					 (int64_t)limits[i].value,
				 limits[i].meaning);
}

void store_set_limits(struct store *store, const struct store_limits *limits)
{
	store->limits = *limits;
	tell_limits(store);
}

static struct error *make(const char *path, const struct store_session *session,
			  const struct store_limits *limits, struct store **ret)
{
	_cleanup_(store_destroyp) struct store *store = store_create(session);

	if (!store)
		return &error_nomem;
	store->continued = true;
	store->rows_max = ERA_ROWS_MAX + ERA_ROWS_MAX / 4;
	// A busy host meets thousands a second while the era ends.
	store->callsites_max = 2 * ERA_CALLSITES_MAX;
	store->pending_max = PENDING_MAX;
	store->era_rows_max = ERA_ROWS_MAX;
	store->era_callsites_max = ERA_CALLSITES_MAX;
	store->rows[TABLE_PROCESS].intern.window = LATEST_ROWS;
	store->rows[TABLE_THREAD].intern.window = LATEST_ROWS;
	prepare(store);
	store_set_limits(store, limits);
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
		error = store_lock_take(store->path, session->ended_writer,
					&store->lock_fd, &store->lock_existed);
	if (!error)
		error = store_continue_file(store, NULL, &note);
	if (error)
		return error_wrap(error, "open store '%s'",
				  store ? store->path : path);
	*ret_note = take_ptr(note);
	*ret = take_ptr(store);
	return NULL;
}
