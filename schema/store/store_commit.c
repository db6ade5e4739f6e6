// SPDX-License-Identifier: Apache-2.0
// The end of a tick, and of a store: all that waits goes to the file, by the
// way that suits its kind.
#include "schema/sql.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

static struct error *commit_recording(struct store *store)
{
	struct error *error = store_check_file(store);

	return error ? error : store_write_pending(store);
}

struct error *store_commit(struct store *store)
{
	struct error *error = store->continued ? store_commit_continued(store) :
						 commit_recording(store);

	if (error)
		return error_wrap(error, "write %s '%s'",
				  store->continued ? "store" : "profile",
				  store->path);
	if (!store->out_of_memory)
		return NULL;
	store->out_of_memory = false;
	return &error_nomem;
}

static void store_destroyp(struct store **store)
{
	store_destroy(*store);
}

struct error *store_close(struct store *store, uint64_t end_monotonic_ns)
{
	_cleanup_(store_destroyp) struct store *guard = store;
	struct error *error;

	store->ending = true;
	store->end_ns = (int64_t)end_monotonic_ns;
	error = store_commit(store);
	// A profile is one plain file, that also opens where nothing can be
	// written. Whoever reads it just now keeps us from it; then the log
	// stays beside it.
	if (store->database) {
		store_finalize_statements(store);
		error_destroy(sql_run(store->database,
				      "PRAGMA wal_checkpoint(TRUNCATE)"));
		if (!store->continued)
			store_leave_log(store->database);
	}
	return error;
}
