// SPDX-License-Identifier: Apache-2.0
// What is known of those that are shown, a row for each.
#include "web/api/who.h"

#include <stdlib.h>

#include "base/text.h"
#include "schema/sql.h"

void who_facts_deinit(struct who_facts *facts)
{
	free(facts->thread);
	free(facts->process);
	free(facts->command);
	free(facts->executable);
	free(facts->python);
	free(facts->user);
	free(facts->cgroup);
	free(facts->container);
	free(facts->unit);
	*facts = (struct who_facts){ 0 };
}

// Owned by the caller. NULL: no memory, or nothing there.
static char *column_text(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text ? text_repair(text,
				  (size_t)sqlite3_column_bytes(row, column)) :
		      NULL;
}

#define WALL_US(id) \
	"(SELECT (wall_ns - id + " id ") / 1000 FROM clock " \
	"WHERE id <= " id " ORDER BY id DESC LIMIT 1), "

/* Of a process p. It began by the clock of when it was seen last. */
#define FACTS								\
	"p.pid, p.name, p.command_line, p.executable, p.python_version, " \
	"u.name, ifnull(p.user_id, -1), c.path, c.container, c.unit, "	\
	WALL_US("?2") WALL_US("?3")					\
	"(SELECT (wall_ns - monotonic_ns + p.start_ns) / 1000 FROM clock " \
	"WHERE p.start_ns > 0 AND id <= ?3 ORDER BY id DESC LIMIT 1) "
#define OF_PROCESS							\
	"LEFT JOIN user AS u ON u.id = p.user_id "			\
	"LEFT JOIN cgroup AS c ON c.id = p.cgroup_id "

struct error *who_prepare_threads(sqlite3 *database, sqlite3_stmt **ret)
{
	return sql_prepare(database,
			   "SELECT t.tid, t.name, " FACTS "FROM thread AS t "
			   "LEFT JOIN process AS p ON p.id = t.process_id "
			   OF_PROCESS "WHERE t.id = ?1", ret);
}

struct error *who_prepare_processes(sqlite3 *database, sqlite3_stmt **ret)
{
	return sql_prepare(database,
			   "SELECT 0, NULL, " FACTS "FROM process AS p "
			   OF_PROCESS "WHERE p.id = ?1", ret);
}

static void take_facts(sqlite3_stmt *row, struct who_facts *ret)
{
	*ret = (struct who_facts){
		.tid = sqlite3_column_int64(row, 0),
		.thread = column_text(row, 1),
		.pid = sqlite3_column_int64(row, 2),
		.process = column_text(row, 3),
		.command = column_text(row, 4),
		.executable = column_text(row, 5),
		.python = column_text(row, 6),
		.user = column_text(row, 7),
		.uid = sqlite3_column_int64(row, 8),
		.cgroup = column_text(row, 9),
		.container = column_text(row, 10),
		.unit = column_text(row, 11),
		.seen_from_us = sqlite3_column_int64(row, 12),
		.seen_to_us = sqlite3_column_int64(row, 13),
		.started_us = sqlite3_column_int64(row, 14),
	};
}

// A row that is gone meanwhile is shown with what it did.
struct error *who_read_facts(sqlite3_stmt *statement, int64_t id,
			     int64_t first_id, int64_t last_id,
			     struct who_facts *ret)
{
	int result;

	*ret = (struct who_facts){ .uid = -1 };
	sqlite3_bind_int64(statement, 1, id);
	sqlite3_bind_int64(statement, 2, first_id);
	sqlite3_bind_int64(statement, 3, last_id);
	result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		take_facts(statement, ret);
	sqlite3_reset(statement);
	return result == SQLITE_ROW || result == SQLITE_DONE ?
		       NULL :
		       sql_error(sqlite3_db_handle(statement), result);
}
