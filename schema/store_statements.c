// SPDX-License-Identifier: Apache-2.0
#include "schema/sql.h"
#include "schema/store_state.h"

// Several rows a statement: a third of the time of an INSERT is its start.
#define SAMPLE_ROW "(?, ?, ?, ?, ?, ?, ?)"
#define SAMPLE_ROWS_4 SAMPLE_ROW "," SAMPLE_ROW "," SAMPLE_ROW "," SAMPLE_ROW
#define SAMPLE_ROWS_16                                                         \
	SAMPLE_ROWS_4 "," SAMPLE_ROWS_4 "," SAMPLE_ROWS_4 "," SAMPLE_ROWS_4
#define INSERT_SAMPLES                                                         \
	"INSERT INTO sample (id, thread_id, callsite_id, cpu, outcome_id, "    \
	"weight_ns, skew_ns) VALUES "

_Static_assert(STORE_BATCH == 16, "rows of STATEMENT_INSERT_SAMPLES");

// Of a row: ?1 id, ?2 to ?5 its numbers, ?6 and ?7 its texts.
static const char *const statement_sql[STATEMENT_COUNT] = {
	[TABLE_PROCESS] = "INSERT INTO process (id, pid, start_ns, name) "
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
	[STATEMENT_INSERT_CALLSITE] =
		"INSERT INTO callsite (id, self_samples, self_ns, "
		"total_samples, total_ns, parent_id, frame_id, depth, "
		"recursive) VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0), ?7, ?8, "
		"?9)",
	[STATEMENT_UPDATE_CALLSITE] =
		"UPDATE callsite SET self_samples = ?2, self_ns = ?3, "
		"total_samples = ?4, total_ns = ?5 WHERE id = ?1",
	[STATEMENT_INSERT_OUTCOME] =
		"INSERT INTO outcome (id, trust_id, trust_reason, walk_end, "
		"samples) VALUES (?1, ?2, ?3, ?4, ?5) "
		"ON CONFLICT (id) DO UPDATE SET samples = excluded.samples",
	[STATEMENT_INSERT_SAMPLE] = INSERT_SAMPLES SAMPLE_ROW,
	[STATEMENT_INSERT_SAMPLES] = INSERT_SAMPLES SAMPLE_ROWS_16,
	[STATEMENT_RENAME_PROCESS] = "UPDATE process SET name = ?2 WHERE id = ?1",
	[STATEMENT_RENAME_THREAD] = "UPDATE thread SET name = ?2 WHERE id = ?1",
	[STATEMENT_SET_HEALTH] =
		"INSERT INTO health (name, value, meaning) VALUES (?1, ?2, ?3) "
		"ON CONFLICT (name) DO UPDATE SET value = excluded.value, "
		"meaning = excluded.meaning",
	[STATEMENT_END_SESSION] = "UPDATE session SET end_monotonic_ns = ?1",
	[STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
	[STATEMENT_COMMIT] = "COMMIT",
	[STATEMENT_ROLLBACK] = "ROLLBACK",
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
