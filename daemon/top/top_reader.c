// SPDX-License-Identifier: Apache-2.0
#include "daemon/top/top_reader.h"

#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/clock.h"
#include "daemon/top/top_names.h"
#include "schema/read/profile.h"
#include "schema/sql.h"

enum {
	BATCH_SAMPLES = 20000,
	BATCHES_MAX = 50, // of one poll
	// The recorder commits once a second, and what it is still working on
	// comes with the next.
	COMMIT_LAG_S = 2,
	DEAD_S = 600, // without a sample, nobody writes any more
};

struct top_reader {
	const char *path; // borrowed
	const struct selection_options *options; // borrowed
	struct profile *profile; // owned; NULL: to be opened
	struct stat status;	 // of the file that was opened
	sqlite3_stmt *samples;	 // owned
	struct top_names names;
	struct top_head head;
	int64_t first_id, last_id; // of samples; first_id < 0: none read
};

const struct top_head *top_reader_head(const struct top_reader *reader)
{
	return &reader->head;
}

static void close_file(struct top_reader *reader)
{
	sqlite3_finalize(take_ptr(reader->samples));
	top_names_deinit(&reader->names);
	profile_close(take_ptr(reader->profile));
}

void top_reader_destroy(struct top_reader *reader)
{
	if (!reader)
		return;
	close_file(reader);
	free(reader->head.host);
	free(reader->head.event);
	free(reader->head.unit);
	free(reader);
}

static const char samples_sql[] =
	"SELECT s.id, s.thread_id, s.callsite_id, "
	"ifnull(s.weight, event.period), outcome.trust_id "
	"FROM sample AS s LEFT JOIN outcome ON outcome.id = s.outcome_id "
	"LEFT JOIN callsite AS c ON c.id = s.callsite_id "
	"JOIN event ON event.id = ifnull(c.event_id, "
	"(SELECT id FROM event WHERE name = (SELECT event FROM session "
	"ORDER BY id DESC LIMIT 1) ORDER BY id DESC LIMIT 1)) "
	"WHERE s.id > ?1 AND s.id <= ?2 AND event.name = ?3 "
	"ORDER BY s.id LIMIT ?4";

static struct error *open_file(struct top_reader *reader)
{
	struct error *error;
	sqlite3 *database;

	error = profile_open(reader->path, &reader->profile);
	if (error)
		return error;
	if (stat(reader->path, &reader->status) < 0)
		memset(&reader->status, 0, sizeof(reader->status));
	database = profile_database(reader->profile);
	sqlite3_busy_timeout(database, 200);
	error = sql_prepare(database, samples_sql, &reader->samples);
	if (!error)
		error = top_names_init(&reader->names, database,
				       reader->options);
	reader->first_id = -1;
	return error;
}

struct error *top_reader_create(const char *path,
				const struct selection_options *options,
				struct top_reader **ret)
{
	struct top_reader *reader = calloc(1, sizeof(*reader));
	struct error *error;

	if (!reader)
		return &error_nomem;
	reader->path = path;
	reader->options = options;
	error = open_file(reader);
	if (error) {
		top_reader_destroy(reader);
		return error;
	}
	*ret = reader;
	return NULL;
}

static bool is_replaced(const struct top_reader *reader)
{
	struct stat now;

	return stat(reader->path, &now) < 0 ||
	       now.st_ino != reader->status.st_ino ||
	       now.st_dev != reader->status.st_dev;
}

static struct error *set_text(char **to, sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);
	char *copy = strdup(text ? text : "");

	if (!copy)
		return &error_nomem;
	free(*to);
	*to = copy;
	return NULL;
}

// The newest event of that name tells the unit; the newest session the rest.
static const char head_sql[] =
	"SELECT session.host, e.name, e.unit, session.frequency_hz, "
	"session.end_id, (SELECT max(id) FROM sample), "
	"clock.id, clock.monotonic_ns, "
	"(SELECT ifnull(sum(lost), 0) FROM vitals WHERE id >= ?2), "
	"v.own_cpu_ns, v.id - (SELECT max(id) FROM vitals WHERE id < v.id), "
	"v.frequency_hz, v.id "
	"FROM (SELECT * FROM session ORDER BY id DESC LIMIT 1) AS session "
	"JOIN event AS e ON e.name = ifnull(?1, session.event) "
	"JOIN (SELECT * FROM clock ORDER BY id DESC LIMIT 1) AS clock "
	"LEFT JOIN (SELECT * FROM vitals ORDER BY id DESC LIMIT 1) AS v "
	"ON v.id >= session.start_id "
	"ORDER BY e.id DESC LIMIT 1";

static int64_t store_now(sqlite3_stmt *row)
{
	return sqlite3_column_int64(row, 6) + (int64_t)monotonic_ns() -
	       sqlite3_column_int64(row, 7);
}

static void judge_life(struct top_head *head, sqlite3_stmt *row,
		       int64_t newest, int64_t now)
{
	int64_t silent = now - newest;

	// A clock before the newest sample is that of another boot.
	head->live = sqlite3_column_type(row, 4) == SQLITE_NULL &&
		     silent > -(int64_t)NS_PER_SEC &&
		     silent < DEAD_S * (int64_t)NS_PER_SEC;
	head->silent_ns = head->live && silent > 0 ? (uint64_t)silent : 0;
}

static void take_vitals(struct top_head *head, sqlite3_stmt *row)
{
	head->lost = (uint64_t)sqlite3_column_int64(row, 8);
	head->own_cpu_ns = (uint64_t)sqlite3_column_int64(row, 9);
	head->own_span_ns = 0;
	if (sqlite3_column_type(row, 9) == SQLITE_NULL)
		return;
	head->own_span_ns = (uint64_t)sqlite3_column_int64(row, 10);
	head->frequency_hz = (uint64_t)sqlite3_column_int64(row, 11);
}

static struct error *read_head(struct top_reader *reader, int64_t *ret_newest,
			       int64_t *ret_now)
{
	sqlite3 *database = profile_database(reader->profile);
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct top_head *head = &reader->head;
	struct error *error = sql_prepare(database, head_sql, &row);
	int result;

	if (error)
		return error;
	sqlite3_bind_text(row, 1, reader->options->event, -1, SQLITE_STATIC);
	sqlite3_bind_int64(row, 2, reader->first_id);
	result = sqlite3_step(row);
	if (result == SQLITE_DONE)
		return error_create(ERROR_USAGE,
				    "no event '%s' was recorded; `brindle "
				    "query \"SELECT name FROM event\"` lists "
				    "what was",
				    reader->options->event ?
					    reader->options->event : "");
	if (result != SQLITE_ROW)
		return sql_error(database, result);
	error = set_text(&head->host, row, 0);
	if (!error)
		error = set_text(&head->event, row, 1);
	if (!error)
		error = set_text(&head->unit, row, 2);
	head->frequency_hz = (uint64_t)sqlite3_column_int64(row, 3);
	take_vitals(head, row);
	*ret_newest = sqlite3_column_int64(row, 5);
	*ret_now = store_now(row);
	judge_life(head, row, *ret_newest, *ret_now);
	return error;
}

static struct error *take_sample(struct top_reader *reader,
				 struct top_model *model, sqlite3_stmt *row)
{
	struct top_sample sample = {
		.time_ns = sqlite3_column_int64(row, 0),
		.weight = (uint64_t)sqlite3_column_int64(row, 3),
		.trust = STORE_TRUST_UNPROVEN,
	};
	int64_t trust = sqlite3_column_int64(row, 4);
	struct error *error;

	if (trust >= STORE_TRUST_PROVEN && trust <= STORE_TRUST_NATIVE)
		sample.trust = (enum store_trust)trust;
	error = top_names_thread(&reader->names, model,
				 sqlite3_column_int64(row, 1), &sample.thread);
	if (!error)
		error = top_names_callsite(&reader->names, model,
					   sqlite3_column_int64(row, 2),
					   &sample.callsite);
	if (!error)
		top_model_sample(model, &sample);
	reader->last_id = sample.time_ns;
	return error;
}

// False in @ret_more: that was the last of them.
static struct error *read_batch(struct top_reader *reader,
				struct top_model *model, int64_t newest,
				bool *ret_more)
{
	sqlite3_stmt *row = reader->samples;
	struct error *error = NULL;
	int result, count = 0;

	sqlite3_bind_int64(row, 1, reader->last_id);
	sqlite3_bind_int64(row, 2, newest);
	sqlite3_bind_text(row, 3, reader->head.event, -1, SQLITE_STATIC);
	sqlite3_bind_int64(row, 4, BATCH_SAMPLES);
	while (!error && (result = sqlite3_step(row)) == SQLITE_ROW) {
		error = take_sample(reader, model, row);
		count++;
	}
	if (!error && result != SQLITE_DONE)
		error = sql_error(profile_database(reader->profile), result);
	sqlite3_reset(row);
	*ret_more = count == BATCH_SAMPLES;
	return error;
}

static struct error *read_samples(struct top_reader *reader,
				  struct top_model *model, int64_t newest)
{
	int64_t oldest = newest - (TOP_SECONDS - 2) * (int64_t)NS_PER_SEC;
	bool more = true;
	struct error *error;

	top_names_renew(&reader->names);
	top_model_align(model, newest);
	// After a pause, too, no more is read than can be shown.
	if (reader->first_id < 0 || reader->last_id < oldest)
		reader->last_id = oldest > 0 ? oldest : -1;
	if (reader->first_id < 0)
		reader->first_id = oldest > 0 ? oldest : 0;
	for (int i = 0; more && i < BATCHES_MAX; i++) {
		error = read_batch(reader, model, newest, &more);
		if (error)
			return error;
		if (top_model_is_full(model)) {
			error = top_model_reset(model);
			if (error)
				return error;
		}
	}
	if (!more)
		reader->last_id = newest;
	return NULL;
}

static struct error *poll_file(struct top_reader *reader,
			       struct top_model *model)
{
	sqlite3 *database = profile_database(reader->profile);
	int64_t newest = 0, now = 0, lag = COMMIT_LAG_S * (int64_t)NS_PER_SEC;
	struct error *error, *ending;

	error = sql_run(database, "BEGIN");
	if (error)
		return error;
	error = read_head(reader, &newest, &now);
	if (!error)
		error = read_samples(reader, model, newest);
	ending = sql_run(database, "END");
	if (error)
		error_destroy(ending);
	else
		error = ending;
	if (error)
		return error;
	if (!reader->head.live)
		top_model_advance(model, newest + 1);
	else if (now - lag > newest)
		top_model_advance(model, now - lag);
	return NULL;
}

struct error *top_reader_poll(struct top_reader *reader,
			      struct top_model *model)
{
	struct error *error = NULL;

	if (reader->profile && is_replaced(reader))
		close_file(reader);
	if (!reader->profile) {
		error = open_file(reader);
		if (!error)
			error = top_model_reset(model);
	}
	if (!error)
		error = poll_file(reader, model);
	if (error)
		close_file(reader);
	return error;
}
