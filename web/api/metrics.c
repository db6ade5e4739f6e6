// SPDX-License-Identifier: Apache-2.0
// How the profiler is, as Prometheus reads it (text format 0.0.4). Counters are
// of the latest session: they begin at 0 when the daemon is started.
//
//     # HELP brindle_samples_total Samples stored.
//     # TYPE brindle_samples_total counter
//     brindle_samples_total{trust="proven"} 22381
#include "web/api/answers.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "schema/sql.h"

#define HEALTH(name) "SELECT value FROM v_health WHERE name = '" name "'"
/* Counters whose names begin alike: what follows is a label. */
#define HEALTH_OF(prefix)                                                      \
	"SELECT value, substr(name, length('" prefix "') + 1) FROM v_health "  \
	"WHERE substr(name, 1, length('" prefix "')) = '" prefix "'"
#define VITALS(column)                                                         \
	"SELECT " column " FROM vitals ORDER BY id DESC LIMIT 1"
#define WALL_SECONDS(id)                                                       \
	"(SELECT wall_ns - id FROM clock WHERE clock.id <= " id " "            \
	"ORDER BY clock.id DESC LIMIT 1) / 1e9 + " id " / 1e9"

/* One line for each row: its value, then those of the labels. */
struct metric {
	const char *name, *type, *help;
	const char *labels[2];
	const char *sql;
};

static const struct metric metrics[] = {
	{ "build_info", "gauge", "What runs, and where.", { "version", "host" },
	  "SELECT 1, brindle_version, host FROM session "
	  "ORDER BY id DESC LIMIT 1" },
	{ "start_time_seconds", "gauge", "When the session began.", { NULL },
	  "SELECT start_wall_ns / 1e9 FROM session ORDER BY id DESC LIMIT 1" },
	{ "last_write_time_seconds", "gauge",
	  "When the last vitals were written; they come every ten seconds.",
	  { NULL },
	  "SELECT " WALL_SECONDS("vitals.id")
	  " FROM vitals ORDER BY id DESC LIMIT 1" },
	{ "frequency_hertz", "gauge", "Samples asked for, a second and CPU.",
	  { NULL }, VITALS("frequency_hz") },
	{ "samples_total", "counter",
	  "Samples stored, by whether their Python frames are proven.",
	  { "trust" },
	  HEALTH_OF("samples_") " AND name IN ('samples_proven', "
	  "'samples_unproven', 'samples_native')" },
	{ "samples_lost_total", "counter",
	  "Samples that the kernel had no room for.", { NULL },
	  HEALTH("lost_samples") },
	{ "samples_dropped_total", "counter",
	  "Samples given up by the profiler, out of memory.", { NULL },
	  HEALTH("samples_dropped") },
	{ "samples_unproven_total", "counter",
	  "Samples without proof, by what prevented it.", { "reason" },
	  HEALTH_OF("unproven_") },
	{ "walk_ends_total", "counter", "Stacks, by why they end.", { "end" },
	  HEALTH_OF("walk_end_") },
	{ "frames_total", "counter", "Frames of stacks.", { "kind" },
	  HEALTH_OF("frames_") },
	{ "throttled_total", "counter",
	  "Times that the kernel throttled sampling.", { NULL },
	  HEALTH("throttled") },
	{ "capture_latency_seconds", "gauge",
	  "From the sample to the last read of its interpreter.",
	  { "quantile" },
	  "SELECT value / 1e6, CASE name WHEN 'capture_us_median' THEN '0.5' "
	  "ELSE '0.99' END FROM v_health "
	  "WHERE name IN ('capture_us_median', 'capture_us_p99')" },
	{ "own_cpu_seconds_total", "counter",
	  "CPU time that the profiler itself used.", { NULL },
	  "SELECT value / 1e6 FROM v_health WHERE name = 'own_cpu_us'" },
	{ "own_memory_bytes", "gauge", "Resident memory of the profiler.",
	  { NULL }, VITALS("own_memory_bytes") },
	{ "processes", "gauge", "Processes known to run.", { NULL },
	  VITALS("processes") },
	{ "threads", "gauge", "Threads known to run.", { NULL },
	  VITALS("threads") },
	{ "store_bytes", "gauge", "Size of the database.", { NULL },
	  VITALS("store_bytes") },
	{ "store_level_rows", "gauge", "Rows of each level of detail.",
	  { "level" }, "SELECT row_count, name FROM level" },
	{ "store_level_bytes", "gauge", "Bytes of those rows, about.",
	  { "level" }, "SELECT bytes, name FROM level" },
	{ "incidents_open", "gauge", "What is wrong now, by kind.",
	  { "kind" },
	  "SELECT count(*), kind FROM incident WHERE end_id IS NULL AND "
	  "session_id = (SELECT max(id) FROM session) GROUP BY kind" },
};

static bool write_label(FILE *out, const char *name, sqlite3_stmt *row,
			int column)
{
	const char *raw = (const char *)sqlite3_column_text(row, column);
	_cleanup_free_ char *text =
		text_repair(raw ? raw : "", raw ? strlen(raw) : 0);

	if (!text)
		return false;
	fprintf(out, "%s=\"", name);
	for (const char *at = text; *at; at++) {
		if (*at == '\\' || *at == '"')
			fprintf(out, "\\%c", *at);
		else if (*at == '\n')
			fputs("\\n", out);
		else
			putc(*at, out);
	}
	putc('"', out);
	return true;
}

static bool write_labels(FILE *out, const struct metric *metric,
			 sqlite3_stmt *row)
{
	if (!metric->labels[0])
		return true;
	putc('{', out);
	for (int i = 0; i < 2 && metric->labels[i]; i++) {
		if (i)
			putc(',', out);
		if (!write_label(out, metric->labels[i], row, i + 1))
			return false;
	}
	putc('}', out);
	return true;
}

static void write_value(FILE *out, sqlite3_stmt *row)
{
	if (sqlite3_column_type(row, 0) == SQLITE_FLOAT)
		fprintf(out, " %.6f\n", sqlite3_column_double(row, 0));
	else
		fprintf(out, " %" PRId64 "\n",
			(int64_t)sqlite3_column_int64(row, 0));
}

static struct error *write_metric(FILE *out, sqlite3 *database,
				  const struct metric *metric)
{
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error = sql_prepare(database, metric->sql, &row);
	bool first = true;
	int result;

	if (error)
		return error;
	while ((result = sqlite3_step(row)) == SQLITE_ROW) {
		if (sqlite3_column_type(row, 0) == SQLITE_NULL)
			continue;
		if (first)
			fprintf(out,
				"# HELP brindle_%s %s\n# TYPE brindle_%s %s\n",
				metric->name, metric->help, metric->name,
				metric->type);
		first = false;
		fprintf(out, "brindle_%s", metric->name);
		if (!write_labels(out, metric, row))
			return &error_nomem;
		write_value(out, row);
	}
	return result == SQLITE_DONE ? NULL : sql_error(database, result);
}

struct error *answer_metrics(struct api_call *call)
{
	struct error *error = NULL;

	call->content_type = "text/plain; version=0.0.4; charset=utf-8";
	for (size_t i = 0;
	     i < sizeof(metrics) / sizeof(*metrics) && !error; i++)
		error = write_metric(call->out,
				     profile_database(call->profile),
				     &metrics[i]);
	return error;
}
