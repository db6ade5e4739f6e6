// SPDX-License-Identifier: Apache-2.0
#include "schema/sql.h"
#include "schema/store/store_statements.h"

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
		"INSERT INTO thread (id, process_id, tid, start_ns, name, apart)"
		" VALUES (?1, ?2, ?3, ?4, ?6, 0)",
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
		"waker_thread_id, every) VALUES (?1, ?2, ?3, ?4)",
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
		"processes, threads, store_bytes, lost_records) VALUES (?1, ?2, "
		"?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
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
	[STATEMENT_ROLL_SAMPLES] =
		"SELECT s.id, s.thread_id, s.callsite_id, s.weight, c.event_id "
		"FROM sample AS s LEFT JOIN callsite AS c ON c.id = "
		"s.callsite_id WHERE s.id >= ?1 AND s.id < ?2 ORDER BY s.id "
		"LIMIT ?3",
	[STATEMENT_FIRST_SAMPLE] =
		"SELECT min(id) FROM sample WHERE id >= ?1",
	[STATEMENT_ROLL_10S] =
		"SELECT id, thread_id, event_id, stacks, threads FROM rollup_10s "
		"WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3",
	[STATEMENT_FIRST_10S] =
		"SELECT min(id) FROM rollup_10s WHERE id >= ?1",
	[STATEMENT_INSERT_10S] =
		"INSERT INTO rollup_10s (id, event_id, thread_id, samples, "
		"weight, stacks, threads) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, 0))",
	[STATEMENT_INSERT_10MIN] =
		"INSERT INTO rollup_10min (id, event_id, thread_id, samples, "
		"weight, stacks, threads) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, 0))",
	[STATEMENT_LAST_10S] = "SELECT id FROM rollup_10s WHERE id < ?1 "
			       "ORDER BY id DESC LIMIT 1",
	[STATEMENT_LAST_10MIN] = "SELECT id FROM rollup_10min WHERE id < ?1 "
				 "ORDER BY id DESC LIMIT 1",
	[STATEMENT_SUMS_10S] =
		"SELECT count(*), ifnull(sum(length(stacks) + 24), 0) "
		"FROM rollup_10s WHERE id >= ?1 AND id < ?2",
	[STATEMENT_SUMS_10MIN] =
		"SELECT count(*), ifnull(sum(length(stacks) + 24), 0) "
		"FROM rollup_10min WHERE id >= ?1 AND id < ?2",
	[STATEMENT_DELETE_10S] =
		"DELETE FROM rollup_10s WHERE id >= ?1 AND id < ?2",
	[STATEMENT_DELETE_10MIN] =
		"DELETE FROM rollup_10min WHERE id >= ?1 AND id < ?2",
	[STATEMENT_FIRST_10MIN] =
		"SELECT min(id) FROM rollup_10min WHERE id >= ?1",
	[STATEMENT_NTH_SAMPLE] =
		"SELECT id FROM sample ORDER BY id LIMIT 1 OFFSET ?1",
	[STATEMENT_NTH_10S] =
		"SELECT id FROM rollup_10s ORDER BY id LIMIT 1 OFFSET ?1",
	[STATEMENT_NTH_10MIN] =
		"SELECT id FROM rollup_10min ORDER BY id LIMIT 1 OFFSET ?1",
	[STATEMENT_SUMS_SAMPLE] = "SELECT count(*), 20 * count(*) FROM sample "
				  "WHERE id >= ?1 AND id < ?2",
	[STATEMENT_DELETE_SAMPLE] =
		"DELETE FROM sample WHERE id >= ?1 AND id < ?2",
	[STATEMENT_DELETE_RELATION] =
		"DELETE FROM sample_relation WHERE sample_id < ?1",
	[STATEMENT_PAGES] = "PRAGMA page_count",
	[STATEMENT_FREE_PAGES] = "PRAGMA freelist_count",
	[STATEMENT_VACUUM] = "PRAGMA incremental_vacuum(16)",
	[STATEMENT_OLDEST_ERAS] =
		"SELECT id, start_id, first_callsite_id, first_frame_id, "
		"first_thread_id, first_process_id FROM era ORDER BY id "
		"LIMIT 2",
	[STATEMENT_DELETE_CALLSITE] = "DELETE FROM callsite WHERE id < ?1",
	[STATEMENT_DELETE_FRAME] = "DELETE FROM frame WHERE id < ?1",
	[STATEMENT_DELETE_THREAD] = "DELETE FROM thread WHERE id < ?1",
	[STATEMENT_DELETE_PROCESS] = "DELETE FROM process WHERE id < ?1",
	[STATEMENT_DELETE_ERA] = "DELETE FROM era WHERE id = ?1",
	[STATEMENT_FRAME_FUNCTIONS] = "SELECT id, function_id FROM frame "
		"WHERE id > ?1 AND function_id IS NOT NULL ORDER BY id LIMIT ?2",
	[STATEMENT_FUNCTION_FILES] = "SELECT id, source_file_id FROM function "
		"WHERE id > ?1 AND source_file_id IS NOT NULL ORDER BY id LIMIT ?2",
	[STATEMENT_FUNCTION_MODULES] = "SELECT id, module_id FROM function "
		"WHERE id > ?1 AND module_id IS NOT NULL ORDER BY id LIMIT ?2",
	[STATEMENT_PROCESS_CGROUPS] = "SELECT id, cgroup_id FROM process "
		"WHERE id > ?1 AND cgroup_id IS NOT NULL ORDER BY id LIMIT ?2",
	[STATEMENT_FUNCTIONS] =
		"SELECT id FROM function WHERE id > ?1 ORDER BY id LIMIT ?2",
	[STATEMENT_SOURCE_FILES] =
		"SELECT id FROM source_file WHERE id > ?1 ORDER BY id LIMIT ?2",
	[STATEMENT_MODULES] =
		"SELECT id FROM module WHERE id > ?1 ORDER BY id LIMIT ?2",
	[STATEMENT_CGROUPS] =
		"SELECT id FROM cgroup WHERE id > ?1 ORDER BY id LIMIT ?2",
	[STATEMENT_DELETE_FUNCTION] = "DELETE FROM function WHERE id = ?1",
	[STATEMENT_DELETE_SOURCE_FILE] = "DELETE FROM source_file WHERE id = ?1",
	[STATEMENT_DELETE_MODULE] = "DELETE FROM module WHERE id = ?1",
	[STATEMENT_DELETE_CGROUP] = "DELETE FROM cgroup WHERE id = ?1",
	[STATEMENT_PRUNE_VITALS] = "DELETE FROM vitals WHERE id < ?1",
	[STATEMENT_PRUNE_INCIDENTS] =
		"DELETE FROM incident WHERE start_id < ?1",
	[STATEMENT_PRUNE_OUTCOMES] =
		"DELETE FROM outcome WHERE session_id < "
		"(SELECT max(id) FROM session WHERE start_id <= ?1)",
	[STATEMENT_PRUNE_HEALTH] =
		"DELETE FROM health WHERE session_id < "
		"(SELECT max(id) FROM session WHERE start_id <= ?1)",
	// Vitals and incidents want to know what time it was, too.
	[STATEMENT_PRUNE_CLOCKS] =
		"DELETE FROM clock WHERE id < (SELECT max(id) FROM clock "
		"WHERE id <= ?1 AND id <= ifnull((SELECT min(id) FROM vitals), "
		"?1) AND id <= ifnull((SELECT min(start_id) FROM incident), "
		"?1))",
	[STATEMENT_PRUNE_SESSIONS] =
		"DELETE FROM session WHERE id < (SELECT max(id) FROM session "
		"WHERE start_id <= ?1) AND id < (SELECT min(session_id) FROM "
		"era) AND id < (SELECT min(session_id) FROM clock) AND id < "
		"ifnull((SELECT min(session_id) FROM incident), id + 1)",
	[STATEMENT_THREAD_LIKENESS] =
		"SELECT t.tid, max(t.start_ns, p.start_ns), t.merged_id, "
		"t.name, p.name, p.executable, p.python_version, p.user_id, "
		"p.cgroup_id FROM thread AS t JOIN process AS p "
		"ON p.id = t.process_id WHERE t.id = ?1",
	[STATEMENT_MERGE_THREAD] =
		"UPDATE thread SET merged_id = ?2, merged_until_id = "
		"max(ifnull(merged_until_id, ?3), ?3) WHERE id = ?1",
	[STATEMENT_SET_APART] =
		"UPDATE thread SET apart = 1 WHERE id = ?1 AND NOT apart",
	[STATEMENT_NEXT_ERA] =
		"SELECT e.id, n.start_id, e.first_thread_id, n.first_thread_id,"
		" e.first_process_id, n.first_process_id FROM era AS e "
		"JOIN era AS n ON n.id = (SELECT min(id) FROM era "
		"WHERE id > e.id) WHERE e.id > ?1 ORDER BY e.id LIMIT 1",
	[STATEMENT_THREADS_BETWEEN] =
		"SELECT id, apart, process_id FROM thread "
		"WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3",
	[STATEMENT_PROCESSES_BETWEEN] =
		"SELECT id FROM process WHERE id >= ?1 AND id < ?2 "
		"ORDER BY id LIMIT ?3",
	[STATEMENT_DROP_THREAD] = "DELETE FROM thread WHERE id = ?1",
	[STATEMENT_DROP_PROCESS] = "DELETE FROM process WHERE id = ?1",
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
