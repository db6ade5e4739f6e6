// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/clock.h"
#include "schema/sql.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

/*
 * Rows that nothing refers to any more. Those that an era numbered go when all
 * levels have been pruned past its end, range by range. Then names that no
 * frame or process is left of: those that are still referred to are marked, the
 * others removed, each in steps. What memory knows stays, for it may be referred
 * to any moment.
 */

enum { MARK_ROWS = 4000, SWEEP_ROWS = 1000, DELETE_IDS = 1000 };

#define STEP_NS (10 * NS_PER_MS)
#define VITALS_NS (30 * 86400 * (int64_t)NS_PER_SEC)
#define INCIDENTS_NS (366 * 86400 * (int64_t)NS_PER_SEC)

// Where an era's rows begin, and where those of the next one do.
enum { ERA_CALLSITE, ERA_FRAME, ERA_THREAD, ERA_PROCESS, ERA_TABLES };

static const enum store_statement era_delete[ERA_TABLES] = {
	[ERA_CALLSITE] = STATEMENT_DELETE_CALLSITE,
	[ERA_FRAME] = STATEMENT_DELETE_FRAME,
	[ERA_THREAD] = STATEMENT_DELETE_THREAD,
	[ERA_PROCESS] = STATEMENT_DELETE_PROCESS,
};

static int64_t oldest_kept(const struct store *store)
{
	int64_t oldest = store->levels[0].kept_id;

	for (int i = 1; i < LEVEL_COUNT; i++)
		if (store->levels[i].kept_id < oldest)
			oldest = store->levels[i].kept_id;
	return oldest;
}

struct old_era {
	int64_t id, end_id;
	int64_t from[ERA_TABLES], until[ERA_TABLES];
	bool done;
};

// The oldest era, when another has followed. False: there is none.
static struct error *read_oldest(struct store *store, struct old_era *era,
				 bool *ret_found)
{
	sqlite3_stmt *row = store->statements[STATEMENT_OLDEST_ERAS];
	int result = sqlite3_step(row);

	*ret_found = false;
	if (result == SQLITE_ROW) {
		era->id = sqlite3_column_int64(row, 0);
		for (int i = 0; i < ERA_TABLES; i++)
			era->from[i] = sqlite3_column_int64(row, 2 + i);
		result = sqlite3_step(row);
	}
	if (result == SQLITE_ROW) {
		*ret_found = true;
		era->end_id = sqlite3_column_int64(row, 1);
		for (int i = 0; i < ERA_TABLES; i++)
			era->until[i] = sqlite3_column_int64(row, 2 + i);
	}
	sqlite3_reset(row);
	return result == SQLITE_ROW || result == SQLITE_DONE ?
		       NULL :
		       sql_error(store->database, result);
}

static struct error *delete_ids(struct store *store,
				enum store_statement statement, int64_t until)
{
	sqlite3_stmt *delete = store->statements[statement];

	sqlite3_bind_int64(delete, 1, until);
	return sql_step(store->database, delete);
}

// Ids count from the first one that is left, so that steps are of rows.
static struct error *delete_era(struct store *store, void *argument)
{
	struct old_era *era = argument;
	uint64_t start_ns = monotonic_ns();
	struct error *error = NULL;

	for (int i = 0; !error && i < ERA_TABLES; i++) {
		while (!error && era->from[i] < era->until[i]) {
			if (monotonic_ns() - start_ns > STEP_NS)
				return NULL;
			era->from[i] += DELETE_IDS;
			if (era->from[i] > era->until[i])
				era->from[i] = era->until[i];
			error = delete_ids(store, era_delete[i], era->from[i]);
		}
	}
	if (!error)
		error = delete_ids(store, STATEMENT_DELETE_ERA, era->id);
	era->done = !error;
	return error;
}

static struct error *drop_era(struct store *store, bool *more)
{
	struct old_era era = { 0 };
	bool found;
	struct error *error = read_oldest(store, &era, &found);

	if (error || !found || oldest_kept(store) < era.end_id)
		return error;
	// Where the last step stopped.
	for (int i = 0; i < ERA_TABLES; i++)
		if (store->sweep.era_from[i] > era.from[i])
			era.from[i] = store->sweep.era_from[i];
	error = store_transact(store, delete_era, &era);
	*more = !error;
	for (int i = 0; !error && i < ERA_TABLES; i++)
		store->sweep.era_from[i] = era.from[i];
	if (era.done)
		store->sweep.phase = 1;
	return error;
}

// Tables of names, and who refers to them; in the order of the references.
static const struct name_table {
	enum store_table table;
	enum store_statement references, rows, delete;
} name_tables[] = {
	{ TABLE_FUNCTION, STATEMENT_FRAME_FUNCTIONS, STATEMENT_FUNCTIONS,
	  STATEMENT_DELETE_FUNCTION },
	{ TABLE_SOURCE_FILE, STATEMENT_FUNCTION_FILES, STATEMENT_SOURCE_FILES,
	  STATEMENT_DELETE_SOURCE_FILE },
	{ TABLE_MODULE, STATEMENT_FUNCTION_MODULES, STATEMENT_MODULES,
	  STATEMENT_DELETE_MODULE },
	{ TABLE_CGROUP, STATEMENT_PROCESS_CGROUPS, STATEMENT_CGROUPS,
	  STATEMENT_DELETE_CGROUP },
};

enum { NAME_TABLES = sizeof(name_tables) / sizeof(*name_tables) };

static int compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = ((const struct store_kept *)b)->id;

	return (x > y) - (x < y);
}

static bool in_memory(const struct store *store, enum store_table table,
		      int64_t id)
{
	const struct store_rows *rows = &store->rows[table];

	return rows->intern.count &&
	       bsearch(&id, rows->ids, rows->intern.count,
		       sizeof(*rows->ids), compare_ids);
}

static struct error *mark_some(struct store *store,
			       const struct name_table *table, bool *ret_done)
{
	struct store_sweep *sweep = &store->sweep;
	sqlite3_stmt *row = store->statements[table->references];
	int result, count = 0;

	sqlite3_bind_int64(row, 1, sweep->at);
	sqlite3_bind_int64(row, 2, MARK_ROWS);
	while ((result = sqlite3_step(row)) == SQLITE_ROW) {
		sweep->at = sqlite3_column_int64(row, 0);
		if (!id_set_add(&sweep->marks, sqlite3_column_int64(row, 1)))
			break;
		count++;
	}
	sqlite3_reset(row);
	*ret_done = count < MARK_ROWS;
	if (result == SQLITE_ROW)
		return &error_nomem;
	return result == SQLITE_DONE ? NULL : sql_error(store->database, result);
}

static struct error *sweep_some(struct store *store, void *argument)
{
	const struct name_table *table = argument;
	struct store_sweep *sweep = &store->sweep;
	sqlite3_stmt *row = store->statements[table->rows];
	struct error *error = NULL;
	int result = SQLITE_DONE, count = 0;

	sqlite3_bind_int64(row, 1, sweep->at);
	sqlite3_bind_int64(row, 2, SWEEP_ROWS);
	while (!error && (result = sqlite3_step(row)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(row, 0);

		sweep->at = id;
		count++;
		if (!id_set_has(&sweep->marks, id) &&
		    !in_memory(store, table->table, id))
			error = delete_ids(store, table->delete, id);
	}
	sqlite3_reset(row);
	sweep->swept_all = count < SWEEP_ROWS;
	if (error)
		return error;
	return result == SQLITE_DONE ? NULL : sql_error(store->database, result);
}

static void next_phase(struct store_sweep *sweep)
{
	sweep->at = INT64_MIN;
	if (sweep->phase++ % 2 == 0)
		id_set_deinit(&sweep->marks);
	if (sweep->phase > 2 * NAME_TABLES)
		sweep->phase = 0;
}

// Phases 1, 3, 5, 7 mark, 2, 4, 6, 8 sweep.
static struct error *sweep_names(struct store *store, bool *more)
{
	struct store_sweep *sweep = &store->sweep;
	const struct name_table *table = &name_tables[(sweep->phase - 1) / 2];
	struct error *error;
	bool done;

	if (sweep->phase % 2) {
		error = mark_some(store, table, &done);
	} else {
		error = store_transact(store, sweep_some,
				       (void *)(uintptr_t)table);
		done = sweep->swept_all;
	}
	if (!error && done)
		next_phase(sweep);
	*more = !error;
	return error;
}

// Sessions, clocks, outcomes and what is told of them, of long ago.
static struct error *prune_log(struct store *store, void *argument)
{
	static const enum store_statement statements[] = {
		STATEMENT_PRUNE_VITALS, STATEMENT_PRUNE_INCIDENTS,
		STATEMENT_PRUNE_OUTCOMES, STATEMENT_PRUNE_HEALTH,
		STATEMENT_PRUNE_CLOCKS, STATEMENT_PRUNE_SESSIONS,
	};
	int64_t oldest = oldest_kept(store);
	const int64_t before[] = {
		store->now_id - VITALS_NS,
		store->now_id - INCIDENTS_NS,
		store->levels[LEVEL_SAMPLE].kept_id,
		oldest,
		oldest,
		oldest,
	};
	struct error *error = NULL;

	(void)argument;
	for (size_t i = 0;
	     !error && i < sizeof(statements) / sizeof(*statements); i++)
		error = delete_ids(store, statements[i], before[i]);
	return error;
}

struct error *store_sweep(struct store *store, bool *more)
{
	struct error *error;

	if (store->sweep.phase)
		return sweep_names(store, more);
	error = drop_era(store, more);
	if (error || *more)
		return error;
	if (store->now_id - store->sweep.log_pruned_id <
	    60 * (int64_t)NS_PER_SEC)
		return NULL;
	store->sweep.log_pruned_id = store->now_id;
	return store_transact(store, prune_log, NULL);
}
