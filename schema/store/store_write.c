// SPDX-License-Identifier: Apache-2.0
// What waits in memory, written in one transaction.
#include "schema/sql.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

static struct error *write_row(struct store *store, enum store_table table,
			       const struct store_row *row)
{
	sqlite3_stmt *statement = store->statements[table];
	int last = sqlite3_bind_parameter_count(statement);

	sqlite3_bind_int64(statement, 1, row->id);
	for (int i = 0; i < STORE_ROW_NUMBERS && i + 2 <= last; i++)
		sqlite3_bind_int64(statement, i + 2, row->number[i]);
	for (int i = 0; i < STORE_ROW_TEXTS; i++) {
		int parameter = 2 + STORE_ROW_NUMBERS + i;

		if (parameter <= last)
			sqlite3_bind_text(statement, parameter, row->text[i],
					  -1, SQLITE_STATIC);
	}
	return sql_step(store->database, statement);
}

static struct error *write_rows(struct store *store)
{
	struct error *error;

	for (size_t table = 0; table < TABLE_COUNT; table++) {
		const struct store_rows *rows = &store->rows[table];

		for (size_t i = 0; i < rows->count; i++) {
			error = write_row(store, table, &rows->pending[i]);
			if (error)
				return error;
		}
	}
	return NULL;
}

static struct error *write_renames(struct store *store)
{
	for (size_t i = 0; i < store->rename_count; i++) {
		const struct store_rename *rename = &store->renames[i];
		sqlite3_stmt *statement =
			store->statements[rename->table == TABLE_PROCESS ?
						  STATEMENT_RENAME_PROCESS :
						  STATEMENT_RENAME_THREAD];
		struct error *error;

		sqlite3_bind_int64(statement, 1, rename->id);
		sqlite3_bind_text(statement, 2, rename->name, -1, SQLITE_STATIC);
		error = sql_step(store->database, statement);
		if (error)
			return error;
	}
	return NULL;
}

static struct error *write_outcomes(struct store *store)
{
	static const char *const gil_word[] = {
		[STORE_GIL_UNKNOWN] = NULL,
		[STORE_GIL_HELD] = "held",
		[STORE_GIL_WAITING] = "waiting",
		[STORE_GIL_WITHOUT] = "without",
	};
	sqlite3_stmt *statement = store->statements[STATEMENT_INSERT_OUTCOME];

	for (size_t i = 0; i < store->outcome_count; i++) {
		const struct store_outcome *outcome = &store->outcomes[i];
		struct error *error;

		if (!outcome->dirty)
			continue;
		sqlite3_bind_int64(statement, 1,
				   store->outcome_base + (int64_t)i);
		sqlite3_bind_int64(statement, 2, outcome->trust);
		sqlite3_bind_text(statement, 3, outcome->reason, -1,
				  SQLITE_STATIC);
		sqlite3_bind_text(statement, 4, outcome->walk_end, -1,
				  SQLITE_STATIC);
		sqlite3_bind_int64(statement, 5, (int64_t)outcome->samples);
		sqlite3_bind_text(statement, 6, gil_word[outcome->gil], -1,
				  SQLITE_STATIC);
		sqlite3_bind_int64(statement, 7, store->session_id);
		error = sql_step(store->database, statement);
		if (error)
			return error;
	}
	return NULL;
}

static struct error *write_health(struct store *store)
{
	sqlite3_stmt *statement = store->statements[STATEMENT_SET_HEALTH];

	if (store->dropped_samples)
		store_set_health(store, "dropped_by_storage",
				 (int64_t)store->dropped_samples,
				 "samples given up because the disk stayed "
				 "full or memory was short");
	if (store->full_tables)
		store_set_health(store, "cut_by_storage",
				 (int64_t)store->full_tables,
				 "frames and names merged because the profile "
				 "has too many different ones");
	for (size_t i = 0; i < store->counter_count; i++) {
		const struct store_counter *counter = &store->counters[i];
		struct error *error;

		if (!counter->dirty || !counter->meaning)
			continue;
		sqlite3_bind_text(statement, 1, counter->name, -1,
				  SQLITE_STATIC);
		sqlite3_bind_int64(statement, 2, counter->value);
		sqlite3_bind_text(statement, 3, counter->meaning, -1,
				  SQLITE_STATIC);
		sqlite3_bind_int64(statement, 4, store->session_id);
		error = sql_step(store->database, statement);
		if (error)
			return error;
	}
	return NULL;
}

// In the same transaction as the last samples: a disk that is full just then
// leaves a session that did not end, not samples that are there and reported
// as lost.
static struct error *write_end(struct store *store)
{
	sqlite3_stmt *statement = store->statements[STATEMENT_END_SESSION];

	if (!store->ending)
		return NULL;
	sqlite3_bind_int64(statement, 1, store->end_ns);
	sqlite3_bind_int64(statement, 2,
			   store_time(store, (uint64_t)store->end_ns));
	sqlite3_bind_int64(statement, 3, store->session_id);
	return sql_step(store->database, statement);
}

static struct error *write_all(struct store *store, void *last_sample_id)
{
	struct error *error = store_write_events(store);

	if (!error)
		error = write_rows(store);
	if (!error)
		error = write_renames(store);
	if (!error)
		error = store_write_labels(store);
	if (!error)
		error = store_write_callsites(store);
	if (!error)
		error = write_outcomes(store);
	if (!error)
		error = store_write_samples(store, last_sample_id);
	if (!error)
		error = store_write_log(store);
	if (!error)
		error = write_health(store);
	if (!error)
		error = write_end(store);
	return error;
}

// What the transaction took is no longer pending.
static void forget_pending(struct store *store)
{
	for (size_t table = 0; table < TABLE_COUNT; table++) {
		struct store_rows *rows = &store->rows[table];

		for (size_t i = 0; i < rows->count; i++)
			for (size_t t = 0; t < STORE_ROW_TEXTS; t++)
				free(rows->pending[i].text[t]);
		rows->count = 0;
	}
	for (size_t i = 0; i < store->rename_count; i++)
		free(store->renames[i].name);
	store->rename_count = 0;
	store->tree.written = store->tree.count;
	for (size_t i = 0; !store->continued && i < store->tree.count; i++)
		store->tree.nodes[i].dirty = false;
	for (size_t i = 0; i < store->outcome_count; i++)
		store->outcomes[i].dirty = false;
	for (size_t i = 0; i < store->counter_count; i++)
		store->counters[i].dirty = false;
	for (size_t i = 0; i < store->event_count; i++)
		store->events[i].written = true;
	store_forget_labels(store);
	store_forget_log(store);
	store->sample_count = 0;
}

struct error *store_write_pending(struct store *store)
{
	int64_t last_sample_id = store->last_sample_id;
	struct error *error =
		store_transact(store, write_all, &last_sample_id);

	if (error)
		return error;
	store->last_sample_id = last_sample_id;
	forget_pending(store);
	return NULL;
}
