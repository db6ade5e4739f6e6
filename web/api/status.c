// SPDX-License-Identifier: Apache-2.0
// What is this database, how good is what is in it, and how is who writes it?
#include "web/api/answers.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "schema/profile_file.h"
#include "schema/sql.h"
#include "schema/show/status.h"
#include "schema/show/summary.h"
#include "schema/store/store_lock.h"

enum { EVENTS_MOST = 64 };

/* A process writes the database; which one may not be ours to know. */
enum { PID_UNKNOWN = 1 };

static struct error *write_events(struct json *json, sqlite3 *database)
{
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error;
	int result;

	error = sql_prepare(database,
			    "SELECT name, max(unit), max(period) FROM event "
			    "GROUP BY name ORDER BY min(id) LIMIT ?1", &row);
	if (error)
		return error;
	sqlite3_bind_int(row, 1, EVENTS_MOST);
	json_open(json, "events", '[');
	while ((result = sqlite3_step(row)) == SQLITE_ROW) {
		json_open(json, NULL, '{');
		json_text(json, "name",
			  (const char *)sqlite3_column_text(row, 0));
		json_text(json, "unit",
			  (const char *)sqlite3_column_text(row, 1));
		json_integer(json, "period", sqlite3_column_int64(row, 2));
		json_close(json, '}');
	}
	json_close(json, ']');
	return result == SQLITE_DONE ? NULL : sql_error(database, result);
}

static struct error *write_database(struct json *json, const char *path)
{
	struct profile_file file = { 0 };
	struct error *error = profile_file_inspect(path, &file);

	json_open(json, "database", '{');
	json_text(json, "path", path);
	json_integer(json, "bytes",
		     (int64_t)(file.size_bytes + file.wal_bytes));
	json_close(json, '}');
	return error;
}

// "+01:00": what the server's wall clock is ahead of UTC, beside its name.
static void write_zone(struct json *json, int64_t now_ns)
{
	time_t now = (time_t)(now_ns / 1000000000);
	struct tm calendar;
	char text[64] = "UTC+0000";

	if (localtime_r(&now, &calendar))
		strftime(text, sizeof(text), "%Z%z", &calendar);
	json_text(json, "time_zone", text);
}

// All that there is, whatever a question without a range would mean.
static struct error *write_range(struct json *json, struct api_call *call)
{
	const struct selection_options all = {
		.from = "@0",
		.now_ns = call->now_ns,
	};
	struct selection selection;
	struct error *error;

	profile_filter(call->profile, NULL);
	profile_select(call->profile, &all);
	error = profile_selection(call->profile, &selection);
	if (error)
		return error;
	json_open(json, "range", '{');
	json_integer(json, "from_us", selection.wall.from_ns / 1000);
	json_integer(json, "to_us", selection.wall.until_ns / 1000);
	json_close(json, '}');
	json_text(json, "event", selection.event);
	selection_deinit(&selection);
	return NULL;
}

static double rate(int64_t count, int64_t seconds)
{
	return seconds > 0 ? (double)count / (double)seconds : 0;
}

static void write_problems(struct json *json,
			   const struct status_problems *problems)
{
	json_open(json, "problems", '[');
	for (size_t i = 0; i < problems->count; i++)
		json_text(json, NULL, problems->text[i]);
	json_close(json, ']');
}

static void write_minute(struct json *json, const struct status *status)
{
	const struct {
		const char *key;
		int64_t count;
	} rates[] = {
		{ "samples", status->samples },
		{ "proven", status->proven },
		{ "unproven", status->unproven },
		{ "lost", status->lost + status->dropped },
	};

	json_open(json, "per_second", '{');
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++)
		json_real(json, rates[i].key,
			  rate(rates[i].count, status->seconds));
	json_close(json, '}');
	json_open(json, "own", '{');
	json_real(json, "cpu_percent",
		  rate(status->own_cpu_ns, status->seconds) / 1e7);
	json_integer(json, "memory_bytes", status->memory_bytes);
	json_close(json, '}');
}

static void write_counts(struct json *json, int64_t samples, int64_t lost,
			 int64_t lost_records, int64_t proven, int64_t unproven,
			 int64_t native)
{
	json_integer(json, "samples", samples);
	json_integer(json, "lost", lost);
	json_integer(json, "lost_records", lost_records);
	json_integer(json, "proven", proven);
	json_integer(json, "unproven", unproven);
	json_integer(json, "native", native);
}

static void write_total(struct json *json, const char *name, int64_t samples,
			int64_t lost, int64_t lost_records)
{
	json_open(json, name, '{');
	json_integer(json, "samples", samples);
	json_integer(json, "lost", lost);
	json_integer(json, "lost_records", lost_records);
	json_close(json, '}');
}

// What a minute does not tell any more.
static void write_totals(struct json *json, const struct status *status)
{
	write_total(json, "since_start", status->total_samples,
		    status->total_lost + status->total_dropped,
		    status->total_lost_records);
	write_total(json, "last_day", status->day_samples,
		    status->day_lost + status->day_dropped,
		    status->day_lost_records);
}

static void write_incidents(struct json *json, const struct status *status)
{
	json_open(json, "incidents", '[');
	for (size_t i = 0; i < status->incident_count; i++) {
		const struct status_incident *incident = &status->incidents[i];

		json_open(json, NULL, '{');
		json_text(json, "kind", incident->kind);
		json_text(json, "detail", incident->detail);
		json_integer(json, "from_us", incident->wall_ns / 1000);
		if (incident->end_wall_ns)
			json_integer(json, "to_us",
				     incident->end_wall_ns / 1000);
		else
			json_text(json, "to_us", NULL);
		json_close(json, '}');
	}
	json_close(json, ']');
}

// How large is it, how far back does it go, and what may it be at most?
static void write_store(struct json *json, const struct status *status)
{
	json_open(json, "store", '{');
	json_integer(json, "limit_bytes", status->limit_bytes);
	json_open(json, "levels", '[');
	for (size_t i = 0; i < status->level_count; i++) {
		const struct status_level *level = &status->levels[i];

		json_open(json, NULL, '{');
		json_text(json, "name", level->name);
		json_integer(json, "rows", level->rows);
		json_integer(json, "bytes", level->bytes);
		if (level->from_wall_ns)
			json_integer(json, "from_us",
				     level->from_wall_ns / 1000);
		else
			json_text(json, "from_us", NULL);
		json_integer(json, "keep_seconds", level->keep_seconds);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

// Of a daemon's database: the last minute counts.
static void write_live(struct json *json, const struct status *status)
{
	struct status_problems problems = status_find_problems(status);
	int64_t lost = status->lost + status->dropped;

	json_text(json, "version", status->version);
	json_text(json, "host", status->host);
	json_text(json, "kernel", status->kernel);
	json_integer(json, "cpu_count", status->cpu_count);
	json_integer(json, "frequency_hz", status->frequency_hz ?
						   status->frequency_hz :
						   status->wanted_hz);
	write_counts(json, status->samples, lost, status->lost_records,
		     status->proven, status->unproven,
		     status->samples - status->proven - status->unproven);
	json_integer(json, "seconds", status->seconds);
	write_totals(json, status);
	write_minute(json, status);
	write_store(json, status);
	json_text(json, "level",
		  status_level(&problems, status->samples, lost, status->proven,
			       status->unproven));
	write_problems(json, &problems);
	write_incidents(json, status);
}

// A file that nobody writes: all of it counts.
static void write_recording(struct json *json, const struct summary *summary)
{
	struct status_problems problems = { .count = 0 };
	int64_t lost = summary->lost + summary->dropped;

	for (size_t i = 0;
	     i < summary->note_count && i < STATUS_PROBLEMS; i++)
		snprintf(problems.text[problems.count++], STATUS_TEXT_MAX,
			 "%s", summary->notes[i]);
	json_text(json, "version", summary->brindle_version);
	json_text(json, "host", summary->host);
	json_text(json, "kernel", summary->kernel);
	json_text(json, "command", summary->command);
	json_integer(json, "cpu_count", summary->cpu_count);
	json_integer(json, "frequency_hz", summary->frequency_hz);
	write_counts(json, summary->samples, lost, summary->lost_records,
		     summary->proven, summary->unproven, summary->native);
	json_integer(json, "seconds", summary->duration_ns / 1000000000);
	json_text(json, "level",
		  status_level(&problems, summary->samples, lost,
			       summary->proven, summary->unproven));
	write_problems(json, &problems);
	json_open(json, "incidents", '[');
	json_close(json, ']');
}

static struct error *write_daemon(struct json *json, struct api_call *call)
{
	struct status *status = calloc(1, sizeof(*status));
	struct error *error;
	pid_t pid = 0;

	if (!status)
		return &error_nomem;
	// Behind walls the lock cannot be looked at; who serves a live database
	// knows that it is one.
	error_destroy(store_lock_holder(call->host->database, &pid));
	error = status_read(call->profile, call->host->database,
			    pid ? pid : PID_UNKNOWN, status);
	if (!error)
		write_live(json, status);
	free(status);
	return error;
}

static struct error *write_file(struct json *json, struct api_call *call)
{
	struct summary summary;
	struct error *error = summary_load_recording(&summary, call->profile);

	if (error)
		return error;
	write_recording(json, &summary);
	summary_deinit(&summary);
	return NULL;
}

struct error *answer_status(struct api_call *call)
{
	sqlite3 *database = profile_database(call->profile);
	struct json json = { .out = call->out };
	struct error *error;

	json_open(&json, NULL, '{');
	json_integer(&json, "now_us", call->now_ns / 1000);
	json_bool(&json, "live", call->host->live);
	write_zone(&json, call->now_ns);
	error = write_database(&json, call->host->database);
	if (!error)
		error = write_range(&json, call);
	if (!error)
		error = write_events(&json, database);
	if (!error)
		error = call->host->live ? write_daemon(&json, call) :
					   write_file(&json, call);
	json_close(&json, '}');
	return error;
}
