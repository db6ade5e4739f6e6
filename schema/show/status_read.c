// SPDX-License-Identifier: Apache-2.0
#include "schema/show/status.h"

#include "base/clock.h"
#include "schema/read/profile.h"
#include "schema/sql.h"

#include <string.h>

#define AT(member) offsetof(struct status, member)
#define LATEST "(SELECT max(id) FROM session)"
// The last rows of vitals, of this session and within a minute of its last.
#define MINUTE                                                                 \
	"(SELECT * FROM vitals WHERE id >= "                                   \
	"(SELECT start_id FROM session ORDER BY id DESC LIMIT 1) "             \
	"AND id > (SELECT max(id) FROM vitals) - 59500000000)"
#define WALL_OF(id)                                                            \
	"((SELECT wall_ns - id FROM clock WHERE clock.id <= " id               \
	" ORDER BY clock.id DESC LIMIT 1) + " id ")"
#define HEALTH(name)                                                           \
	"SELECT value FROM health WHERE name = '" name "' "                    \
	"AND session_id = " LATEST
// Of the last day of vitals: what the sessions that began in it counted, and
// before them what vitals tell of the one that began earlier. Who was killed has
// counted for longer than vitals tell.
#define DAY "(SELECT ifnull(max(id), 0) - 86400000000000 FROM vitals)"
#define OF_A_DAY(column, value, names)                                         \
	"SELECT ifnull((SELECT sum(" value ") FROM health "                    \
	"WHERE name IN (" names ") AND session_id IN "                         \
	"(SELECT id FROM session WHERE start_id > " DAY ")), 0) + "            \
	"ifnull((SELECT sum(" column ") FROM vitals WHERE id > " DAY           \
	" AND id < ifnull((SELECT min(start_id) FROM session "                 \
	"WHERE start_id > " DAY "), 9223372036854775807)), 0)"
#define DROPPED "'samples_dropped', 'dropped_by_storage'"
// Of what was lost, what is no sample: also where nothing counts it by itself.
#define RECORDS "CASE name WHEN 'lost' THEN value ELSE -value END"

static const struct {
	size_t offset;
	const char *sql;
} integers[] = {
	{ AT(started_wall_ns), "SELECT start_wall_ns FROM session "
			       "WHERE id = " LATEST },
	{ AT(ended_wall_ns), "SELECT " WALL_OF("end_id") " FROM session "
			     "WHERE id = " LATEST },
	{ AT(wanted_hz), "SELECT ifnull((" HEALTH("wanted_hz") "), (SELECT "
			 "frequency_hz FROM session WHERE id = " LATEST "))" },
	{ AT(cpu_count), "SELECT cpu_count FROM session WHERE id = " LATEST },
	{ AT(vitals_wall_ns), "SELECT " WALL_OF("vitals.id") " FROM vitals "
			      "ORDER BY vitals.id DESC LIMIT 1" },
	{ AT(samples), "SELECT sum(samples) FROM " MINUTE },
	{ AT(proven), "SELECT sum(proven) FROM " MINUTE },
	{ AT(unproven), "SELECT sum(unproven) FROM " MINUTE },
	{ AT(lost), "SELECT sum(lost) FROM " MINUTE },
	{ AT(lost_records), "SELECT sum(lost_records) FROM " MINUTE },
	{ AT(dropped), "SELECT sum(dropped) FROM " MINUTE },
	{ AT(own_cpu_ns), "SELECT sum(own_cpu_ns) FROM " MINUTE },
	// The first row of them has counted since the row before it, which may
	// be the start of the session.
	{ AT(seconds), "SELECT (max(id) - max((SELECT start_id FROM session "
		       "ORDER BY id DESC LIMIT 1), ifnull((SELECT max(v.id) "
		       "FROM vitals AS v WHERE v.id < (SELECT min(id) FROM "
		       MINUTE ")), 0)) + 500000000) / 1000000000 FROM " MINUTE },
	{ AT(frequency_hz), "SELECT frequency_hz FROM vitals "
			    "ORDER BY id DESC LIMIT 1" },
	{ AT(memory_bytes), "SELECT own_memory_bytes FROM vitals "
			    "ORDER BY id DESC LIMIT 1" },
	{ AT(processes), "SELECT processes FROM vitals "
			 "ORDER BY id DESC LIMIT 1" },
	{ AT(threads), "SELECT threads FROM vitals ORDER BY id DESC LIMIT 1" },
	{ AT(store_bytes), "SELECT store_bytes FROM vitals "
			   "ORDER BY id DESC LIMIT 1" },
	{ AT(limit_bytes), HEALTH("limit_bytes") },
	{ AT(total_samples), HEALTH("samples") },
	{ AT(total_lost), HEALTH("lost_samples") },
	{ AT(total_lost_records), "SELECT sum(" RECORDS ") FROM health WHERE "
				  "name IN ('lost', 'lost_samples') "
				  "AND session_id = " LATEST },
	{ AT(total_dropped), "SELECT sum(value) FROM health WHERE "
			     "name IN (" DROPPED ") AND session_id = " LATEST },
	{ AT(day_samples), OF_A_DAY("samples", "value", "'samples'") },
	{ AT(day_lost), OF_A_DAY("lost", "value", "'lost_samples'") },
	{ AT(day_lost_records),
	  OF_A_DAY("lost_records", RECORDS, "'lost', 'lost_samples'") },
	{ AT(day_dropped), OF_A_DAY("dropped", "value", DROPPED) },
	{ AT(captures), HEALTH("captures") },
	{ AT(capture_reads), HEALTH("capture_reads") },
	{ AT(capture_bytes), HEALTH("capture_bytes") },
	{ AT(capture_us_median), HEALTH("capture_us_median") },
	{ AT(capture_us_p99), HEALTH("capture_us_p99") },
	{ AT(realtime), HEALTH("capture_realtime") },
	{ AT(proof), "SELECT max(value) FROM health WHERE name IN "
		     "('proof_tracepoint', 'proof_software') "
		     "AND session_id = " LATEST },
};

static struct error *read_integers(sqlite3 *database, struct status *status)
{
	struct error *error = NULL;

	for (size_t i = 0; i < sizeof(integers) / sizeof(*integers); i++) {
		error = sql_integer(database, integers[i].sql,
				    (int64_t *)((char *)status +
						integers[i].offset));
		if (error)
			return error;
	}
	return NULL;
}

static void copy_text(char *ret, size_t size, sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	snprintf(ret, size, "%s", text ? text : "");
}

static void take_session(struct status *status, sqlite3_stmt *row)
{
	copy_text(status->version, sizeof(status->version), row, 0);
	copy_text(status->host, sizeof(status->host), row, 1);
	copy_text(status->kernel, sizeof(status->kernel), row, 2);
	copy_text(status->event, sizeof(status->event), row, 3);
	copy_text(status->event_note, sizeof(status->event_note), row, 4);
}

static void take_end(struct status *status, sqlite3_stmt *row)
{
	struct status_count *end;

	if (status->end_count == STATUS_ENDS)
		return;
	end = &status->ends[status->end_count++];
	copy_text(end->name, sizeof(end->name), row, 0);
	end->count = sqlite3_column_int64(row, 1);
}

static void take_level(struct status *status, sqlite3_stmt *row)
{
	struct status_level *level;

	if (status->level_count == STATUS_LEVELS)
		return;
	level = &status->levels[status->level_count++];
	copy_text(level->name, sizeof(level->name), row, 0);
	level->rows = sqlite3_column_int64(row, 1);
	level->bytes = sqlite3_column_int64(row, 2);
	level->from_wall_ns = sqlite3_column_int64(row, 3);
	level->keep_seconds = sqlite3_column_int64(row, 4);
}

static void take_incident(struct status *status, sqlite3_stmt *row)
{
	struct status_incident *incident;

	if (status->incident_count == STATUS_INCIDENTS)
		return;
	incident = &status->incidents[status->incident_count++];
	copy_text(incident->kind, sizeof(incident->kind), row, 0);
	copy_text(incident->detail, sizeof(incident->detail), row, 1);
	incident->wall_ns = sqlite3_column_int64(row, 2);
	incident->end_wall_ns = sqlite3_column_int64(row, 3);
}

static const struct {
	void (*take)(struct status *status, sqlite3_stmt *row);
	const char *sql;
} tables[] = {
	{ take_session, "SELECT brindle_version, host, kernel, event, "
			"event_note FROM session ORDER BY id DESC LIMIT 1" },
	{ take_end, "SELECT walk_end, sum(samples) FROM outcome "
		    "WHERE session_id = " LATEST " GROUP BY 1 "
		    "ORDER BY 2 DESC, 1" },
	{ take_level, "SELECT level.name, level.row_count, level.bytes, "
		      "CASE WHEN level.row_count > 0 THEN "
		      WALL_OF("level.kept_id") " END, "
		      "(SELECT value FROM health WHERE session_id = " LATEST
		      " AND health.name = 'keep_' || level.name || '_seconds') "
		      "FROM level "
		      "ORDER BY level.seconds" },
	// Those that go on, if the session that saw them begin does.
	{ take_incident, "SELECT kind, detail, wall_ns, CASE WHEN session_id = "
			 LATEST " THEN end_wall_ns "
			 "ELSE ifnull(end_wall_ns, wall_ns) END "
			 "FROM v_incident ORDER BY start_id DESC, "
			 "incident_id DESC LIMIT 12" },
};

static struct error *read_table(sqlite3 *database, size_t i,
				struct status *status)
{
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error = sql_prepare(database, tables[i].sql, &row);
	int result;

	if (error)
		return error;
	while ((result = sqlite3_step(row)) == SQLITE_ROW)
		tables[i].take(status, row);
	return result == SQLITE_DONE ? NULL : sql_error(database, result);
}

struct error *status_read(struct profile *profile, const char *path, pid_t pid,
			  struct status *ret)
{
	sqlite3 *database = profile_database(profile);
	struct status status = { .pid = pid };
	struct error *error;

	snprintf(status.path, sizeof(status.path), "%s", path);
	status.now_wall_ns = (int64_t)clock_now_ns(CLOCK_REALTIME);
	// One transaction: all of it is of one moment.
	error = sql_run(database, "BEGIN");
	if (error)
		return error;
	error = read_integers(database, &status);
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables) && !error; i++)
		error = read_table(database, i, &status);
	error_destroy(sql_run(database, "COMMIT"));
	if (!error)
		*ret = status;
	return error;
}
