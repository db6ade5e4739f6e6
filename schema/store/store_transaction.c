// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/clock.h"
#include "schema/sql.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

static struct error *run(struct store *store, enum store_statement statement)
{
	return sql_step(store->database, store->statements[statement]);
}

static struct error *write_levels(struct store *store)
{
	static const char *const name[] = {
		[LEVEL_SAMPLE] = "sample",
		[LEVEL_10S] = "rollup_10s",
		[LEVEL_10MIN] = "rollup_10min",
	};
	sqlite3_stmt *statement = store->statements[STATEMENT_SET_LEVEL];

	for (size_t i = 0; i < LEVEL_COUNT; i++) {
		const struct store_level_row *level = &store->levels[i];
		struct error *error;

		if (memcmp(level, &store->levels_written[i], sizeof(*level)) ==
		    0)
			continue;
		sqlite3_bind_text(statement, 1, name[i], -1, SQLITE_STATIC);
		sqlite3_bind_int64(statement, 2, level->kept_id);
		sqlite3_bind_int64(statement, 3, level->done_id);
		sqlite3_bind_int64(statement, 4, level->row_count);
		sqlite3_bind_int64(statement, 5, level->bytes);
		error = sql_step(store->database, statement);
		if (error)
			return error;
	}
	return NULL;
}

static struct error *run_whole(struct store *store, store_write_fn *write,
			       void *argument)
{
	struct error *error = write(store, argument);

	if (!error)
		error = write_levels(store);
	if (!error)
		error = run(store, STATEMENT_COMMIT);
	// SQLite may have rolled back by itself, as when it is full.
	if (error && !sqlite3_get_autocommit(store->database))
		error_destroy(run(store, STATEMENT_ROLLBACK));
	return error;
}

struct error *store_transact(struct store *store, store_write_fn *write,
			     void *argument)
{
	struct store_level_row before[LEVEL_COUNT];
	struct error *error = run(store, STATEMENT_BEGIN);
	uint64_t start_ns = clock_now_ns(CLOCK_THREAD_CPUTIME_ID), took_ns;

	if (error)
		return error;
	memcpy(before, store->levels, sizeof(before));
	error = run_whole(store, write, argument);
	if (error) {
		memcpy(store->levels, before, sizeof(before));
		id_set_deinit(&store->apart);
	} else {
		memcpy(store->levels_written, store->levels, sizeof(before));
	}
	took_ns = clock_now_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns;
	if (took_ns > store->longest_step_ns)
		store->longest_step_ns = took_ns;
	return error;
}
