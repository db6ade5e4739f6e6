// SPDX-License-Identifier: Apache-2.0
// What threads waited for: off the CPU, and for the interpreter's lock.
#include "web/api/answers.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "schema/sql.h"
#include "web/api/who.h"

enum { LIMIT_MOST = 1000 };

// Nothing to show is an answer.
static void write_nothing(struct api_call *call, const char *note)
{
	struct json json = { .out = call->out };

	json_open(&json, NULL, '{');
	json_integer(&json, "count", 0);
	json_open(&json, "rows", '[');
	json_close(&json, ']');
	json_text(&json, "note", note);
	json_close(&json, '}');
}

static struct error *write_thread(struct json *json, sqlite3_stmt *statement,
				  const struct who_one *thread)
{
	struct who_facts facts;
	struct error *error = who_read_facts(statement, thread->id,
					     thread->first_id, thread->last_id,
					     &facts);

	if (error)
		return error;
	json_open(json, NULL, '{');
	json_text(json, "process", facts.process);
	json_integer(json, "pid", facts.pid);
	json_text(json, "thread", facts.thread);
	json_integer(json, "tid", facts.tid);
	json_integer(json, "waits", (int64_t)thread->weight.samples);
	json_integer(json, "waited_ns", (int64_t)thread->weight.weight);
	json_close(json, '}');
	who_facts_deinit(&facts);
	return NULL;
}

static struct error *write_rows(struct json *json, sqlite3 *database,
				const struct who *who, size_t limit)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct busiest busiest;
	struct error *error = who_prepare_threads(database, &statement);

	if (!error)
		error = who_busiest(who, limit, &busiest);
	if (error)
		return error;
	for (size_t i = 0; i < busiest.count && !error; i++)
		error = write_thread(json, statement,
				     &who->ones[busiest.entries[i].index]);
	busiest_deinit(&busiest);
	return error;
}

static struct error *write_offcpu(struct api_call *call,
				  const struct selection *selection,
				  const struct who *who, size_t limit)
{
	struct json json = { .out = call->out };
	struct error *error;

	json_open(&json, NULL, '{');
	api_write_selection(&json, call, selection, 0);
	json_integer(&json, "count", (int64_t)who->count);
	json_open(&json, "rows", '[');
	error = write_rows(&json, profile_database(call->profile), who, limit);
	json_close(&json, ']');
	json_text(&json, "note", NULL);
	json_close(&json, '}');
	return error;
}

static struct error *has_event(sqlite3 *database, const char *name, bool *ret)
{
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error = sql_prepare(
		database, "SELECT 1 FROM event WHERE name = ?1", &row);

	if (error)
		return error;
	sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
	*ret = sqlite3_step(row) == SQLITE_ROW;
	return NULL;
}

static struct error *answer_waits(struct api_call *call, size_t limit)
{
	struct selection_options options = *profile_selected(call->profile);
	struct selection selection;
	struct who who;
	struct error *error;

	options.event = "off-cpu";
	profile_select(call->profile, &options);
	error = profile_selection(call->profile, &selection);
	if (error)
		return error;
	error = who_load_threads(&who, call->profile, &selection);
	if (!error) {
		error = write_offcpu(call, &selection, &who, limit);
		who_deinit(&who);
	}
	selection_deinit(&selection);
	return error;
}

struct error *answer_offcpu(struct api_call *call)
{
	uint64_t limit;
	bool has = false;
	struct error *error = api_select_rows(call, LIMIT_MOST, &limit);

	if (!error)
		error = has_event(profile_database(call->profile), "off-cpu",
				  &has);
	if (error)
		return error;
	if (has)
		return answer_waits(call, limit);
	write_nothing(call, "Time off the CPU was not recorded: `brindle record "
			    "-e cpu-clock,off-cpu`, or off-cpu among the "
			    "daemon's events, does that.");
	return NULL;
}
