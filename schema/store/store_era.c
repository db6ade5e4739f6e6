// SPDX-License-Identifier: Apache-2.0
#include "schema/store/store.h"

#include "base/clock.h"
#include "schema/sql.h"
#include "schema/store/store_parts.h"

/*
 * An era ends after a day, or when memory has enough of its names and stacks.
 * The next one numbers them anew, behind the largest ids: rows of an era are a
 * range of ids in each table, and go when nothing refers to it any more.
 * Modules, source files, functions and cgroups outlive eras; those that were
 * not met in the one that ends are forgotten.
 */

#define ERA_NS (86400 * (int64_t)NS_PER_SEC)

uint32_t store_era(const struct store *store)
{
	return store->era;
}

struct error *store_insert_era(struct store *store, sqlite3 *database)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct error *error;
	int64_t last, start = store->start_id;

	error = sql_integer(database, "SELECT ifnull(max(id), 0) FROM era",
			    &last);
	if (!error)
		error = sql_prepare(
			database,
			"INSERT INTO era (id, session_id, start_id, "
			"first_process_id, first_thread_id, first_frame_id, "
			"first_callsite_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
			&statement);
	if (error)
		return error;
	// Whoever keeps ids compares: the number must be another one.
	store->era = (last > store->era ? (uint32_t)last : store->era) + 1;
	if (start < store->now_id)
		start = store->now_id + 1;
	if (start <= store->last_sample_id)
		start = store->last_sample_id + 1;
	store->era_start_id = start;
	sqlite3_bind_int64(statement, 1, store->era);
	sqlite3_bind_int64(statement, 2, store->session_id);
	sqlite3_bind_int64(statement, 3, start);
	sqlite3_bind_int64(statement, 4, store->rows[TABLE_PROCESS].base + 1);
	sqlite3_bind_int64(statement, 5, store->rows[TABLE_THREAD].base + 1);
	sqlite3_bind_int64(statement, 6, store->rows[TABLE_FRAME].base + 1);
	sqlite3_bind_int64(statement, 7, store->tree.base + 1);
	return sql_step(database, statement);
}

static bool is_over(const struct store *store)
{
	if (store->now_id - store->era_start_id >= ERA_NS ||
	    store->tree.count >= store->era_callsites_max)
		return true;
	for (size_t table = 0; table < TABLE_COUNT; table++)
		if (!store->rows[table].kept &&
		    store->rows[table].intern.count >= store->era_rows_max)
			return true;
	return false;
}

static struct error *write_era(struct store *store, void *argument)
{
	(void)argument;
	return store_insert_era(store, store->database);
}

struct error *store_change_era(struct store *store, bool *more)
{
	struct error *error;

	if (!store->era_due && !is_over(store))
		return NULL;
	// Its weights are written first, for then they are forgotten.
	if (!store->era_due) {
		store->era_due = true;
		store->weights_at = 1;
	}
	if (store->weights_at) {
		error = store_write_weights(store, more);
		if (error || store->weights_at)
			return error;
	}
	// Rows that stand for others may wait for the next tick, and a rollup
	// for them.
	if (store->rows[TABLE_THREAD].count || store->rows[TABLE_PROCESS].count)
		return NULL;
	store_forget_era(store);
	id_set_deinit(&store->apart);
	store->era++;
	store->era_due = false;
	if (!store_forget_unused(store))
		return &error_nomem;
	return store_transact(store, write_era, NULL);
}
