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
	"weight, skew_ns) VALUES "

_Static_assert(STORE_BATCH == 16, "rows of STATEMENT_INSERT_SAMPLES");

// Of a row: ?1 id, ?2 to ?5 its numbers, ?6 to ?8 its texts.
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
	[TABLE_CGROUP] = "INSERT INTO cgroup (id, path, container, unit) "
			 "VALUES (?1, ?6, ?7, ?8)",
	[STATEMENT_INSERT_CALLSITE] =
		"INSERT INTO callsite (id, self_samples, self_ns, "
		"total_samples, total_ns, parent_id, frame_id, depth, "
		"recursive, event_id) VALUES (?1, ?2, ?3, ?4, ?5, "
		"nullif(?6, 0), ?7, ?8, ?9, ?10)",
	[STATEMENT_UPDATE_CALLSITE] =
		"UPDATE callsite SET self_samples = ?2, self_ns = ?3, "
		"total_samples = ?4, total_ns = ?5 WHERE id = ?1",
	[STATEMENT_INSERT_OUTCOME] =
		"INSERT INTO outcome (id, trust_id, trust_reason, walk_end, "
		"samples, gil, session_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
		"ON CONFLICT (id) DO UPDATE SET samples = excluded.samples",
	[STATEMENT_INSERT_SAMPLE] = INSERT_SAMPLES SAMPLE_ROW,
	[STATEMENT_INSERT_SAMPLES] = INSERT_SAMPLES SAMPLE_ROWS_16,
	[STATEMENT_INSERT_RELATION] =
		"INSERT INTO sample_relation (sample_id, gil_holder_thread_id, "
		"waker_thread_id) VALUES (?1, ?2, ?3)",
	[STATEMENT_INSERT_EVENT] = "INSERT INTO event (id, name, unit, period) "
				   "VALUES (?1, ?2, ?3, ?4)",
	[STATEMENT_INSERT_USER] =
		"INSERT INTO user (id, name) VALUES (?1, ?2) "
		"ON CONFLICT (id) DO UPDATE SET name = excluded.name "
		"WHERE excluded.name IS NOT NULL AND name IS NOT excluded.name",
	[STATEMENT_LABEL_PROCESS] =
		"UPDATE process SET command_line = ifnull(?2, command_line), "
		"executable = ifnull(?3, executable), "
		"python_version = ifnull(?4, python_version), "
		"user_id = ifnull(?5, user_id), "
		"cgroup_id = ifnull(?6, cgroup_id) WHERE id = ?1",
	[STATEMENT_SET_INCIDENT] =
		"INSERT INTO incident (id, session_id, kind, start_id, end_id, "
		"detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO "
		"UPDATE SET end_id = excluded.end_id",
	[STATEMENT_INSERT_CLOCK] =
		"INSERT INTO clock (id, session_id, wall_ns, monotonic_ns, "
		"reason) VALUES (?1, ?2, ?3, ?4, ?5)",
	[STATEMENT_INSERT_VITALS] =
		"INSERT OR REPLACE INTO vitals (id, samples, proven, unproven, "
		"lost, dropped, frequency_hz, own_cpu_ns, own_memory_bytes, "
		"processes, threads, store_bytes) VALUES (?1, ?2, ?3, ?4, ?5, "
		"?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	[STATEMENT_SET_LEVEL] =
		"UPDATE level SET kept_id = ?2, done_id = ?3, row_count = ?4, "
		"bytes = ?5 WHERE name = ?1",
	[STATEMENT_RENAME_PROCESS] = "UPDATE process SET name = ?2 WHERE id = ?1",
	[STATEMENT_RENAME_THREAD] = "UPDATE thread SET name = ?2 WHERE id = ?1",
	[STATEMENT_SET_HEALTH] =
		"INSERT INTO health (session_id, name, value, meaning) "
		"VALUES (?4, ?1, ?2, ?3) ON CONFLICT (session_id, name) "
		"DO UPDATE SET value = excluded.value, "
		"meaning = excluded.meaning",
	[STATEMENT_END_SESSION] = "UPDATE session SET end_monotonic_ns = ?1, "
				  "end_id = ?2 WHERE id = ?3",
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
