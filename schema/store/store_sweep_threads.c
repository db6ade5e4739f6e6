// SPDX-License-Identifier: Apache-2.0
#include "schema/sql.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

/*
 * Threads that no rollup tells apart, and their processes, go when the samples
 * of their era are pruned: what is left of them is in those that stand for them.
 * In steps, an era after the other; each run of the program begins with the
 * oldest, which costs a look at what is left.
 */

enum { SWEEP_ROWS = 500 };

// The next era that is over, and whose samples are gone.
static struct error *next_era(struct store *store, bool *ret_found)
{
	struct store_thread_sweep *sweep = &store->thread_sweep;
	sqlite3_stmt *row = store->statements[STATEMENT_NEXT_ERA];
	int result;

	sqlite3_bind_int64(row, 1, sweep->era_id);
	result = sqlite3_step(row);
	*ret_found = result == SQLITE_ROW &&
		     sqlite3_column_int64(row, 1) <=
			     store->levels[LEVEL_SAMPLE].kept_id;
	if (*ret_found) {
		sweep->era_id = sqlite3_column_int64(row, 0);
		sweep->at = sqlite3_column_int64(row, 2);
		sweep->until = sqlite3_column_int64(row, 3);
		sweep->process_at = sqlite3_column_int64(row, 4);
		sweep->process_until = sqlite3_column_int64(row, 5);
	}
	sqlite3_reset(row);
	return result == SQLITE_ROW || result == SQLITE_DONE ?
		       NULL :
		       sql_error(store->database, result);
}

static struct error *drop(struct store *store, enum store_statement statement,
			  int64_t id)
{
	sqlite3_bind_int64(store->statements[statement], 1, id);
	return sql_step(store->database, store->statements[statement]);
}

// Columns: id; of a thread, whether it is told apart, and its process.
static struct error *take_row(struct store *store, sqlite3_stmt *row)
{
	struct store_thread_sweep *sweep = &store->thread_sweep;
	int64_t id = sqlite3_column_int64(row, 0);

	sweep->at = id + 1;
	if (sweep->phase == SWEEP_PROCESSES)
		return id_set_has(&sweep->marks, id) ?
			       NULL :
			       drop(store, STATEMENT_DROP_PROCESS, id);
	if (!sqlite3_column_int64(row, 1))
		return drop(store, STATEMENT_DROP_THREAD, id);
	return id_set_add(&sweep->marks, sqlite3_column_int64(row, 2)) ?
		       NULL :
		       &error_nomem;
}

static struct error *sweep_some(struct store *store, void *argument)
{
	struct store_thread_sweep *sweep = &store->thread_sweep;
	sqlite3_stmt *row =
		store->statements[sweep->phase == SWEEP_PROCESSES ?
					  STATEMENT_PROCESSES_BETWEEN :
					  STATEMENT_THREADS_BETWEEN];
	int result = SQLITE_DONE, count = 0;
	struct error *error = NULL;
	bool *all = argument;

	sqlite3_bind_int64(row, 1, sweep->at);
	sqlite3_bind_int64(row, 2, sweep->until);
	sqlite3_bind_int64(row, 3, SWEEP_ROWS);
	while (!error && (result = sqlite3_step(row)) == SQLITE_ROW) {
		error = take_row(store, row);
		count++;
	}
	sqlite3_reset(row);
	*all = count < SWEEP_ROWS;
	if (error)
		return error;
	return result == SQLITE_DONE ? NULL : sql_error(store->database, result);
}

static void next_phase(struct store_thread_sweep *sweep)
{
	if (sweep->phase == SWEEP_PROCESSES) {
		id_set_deinit(&sweep->marks);
		sweep->phase = SWEEP_NONE;
		return;
	}
	sweep->phase = SWEEP_PROCESSES;
	sweep->at = sweep->process_at;
	sweep->until = sweep->process_until;
}

struct error *store_sweep_threads(struct store *store, bool *more)
{
	struct store_thread_sweep *sweep = &store->thread_sweep;
	bool all = false;
	int64_t at;
	struct error *error;

	if (sweep->phase == SWEEP_NONE) {
		error = next_era(store, more);
		if (!error && *more)
			sweep->phase = SWEEP_THREADS;
		return error;
	}
	at = sweep->at;
	error = store_transact(store, sweep_some, &all);
	if (error)
		sweep->at = at;
	else if (all)
		next_phase(sweep);
	*more = !error;
	return error;
}
