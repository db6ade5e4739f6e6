// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "schema/sql.h"
#include "schema/store_state.h"

// Statements beyond the INSERTs of enum store_table, which come first.
enum {
	INSERT_CALLSITE = TABLE_COUNT,
	UPDATE_CALLSITE,
	INSERT_OUTCOME,
	INSERT_SAMPLE,
	RENAME_PROCESS,
	RENAME_THREAD,
	SET_HEALTH,
	END_SESSION,
	BEGIN,
	COMMIT,
	ROLLBACK,
	STATEMENT_COUNT,
};

// Of a row: ?1 id, ?2 to ?5 its numbers, ?6 and ?7 its texts.
static const char *const statement_sql[STATEMENT_COUNT] = {
	[TABLE_PROCESS] =
		"INSERT INTO process (id, pid, start_ns, name) "
		"VALUES (?1, ?2, ?3, ?6)",
	[TABLE_THREAD] =
		"INSERT INTO thread (id, process_id, tid, start_ns, name) "
		"VALUES (?1, ?2, ?3, ?4, ?6)",
	[TABLE_MODULE] =
		"INSERT INTO module (id, path, build_id) VALUES (?1, ?6, ?7)",
	[TABLE_SOURCE_FILE] =
		"INSERT INTO source_file (id, path) VALUES (?1, ?6)",
	[TABLE_FUNCTION] =
		"INSERT INTO function (id, kind_id, name, source_file_id, "
		"first_line, module_id) VALUES (?1, ?2, ?6, nullif(?3, 0), "
		"nullif(?4, 0), nullif(?5, 0))",
	[TABLE_FRAME] =
		"INSERT INTO frame (id, function_id, status_id, line, vaddr) "
		"VALUES (?1, ?2, ?3, nullif(?4, 0), nullif(?5, 0))",
	[INSERT_CALLSITE] =
		"INSERT INTO callsite (id, self_samples, self_ns, "
		"total_samples, total_ns, parent_id, frame_id, depth, "
		"recursive) VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0), ?7, ?8, "
		"?9)",
	[UPDATE_CALLSITE] =
		"UPDATE callsite SET self_samples = ?2, self_ns = ?3, "
		"total_samples = ?4, total_ns = ?5 WHERE id = ?1",
	[INSERT_OUTCOME] =
		"INSERT INTO outcome (id, trust_id, trust_reason, walk_end, "
		"samples) VALUES (?1, ?2, ?3, ?4, ?5) "
		"ON CONFLICT (id) DO UPDATE SET samples = excluded.samples",
	[INSERT_SAMPLE] =
		"INSERT INTO sample (id, thread_id, callsite_id, cpu, "
		"outcome_id, weight_ns, skew_ns) VALUES (?1, ?2, ?3, ?4, ?5, "
		"?6, ?7)",
	[RENAME_PROCESS] = "UPDATE process SET name = ?2 WHERE id = ?1",
	[RENAME_THREAD] = "UPDATE thread SET name = ?2 WHERE id = ?1",
	[SET_HEALTH] =
		"INSERT INTO health (name, value, meaning) VALUES (?1, ?2, ?3) "
		"ON CONFLICT (name) DO UPDATE SET value = excluded.value, "
		"meaning = excluded.meaning",
	[END_SESSION] = "UPDATE session SET end_monotonic_ns = ?1",
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
};

struct error *store_prepare_statements(struct store *store)
{
	struct error *error;

	store->statements = calloc(STATEMENT_COUNT, sizeof(sqlite3_stmt *));
	if (!store->statements)
		return &error_nomem;
	for (size_t i = 0; i < STATEMENT_COUNT; i++) {
		error = sql_prepare(store->database, statement_sql[i],
				    &store->statements[i]);
		if (error)
			return error;
	}
	return NULL;
}

void store_finalize_statements(struct store *store)
{
	if (!store->statements)
		return;
	for (size_t i = 0; i < STATEMENT_COUNT; i++)
		sqlite3_finalize(store->statements[i]);
	free(store->statements);
	store->statements = NULL;
}

static struct error *run(struct store *store, int statement)
{
	return sql_step(store->database, store->statements[statement]);
}

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
			store->statements[rename->table == TABLE_PROCESS
						  ? RENAME_PROCESS
						  : RENAME_THREAD];
		struct error *error;

		sqlite3_bind_int64(statement, 1, rename->id);
		sqlite3_bind_text(statement, 2, rename->name, -1,
				  SQLITE_STATIC);
		error = sql_step(store->database, statement);
		if (error)
			return error;
	}
	return NULL;
}

static uint32_t parent_of(const struct store_tree *tree, size_t index)
{
	return tree->intern.keys[index].low >> 32;
}

// A parent's id is smaller than its children's, so one sweep from the end
// carries every new weight up to the roots.
static void carry_weights(struct store_tree *tree)
{
	for (size_t i = tree->count; i-- > 0;) {
		struct store_callsite *node = &tree->nodes[i];
		uint32_t parent = parent_of(tree, i);

		if (!node->carry_samples)
			continue;
		node->total_samples += node->carry_samples;
		node->total_ns += node->carry_ns;
		if (parent) {
			tree->nodes[parent - 1].carry_samples +=
				node->carry_samples;
			tree->nodes[parent - 1].carry_ns += node->carry_ns;
		}
		node->carry_samples = 0;
		node->carry_ns = 0;
		node->dirty = true;
	}
}

static struct error *write_callsite(struct store *store, size_t index)
{
	const struct store_tree *tree = &store->tree;
	const struct store_callsite *node = &tree->nodes[index];
	bool new = index >= tree->written;
	sqlite3_stmt *statement =
		store->statements[new ? INSERT_CALLSITE : UPDATE_CALLSITE];

	sqlite3_bind_int64(statement, 1, (int64_t)index + 1);
	sqlite3_bind_int64(statement, 2, (int64_t)node->self_samples);
	sqlite3_bind_int64(statement, 3, (int64_t)node->self_ns);
	sqlite3_bind_int64(statement, 4, (int64_t)node->total_samples);
	sqlite3_bind_int64(statement, 5, (int64_t)node->total_ns);
	if (new) {
		sqlite3_bind_int64(statement, 6, parent_of(tree, index));
		sqlite3_bind_int64(statement, 7,
				   (uint32_t)tree->intern.keys[index].low);
		sqlite3_bind_int64(statement, 8, node->depth);
		sqlite3_bind_int64(statement, 9, node->recursive);
	}
	return sql_step(store->database, statement);
}

static struct error *write_callsites(struct store *store)
{
	struct store_tree *tree = &store->tree;
	struct error *error;

	carry_weights(tree);
	for (size_t i = 0; i < tree->count; i++) {
		if (i < tree->written && !tree->nodes[i].dirty)
			continue;
		error = write_callsite(store, i);
		if (error)
			return error;
	}
	return NULL;
}

static struct error *write_outcomes(struct store *store)
{
	sqlite3_stmt *statement = store->statements[INSERT_OUTCOME];

	for (size_t i = 0; i < store->outcome_count; i++) {
		const struct store_outcome *outcome = &store->outcomes[i];
		struct error *error;

		if (!outcome->dirty)
			continue;
		sqlite3_bind_int64(statement, 1, (int64_t)i);
		sqlite3_bind_int64(statement, 2, outcome->trust);
		sqlite3_bind_text(statement, 3, outcome->reason, -1,
				  SQLITE_STATIC);
		sqlite3_bind_text(statement, 4, outcome->walk_end, -1,
				  SQLITE_STATIC);
		sqlite3_bind_int64(statement, 5, (int64_t)outcome->samples);
		error = sql_step(store->database, statement);
		if (error)
			return error;
	}
	return NULL;
}

static void bind_or_null(sqlite3_stmt *statement, int parameter, int64_t value,
			 int64_t null_value)
{
	if (value == null_value)
		sqlite3_bind_null(statement, parameter);
	else
		sqlite3_bind_int64(statement, parameter, value);
}

static void bind_sample(struct store *store,
			const struct store_pending_sample *sample)
{
	sqlite3_stmt *statement = store->statements[INSERT_SAMPLE];

	sqlite3_bind_int64(statement, 2, sample->thread_id);
	bind_or_null(statement, 3, sample->callsite_id, 0);
	sqlite3_bind_int64(statement, 4, sample->cpu);
	sqlite3_bind_int64(statement, 5, sample->outcome);
	bind_or_null(statement, 6, (int64_t)sample->weight_ns,
		     (int64_t)store->period_ns);
}

/*
 * Two CPUs may sample in the same nanosecond, and a late sample may meet one of
 * an earlier commit: *@id moves to the next number that is free.
 */
static struct error *write_sample(struct store *store,
				  const struct store_pending_sample *sample,
				  int64_t *id)
{
	enum { NEIGHBOURS_TRIED = 16 };
	sqlite3_stmt *statement = store->statements[INSERT_SAMPLE];
	int result;

	bind_sample(store, sample);
	for (int tries = 0;; tries++) {
		if (tries == NEIGHBOURS_TRIED && *id <= store->last_sample_id)
			*id = store->last_sample_id + 1;
		sqlite3_bind_int64(statement, 1, *id);
		bind_or_null(statement, 7, *id - sample->offset_ns, 0);
		result = sqlite3_step(statement);
		if (result != SQLITE_CONSTRAINT)
			break;
		sqlite3_reset(statement);
		++*id;
	}
	if (result != SQLITE_DONE) {
		struct error *error = sql_error(store->database, result);

		sqlite3_reset(statement);
		return error;
	}
	sqlite3_reset(statement);
	return NULL;
}

static int compare_times(const void *a, const void *b)
{
	const struct store_pending_sample *x = a, *y = b;

	return (x->offset_ns > y->offset_ns) - (x->offset_ns < y->offset_ns);
}

// Almost always they are in order; rows in order of id are appended.
static void sort_samples(struct store *store)
{
	for (size_t i = 1; i < store->sample_count; i++) {
		if (compare_times(&store->samples[i - 1], &store->samples[i]) >
		    0) {
			qsort(store->samples, store->sample_count,
			      sizeof(*store->samples), compare_times);
			return;
		}
	}
}

static struct error *write_samples(struct store *store, int64_t *ret_last_id)
{
	int64_t last = store->last_sample_id;
	int64_t previous = INT64_MIN;
	struct error *error;

	sort_samples(store);
	for (size_t i = 0; i < store->sample_count; i++) {
		int64_t id = store->samples[i].offset_ns;

		if (id <= previous)
			id = previous + 1;
		error = write_sample(store, &store->samples[i], &id);
		if (error)
			return error;
		previous = id;
		if (id > last)
			last = id;
	}
	*ret_last_id = last;
	return NULL;
}

static struct error *write_health(struct store *store)
{
	sqlite3_stmt *statement = store->statements[SET_HEALTH];

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
		error = sql_step(store->database, statement);
		if (error)
			return error;
	}
	return NULL;
}

static struct error *write_all(struct store *store, int64_t *ret_last_id)
{
	struct error *error = write_rows(store);

	if (!error)
		error = write_renames(store);
	if (!error)
		error = write_callsites(store);
	if (!error)
		error = write_outcomes(store);
	if (!error)
		error = write_samples(store, ret_last_id);
	if (!error)
		error = write_health(store);
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
	for (size_t i = 0; i < store->tree.count; i++)
		store->tree.nodes[i].dirty = false;
	for (size_t i = 0; i < store->outcome_count; i++)
		store->outcomes[i].dirty = false;
	for (size_t i = 0; i < store->counter_count; i++)
		store->counters[i].dirty = false;
	store->sample_count = 0;
}

static struct error *write_transaction(struct store *store)
{
	int64_t last_sample_id = store->last_sample_id;
	struct error *error = run(store, BEGIN);

	if (error)
		return error;
	error = write_all(store, &last_sample_id);
	if (!error)
		error = run(store, COMMIT);
	if (error) {
		// SQLite may have rolled back by itself, as when it is full.
		if (!sqlite3_get_autocommit(store->database))
			error_destroy(run(store, ROLLBACK));
		return error;
	}
	store->last_sample_id = last_sample_id;
	forget_pending(store);
	return NULL;
}

struct error *store_commit(struct store *store)
{
	struct error *error = write_transaction(store);

	if (error)
		return error_wrap(error, "write profile '%s'", store->path);
	if (!store->out_of_memory)
		return NULL;
	store->out_of_memory = false;
	return &error_nomem;
}

struct error *store_write_end(struct store *store, uint64_t end_monotonic_ns)
{
	sqlite3_stmt *statement = store->statements[END_SESSION];

	sqlite3_bind_int64(statement, 1, (int64_t)end_monotonic_ns);
	return sql_step(store->database, statement);
}
