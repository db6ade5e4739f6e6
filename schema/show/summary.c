// SPDX-License-Identifier: Apache-2.0
#include "schema/show/summary.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "schema/sql.h"

void summary_deinit(struct summary *summary)
{
	free(summary->brindle_version);
	free(summary->host);
	free(summary->kernel);
	free(summary->architecture);
	free(summary->command);
	free(summary->event);
	free(summary->event_note);
	free(summary->filters);
	free(summary->unit);
	for (size_t i = 0; i < summary->reason_count; i++) {
		free(summary->reasons[i].name);
		free(summary->reasons[i].meaning);
	}
	free(summary->reasons);
	for (size_t i = 0; i < summary->note_count; i++)
		free(summary->notes[i]);
	free(summary->notes);
	*summary = (struct summary){ 0 };
}

double summary_share(int64_t part, int64_t whole)
{
	return whole > 0 ? (double)part / (double)whole : 0;
}

// Owned by the caller. NULL: no memory.
static char *column_text(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return strdup(text ? text : "");
}

static struct error *take_session(struct summary *summary, sqlite3_stmt *row)
{
	char **const texts[] = {
		&summary->brindle_version, &summary->host,    &summary->kernel,
		&summary->architecture,	   &summary->command, &summary->event,
		&summary->event_note,
	};
	int64_t *const numbers[] = {
		&summary->frequency_hz, &summary->period_ns,
		&summary->cpu_count,	&summary->start_wall_ns,
		&summary->duration_ns,
	};
	int column = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		*texts[i] = column_text(row, column++);
		if (!*texts[i])
			return &error_nomem;
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		*numbers[i] = sqlite3_column_int64(row, column++);
	summary->cut_short = sqlite3_column_int(row, column);
	return NULL;
}

// Where no command was started, the options say what was recorded.
static struct error *complete_command(struct summary *summary)
{
	char *command;

	if (*summary->command != '-')
		return NULL;
	if (asprintf(&command, "brindle record %s", summary->command) < 0)
		return &error_nomem;
	free(summary->command);
	summary->command = command;
	return NULL;
}

// Without an end, the last sample is as far as it is known to go.
static struct error *load_session(struct summary *summary, sqlite3 *database)
{
	static const char sql[] =
		"SELECT brindle_version, host, kernel, architecture, command, "
		"event, event_note, frequency_hz, period_ns, cpu_count, "
		"start_wall_ns, ifnull(end_monotonic_ns - start_monotonic_ns, "
		"(SELECT ifnull(max(id), 0) FROM sample)), "
		"end_monotonic_ns IS NULL FROM session "
		"ORDER BY id DESC LIMIT 1";
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct error *error = sql_prepare(database, sql, &statement);
	int result;

	if (error)
		return error;
	result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		return take_session(summary, statement);
	if (result == SQLITE_DONE)
		return error_create(ERROR_BAD_DATA, "it has no session");
	return sql_error(database, result);
}

// Columns: name, value.
static bool take_count(void *context, sqlite3_stmt *row)
{
	struct summary *summary = context;
	const struct {
		const char *name;
		int64_t *value;
	} counts[] = {
		{ "samples", &summary->samples },
		{ "samples_proven", &summary->proven },
		{ "samples_unproven", &summary->unproven },
		{ "samples_native", &summary->native },
		{ "lost", &summary->lost_records },
		{ "lost_samples", &summary->lost },
		{ "throttled", &summary->throttled },
		{ "samples_dropped", &summary->dropped },
		{ "python_unsupported", &summary->unsupported },
	};
	const char *name = (const char *)sqlite3_column_text(row, 0);

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		if (name && strcmp(name, counts[i].name) == 0)
			*counts[i].value = sqlite3_column_int64(row, 1);
	return true;
}

// "lost" counts samples and other records; it stands for samples where nothing
// tells them apart.
static struct error *load_counts(struct summary *summary, sqlite3 *database)
{
	static const char sql[] =
		"SELECT name, value FROM v_health WHERE name IN ("
		"'samples', 'samples_proven', 'samples_unproven', "
		"'samples_native', 'lost', 'lost_samples', 'throttled', "
		"'samples_dropped', "
		"'python_unsupported')";
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error = sql_prepare(database, sql, &row);

	summary->lost = -1;
	if (!error)
		error = sql_rows(row, take_count, summary);
	if (summary->lost < 0)
		summary->lost = summary->lost_records;
	summary->lost_records -= summary->lost;
	return error;
}

static bool add_reason(void *context, sqlite3_stmt *row)
{
	struct summary *summary = context;
	struct summary_reason reason = {
		.name = column_text(row, 0),
		.meaning = column_text(row, 1),
		.samples = sqlite3_column_int64(row, 2),
	};

	if (!reason.name || !reason.meaning ||
	    !array_reserve_one(summary->reasons, summary->reason_count,
			       summary->reason_capacity)) {
		free(reason.name);
		free(reason.meaning);
		return false;
	}
	summary->reasons[summary->reason_count++] = reason;
	return true;
}

// The recorder explains a reason in health, as "unproven_<reason>".
static struct error *load_reasons(struct summary *summary, sqlite3 *database)
{
	static const char sql[] =
		"SELECT o.trust_reason, ifnull(h.meaning, o.trust_reason), "
		"sum(o.samples) AS samples "
		"FROM outcome AS o LEFT JOIN health AS h "
		"ON h.name = 'unproven_' || o.trust_reason "
		"AND h.session_id = o.session_id "
		"WHERE o.session_id = (SELECT max(id) FROM session) "
		"AND o.trust_reason IS NOT NULL AND o.trust_id = "
		"(SELECT id FROM trust WHERE name = 'unproven') "
		"GROUP BY o.trust_reason ORDER BY samples DESC, 1 LIMIT 50";
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error = sql_prepare(database, sql, &row);

	return error ? error : sql_rows(row, add_reason, summary);
}

static bool __attribute__((format(printf, 2, 3)))
add_note(struct summary *summary, const char *format, ...)
{
	char *note;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&note, format, arguments);
	va_end(arguments);
	if (length < 0)
		return false;
	if (!array_reserve_one(summary->notes, summary->note_count,
			       summary->note_capacity)) {
		free(note);
		return false;
	}
	summary->notes[summary->note_count++] = note;
	return true;
}

static bool note_recording(struct summary *summary)
{
	bool good = true;

	if (summary->cut_short && !summary->selected)
		good = add_note(summary,
				"The recording has no end: it is still "
				"running, or it was killed. Then at most its "
				"last second is missing.");
	if (good && *summary->event_note)
		good = add_note(summary, "Event %s: %s", summary->event,
				summary->event_note);
	if (good && summary->samples == 0)
		good = add_note(summary, "%s",
				summary->selected ?
					"Nothing that was asked for is in this "
					"range. `brindle report --timeline` "
					"shows when there was something." :
					"There are no samples: nothing that was "
					"recorded used a CPU long enough. "
					"Record for longer, or more often "
					"(-F).");
	return good;
}

static bool note_losses(struct summary *summary)
{
	int64_t all = summary->samples + summary->lost;
	char since[TIME_TEXT_SIZE];
	bool good = true;

	if (summary->lost_since_ns) {
		time_point_print(summary->lost_since_ns, since);
		good = add_note(summary, "What was lost before %s is not known "
				"any more.", since);
	}
	if (good && summary->lost > 0 && summary->lost_in_all)
		good = add_note(summary,
				"%" PRId64 " samples were lost in the whole "
				"recording: the host could not keep up.",
				summary->lost);
	else if (good && summary->lost > 0)
		good = add_note(summary,
				"%" PRId64 " samples were lost (%.3g %%): this "
				"host could not keep up. Sample less often "
				"(-F), or leave more CPU to the recorder.",
				summary->lost,
				100 * summary_share(summary->lost, all));
	if (good && summary->dropped > 0)
		good = add_note(summary,
				"%" PRId64 " samples were dropped: the "
				"recorder was short of memory.",
				summary->dropped);
	if (good && summary->throttled > 0)
		good = add_note(summary,
				"The kernel throttled sampling %" PRId64
				" times: lower the rate (-F), or raise "
				"kernel.perf_event_max_sample_rate.",
				summary->throttled);
	return good;
}

static bool note_trust(struct summary *summary)
{
	int64_t python = summary->proven + summary->unproven;
	double share = summary_share(summary->unproven, python);

	if (summary->unsupported > 0 &&
	    !add_note(summary,
		      "%" PRId64 " samples are of Python versions that are not "
		      "supported, and have native frames only: CPython 3.6 "
		      "to 3.15 are, debug builds and free-threaded 3.14 and "
		      "newer aside.",
		      summary->unsupported))
		return false;
	if (share < 0.01)
		return true;
	return add_note(summary,
			"%.3g %% of the Python samples are unproven: their "
			"stacks may belong to a later moment. Main reason: "
			"%s. `brindle doctor` says what would help.",
			100 * share,
			summary->reason_count ? summary->reasons[0].meaning :
						"not known");
}

// What was asked for, in the words of the options. NULL: no memory.
static char *filters_text(const struct selection_options *options,
			  const struct stack_filter *stacks)
{
	const struct {
		const char *name, *text;
	} filters[] = {
		{ "process", options->process },
		{ "thread", options->thread },
		{ "cgroup", options->cgroup },
		{ "user", options->user },
	};
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const char *separator = "";

	if (!out)
		return NULL;
	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++) {
		if (!filters[i].text)
			continue;
		fprintf(out, "%s%s '%s'", separator, filters[i].name,
			filters[i].text);
		separator = ", ";
	}
	if (stacks)
		fprintf(out, "%s%s", separator, stacks->text);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static bool take_excerpt(struct summary *summary, const struct excerpt *excerpt,
			 const struct selection_options *options)
{
	const struct selection *selection = &excerpt->selection;

	free(summary->event);
	summary->event = strdup(selection->event);
	summary->unit = strdup(selection->unit);
	summary->filters = filters_text(options, selection->stacks);
	summary->period_ns = (int64_t)selection->events[0].period;
	summary->selected = !selection->whole_recording;
	summary->wall = selection->wall;
	summary->resolution_ns = excerpt->resolution_ns;
	return summary->event && summary->unit && summary->filters;
}

// Of a selection the stacks say how far they can be trusted. What was lost is
// known of the whole host only.
static void take_trust(struct summary *summary, const struct call_tree *tree)
{
	summary->samples = (int64_t)tree->nodes[0].total.samples;
	summary->proven = (int64_t)tree->proven_samples;
	summary->unproven = (int64_t)tree->unproven_samples;
	summary->native = (int64_t)tree->native_samples;
}

static struct error *load_losses(struct summary *summary, sqlite3 *database,
				 const struct selection_span *span)
{
	static const char sql[] =
		"SELECT ifnull(sum(lost), 0), ifnull(sum(dropped), 0), "
		"ifnull(sum(lost_records), 0) "
		"FROM vitals WHERE id >= ?1 AND id < ?2";
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error = sql_prepare(database, sql, &row);
	int result;

	if (error)
		return error;
	sqlite3_bind_int64(row, 1, span->from_id);
	sqlite3_bind_int64(row, 2, span->until_id);
	result = sqlite3_step(row);
	if (result != SQLITE_ROW)
		return sql_error(database, result);
	summary->lost += sqlite3_column_int64(row, 0);
	summary->dropped += sqlite3_column_int64(row, 1);
	summary->lost_records += sqlite3_column_int64(row, 2);
	return NULL;
}

// Vitals come every ten seconds, and go sooner than what is summed up. Who writes
// none has counted for the whole of a recording.
static struct error *complete_losses(struct summary *summary, sqlite3 *database,
				     const struct selection_span *first)
{
	static const char sql[] =
		"SELECT id, id > 60000000000 + max(?1, (SELECT min(start_id) "
		"FROM session)), wall_ns FROM (SELECT min(vitals_id) AS id, "
		"wall_ns FROM v_vitals)";
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct summary whole = { 0 };
	struct error *error = sql_prepare(database, sql, &row);

	if (error)
		return error;
	sqlite3_bind_int64(row, 1, first->from_id);
	if (sqlite3_step(row) != SQLITE_ROW)
		return sql_error(database, sqlite3_errcode(database));
	if (sqlite3_column_int(row, 1))
		summary->lost_since_ns = sqlite3_column_int64(row, 2);
	if (sqlite3_column_type(row, 0) != SQLITE_NULL)
		return NULL;
	error = load_counts(&whole, database);
	summary->lost = whole.lost;
	summary->lost_records = whole.lost_records;
	summary->dropped = whole.dropped;
	summary->lost_in_all = true;
	return error;
}

// Columns: kind, from, until (wall; NULL: still so), detail.
static bool note_incident(void *context, sqlite3_stmt *row)
{
	char from[TIME_TEXT_SIZE], until[TIME_TEXT_SIZE] = "now";
	const char *detail = (const char *)sqlite3_column_text(row, 3);

	time_point_print(sqlite3_column_int64(row, 1), from);
	if (sqlite3_column_type(row, 2) != SQLITE_NULL)
		time_point_print(sqlite3_column_int64(row, 2), until);
	return add_note(context, "Samples are missing from %s to %s: %s", from,
			until, detail ? detail : "");
}

static struct error *note_gaps(struct summary *summary, sqlite3 *database,
			       const struct selection_span *span)
{
	static const char sql[] =
		"SELECT * FROM (SELECT kind, wall_ns, end_wall_ns, detail "
		"FROM v_incident WHERE kind IN ('gap', 'off') "
		"AND start_id < ?2 AND ifnull(end_id, ?2) > ?1 "
		"ORDER BY start_id DESC LIMIT 3) ORDER BY wall_ns";
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error = sql_prepare(database, sql, &row);

	if (error)
		return error;
	sqlite3_bind_int64(row, 1, span->from_id);
	sqlite3_bind_int64(row, 2, span->until_id);
	return sql_rows(row, note_incident, summary);
}

static struct error *load_selected(struct summary *summary, sqlite3 *database,
				   const struct excerpt *excerpt)
{
	const struct selection *selection = &excerpt->selection;
	struct error *error = NULL;

	take_trust(summary, &excerpt->tree);
	for (size_t i = 0; !error && i < selection->span_count; i++) {
		error = load_losses(summary, database, &selection->spans[i]);
		if (!error)
			error = note_gaps(summary, database,
					  &selection->spans[i]);
	}
	if (!error && selection->span_count)
		error = complete_losses(summary, database,
					&selection->spans[0]);
	return error;
}

static struct error *load_whole(struct summary *summary, sqlite3 *database,
				const struct excerpt *excerpt)
{
	struct error *error = load_counts(summary, database);

	// What v_health counts is of all events and stacks together.
	if (!error && (!excerpt->selection.only_event ||
		       excerpt->selection.stacks))
		take_trust(summary, &excerpt->tree);
	if (!error)
		error = load_reasons(summary, database);
	return error;
}

static bool note_untold(struct summary *summary,
			const struct selection *selection)
{
	return !selection->untold ||
	       add_note(summary, "%s",
			"Some of what was asked for by number ran for a moment "
			"only, and where the single samples are pruned it is "
			"counted with others of its name: ask for that name.");
}

static bool note_all(struct summary *summary)
{
	return note_recording(summary) && note_losses(summary) &&
	       note_trust(summary);
}

struct error *summary_load_recording(struct summary *summary,
				     struct profile *profile)
{
	sqlite3 *database = profile_database(profile);
	struct error *error;

	*summary = (struct summary){ 0 };
	error = load_session(summary, database);
	if (!error)
		error = load_counts(summary, database);
	if (!error)
		error = load_reasons(summary, database);
	if (!error && !note_all(summary))
		error = &error_nomem;
	if (error)
		summary_deinit(summary);
	return error_wrap(error, "read the session");
}

struct error *summary_load(struct summary *summary, struct profile *profile,
			   const struct excerpt *excerpt)
{
	sqlite3 *database = profile_database(profile);
	struct error *error;

	*summary = (struct summary){ 0 };
	error = load_session(summary, database);
	if (!error)
		error = complete_command(summary);
	if (!error &&
	    !take_excerpt(summary, excerpt, profile_selected(profile)))
		error = &error_nomem;
	if (!error)
		error = summary->selected ?
				load_selected(summary, database, excerpt) :
				load_whole(summary, database, excerpt);
	if (!error && !(note_all(summary) &&
			note_untold(summary, &excerpt->selection)))
		error = &error_nomem;
	if (error)
		summary_deinit(summary);
	return error_wrap(error, "read the session");
}
