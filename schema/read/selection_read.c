// SPDX-License-Identifier: Apache-2.0
// A selection, read: which rows hold it, and what they say. A writer goes on
// meanwhile, so what the levels hold is asked anew with each transaction, and no
// transaction lasts long enough to keep the writer's log from being reset.
#include "schema/read/selection.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "schema/rollup.h"
#include "schema/sql.h"

enum {
	ROLLUP_ID_SHIFT = 20,
	RUN_PIECES_MAX = 1024,
	ROWS_BETWEEN_LOOKS = 4096,
	/* More threads are looked up here, not by the database. */
	THREADS_IN_SQL_MAX = 1000,
};
#define TRANSACTION_NS_MAX (NS_PER_SEC / 2)

enum level { LEVEL_SAMPLE, LEVEL_10S, LEVEL_10MIN, LEVEL_COUNT, LEVEL_NONE };

struct level_row {
	int64_t span_ns; /* 0: of samples */
	int64_t kept_id, done_id;
};

struct reader {
	const struct selection *selection;	 /* borrowed */
	const struct selection_reading *reading; /* borrowed */
	sqlite3 *database;			 /* borrowed */
	struct level_row levels[LEVEL_COUNT];
	sqlite3_stmt *statements[LEVEL_COUNT]; /* owned */
	char *threads; /* owned; JSON: those that are asked for; NULL: many */
	uint64_t begin_ns; /* of the transaction */
	uint64_t resolution_ns;
};

static void reader_deinit(struct reader *reader)
{
	for (size_t i = 0; i < LEVEL_COUNT; i++)
		sqlite3_finalize(reader->statements[i]);
	free(reader->threads);
}

// The database reads nothing more of the rows of other threads than whose they
// are, and of half a million there are few of those that people ask for.
static struct error *name_threads(struct reader *reader)
{
	const struct id_set *threads = &reader->selection->threads;
	struct id_run run = { 0, -1 };
	size_t size;
	FILE *text;

	if (reader->selection->any_thread ||
	    threads->count > THREADS_IN_SQL_MAX)
		return NULL;
	text = open_memstream(&reader->threads, &size);
	if (!text)
		return &error_nomem;
	fputs("[-1", text);
	while (id_set_next_run(threads, run.until + 1, &run))
		for (int64_t id = run.from; id <= run.until; id++)
			if (id_set_has(threads, id))
				fprintf(text, ",%" PRId64, id);
	fputs("]", text);
	return fclose(text) ? &error_nomem : NULL;
}

// What a part of a span is read from. Ragged: an edge of it is not exact.
struct piece {
	enum level level;
	int64_t until_id;
	bool ragged;
};

static struct error *load_levels(struct reader *reader)
{
	static const char *const sql[LEVEL_COUNT][2] = {
		{ "SELECT kept_id FROM level WHERE name = 'sample'",
		  "SELECT 0x7fffffffffffffff" },
		{ "SELECT kept_id FROM level WHERE name = 'rollup_10s'",
		  "SELECT done_id FROM level WHERE name = 'rollup_10s'" },
		{ "SELECT kept_id FROM level WHERE name = 'rollup_10min'",
		  "SELECT done_id FROM level WHERE name = 'rollup_10min'" },
	};
	static const int64_t span_ns[LEVEL_COUNT] = {
		0, 10 * (int64_t)NS_PER_SEC, 600 * (int64_t)NS_PER_SEC,
	};
	struct error *error = NULL;

	for (size_t i = 0; !error && i < LEVEL_COUNT; i++) {
		struct level_row *level = &reader->levels[i];

		level->span_ns = span_ns[i];
		error = sql_integer(reader->database, sql[i][0],
				    &level->kept_id);
		if (!error)
			error = sql_integer(reader->database, sql[i][1],
					    &level->done_id);
	}
	return error;
}

static bool may_use(const struct reader *reader, enum level level)
{
	uint64_t longest = reader->reading->longest_span_ns;

	return !longest ||
	       (uint64_t)reader->levels[level].span_ns <= longest;
}

// Is there a span at @id, and does this level hold it?
static bool holds_span(const struct reader *reader, enum level which, int64_t id)
{
	const struct level_row *level = &reader->levels[which];

	return id % level->span_ns == 0 && id >= level->kept_id &&
	       id <= level->done_id - level->span_ns;
}

// The next boundary behind @id, before @until.
static int64_t next_boundary(const struct reader *reader, int64_t id,
			     int64_t until)
{
	int64_t span_ns = reader->levels[LEVEL_10S].span_ns;
	int64_t next;

	if (__builtin_add_overflow(id - id % span_ns, span_ns, &next))
		return until;
	return next < until ? next : until;
}

// Where samples are gone, whoever begins inside is in.
static struct piece choose_coarse(const struct reader *reader, int64_t id,
				  int64_t until)
{
	static const enum level order[] = { LEVEL_10S, LEVEL_10MIN };
	int64_t kept_id = reader->levels[LEVEL_SAMPLE].kept_id;

	for (size_t i = 0; i < 2; i++) {
		if (!may_use(reader, order[i]) ||
		    !holds_span(reader, order[i], id))
			continue;
		return (struct piece){
			.level = order[i],
			.until_id = id + reader->levels[order[i]].span_ns,
			.ragged = id + reader->levels[order[i]].span_ns > until,
		};
	}
	until = until < kept_id ? until : kept_id;
	return (struct piece){ LEVEL_NONE, next_boundary(reader, id, until),
			       true };
}

// Threads that are asked for are in a row with others: samples say who.
static bool is_merged(const struct reader *reader, int64_t id, int64_t end)
{
	const struct selection_span *merged = &reader->selection->merged;

	return id < merged->until_id && end > merged->from_id &&
	       id >= reader->levels[LEVEL_SAMPLE].kept_id;
}

// The coarsest rows that hold exactly what comes at @id.
static struct piece choose(const struct reader *reader, int64_t id, int64_t until)
{
	for (enum level i = LEVEL_10MIN; i > LEVEL_SAMPLE; i--) {
		int64_t end;

		if (!may_use(reader, i) || !holds_span(reader, i, id) ||
		    __builtin_add_overflow(id, reader->levels[i].span_ns,
					   &end) ||
		    end > until || is_merged(reader, id, end))
			continue;
		return (struct piece){ i, end, false };
	}
	if (id >= reader->levels[LEVEL_SAMPLE].kept_id) {
		// Behind the last span there are samples only.
		if (id >= reader->levels[LEVEL_10S].done_id)
			return (struct piece){ LEVEL_SAMPLE, until, false };
		return (struct piece){ LEVEL_SAMPLE,
				       next_boundary(reader, id, until),
				       false };
	}
	return choose_coarse(reader, id, until);
}

static uint64_t period_of(const struct selection *selection, int64_t event_id,
			  bool *ret_wanted)
{
	for (size_t i = 0; i < selection->event_count; i++) {
		if (selection->events[i].id != event_id)
			continue;
		*ret_wanted = true;
		return selection->events[i].period;
	}
	*ret_wanted = false;
	return 0;
}

static bool is_wanted_thread(const struct selection *selection, int64_t thread)
{
	return selection->any_thread || id_set_has(&selection->threads, thread);
}

static uint64_t count_of(int64_t count)
{
	return count > 0 ? (uint64_t)count : 0;
}

// Columns: id, thread_id, callsite_id, weight, event_id.
static bool take_sample(struct reader *reader, sqlite3_stmt *statement)
{
	const struct selection *selection = reader->selection;
	struct selection_row row = {
		.time_id = sqlite3_column_int64(statement, 0),
		.thread_id = sqlite3_column_int64(statement, 1),
		.callsite_id = sqlite3_column_int64(statement, 2),
		.samples = 1,
	};
	bool wanted = is_wanted_thread(selection, row.thread_id);
	uint64_t period = selection->events[0].period;

	if (!wanted)
		return true;
	if (sqlite3_column_type(statement, 2) == SQLITE_NULL)
		wanted = selection->bare_samples;
	else if (!selection->only_event)
		period = period_of(selection,
				   sqlite3_column_int64(statement, 4), &wanted);
	if (!wanted)
		return true;
	row.weight = sqlite3_column_type(statement, 3) == SQLITE_NULL ?
			     period :
			     count_of(sqlite3_column_int64(statement, 3));
	if (!reader->reading->stacks)
		row.callsite_id = 0;
	return reader->reading->take(reader->reading->context, &row);
}

static bool take_stacks(struct reader *reader, sqlite3_stmt *statement,
			struct selection_row row, uint64_t period)
{
	struct rollup_reader blob;
	struct rollup_stack stack;

	rollup_reader_init(&blob, sqlite3_column_blob(statement, 3),
			   (size_t)sqlite3_column_bytes(statement, 3), period);
	while (rollup_next(&blob, &stack)) {
		row.callsite_id = stack.callsite_id;
		row.samples = stack.samples;
		row.weight = stack.weight;
		if (!reader->reading->take(reader->reading->context, &row))
			return false;
	}
	return true;
}

static bool take_sums(struct reader *reader, sqlite3_stmt *statement,
		      struct selection_row row)
{
	row.samples = count_of(sqlite3_column_int64(statement, 3));
	row.weight = count_of(sqlite3_column_int64(statement, 4));
	row.threads = count_of(sqlite3_column_int64(statement, 5));
	return reader->reading->take(reader->reading->context, &row);
}

// Columns: id, event_id, thread_id, and stacks, or samples, weight, threads.
static bool take_rollup(struct reader *reader, sqlite3_stmt *statement)
{
	int64_t seconds = sqlite3_column_int64(statement, 0) >> ROLLUP_ID_SHIFT;
	struct selection_row row = {
		.time_id = seconds * (int64_t)NS_PER_SEC,
		.thread_id = sqlite3_column_int64(statement, 2),
	};
	uint64_t period;
	bool wanted;

	period = period_of(reader->selection,
			   sqlite3_column_int64(statement, 1), &wanted);
	if (!wanted || !is_wanted_thread(reader->selection, row.thread_id))
		return true;
	if (reader->reading->stacks)
		return take_stacks(reader, statement, row, period);
	return take_sums(reader, statement, row);
}

#define SPAN " WHERE id >= ?1 AND id < ?2"
#define WANTED " AND +thread_id IN (SELECT value FROM json_each(?3))"
#define EITHER_WAY(sql) { sql, sql WANTED }
#define SAMPLES_OF_ALL_EVENTS						\
	"SELECT s.id, s.thread_id, s.callsite_id, s.weight, c.event_id "	\
	"FROM sample AS s LEFT JOIN callsite AS c ON c.id = s.callsite_id "	\
	"WHERE s.id >= ?1 AND s.id < ?2"
// There may be half a million rows, and each column of one costs.
#define SUMS "SELECT id, event_id, thread_id, samples, weight, threads"
#define STACKS "SELECT id, event_id, thread_id, stacks"

static const char *level_sql(const struct reader *reader, enum level level)
{
	// By whether the samples are of one event, or the stacks asked for;
	// and by who says which threads are wanted.
	static const char *const sql[LEVEL_COUNT][2][2] = {
		[LEVEL_SAMPLE] = {
			EITHER_WAY(SAMPLES_OF_ALL_EVENTS),
			EITHER_WAY("SELECT id, thread_id, callsite_id, weight "
				   "FROM sample" SPAN),
		},
		[LEVEL_10S] = {
			EITHER_WAY(SUMS " FROM rollup_10s" SPAN),
			EITHER_WAY(STACKS " FROM rollup_10s" SPAN),
		},
		[LEVEL_10MIN] = {
			EITHER_WAY(SUMS " FROM rollup_10min" SPAN),
			EITHER_WAY(STACKS " FROM rollup_10min" SPAN),
		},
	};
	bool more = level == LEVEL_SAMPLE ? reader->selection->only_event :
					    reader->reading->stacks;

	return sql[level][more][reader->threads != NULL];
}

// Spans are of whole seconds, and are numbered by them.
static int64_t row_id(enum level level, int64_t id)
{
	int64_t seconds = id / (int64_t)NS_PER_SEC;

	if (level == LEVEL_SAMPLE)
		return id;
	return seconds > INT64_MAX >> ROLLUP_ID_SHIFT ?
		       INT64_MAX :
		       seconds << ROLLUP_ID_SHIFT;
}

// Samples may be read in parts, spans only whole.
static bool is_time_up(const struct reader *reader, enum level level,
		       size_t row_count)
{
	return level == LEVEL_SAMPLE && row_count % ROWS_BETWEEN_LOOKS == 0 &&
	       monotonic_ns() - reader->begin_ns >= TRANSACTION_NS_MAX;
}

// Up to where it came, which may be before the end of @span.
static struct error *read_piece(struct reader *reader, enum level level,
				struct selection_span span, int64_t *ret_until)
{
	sqlite3_stmt **statement = &reader->statements[level];
	int64_t until = span.until_id;
	struct error *error = NULL;
	size_t row_count = 0;
	bool good = true;
	int result;

	if (!*statement)
		error = sql_prepare(reader->database, level_sql(reader, level),
				    statement);
	if (error)
		return error;
	sqlite3_bind_int64(*statement, 1, row_id(level, span.from_id));
	sqlite3_bind_int64(*statement, 2, row_id(level, span.until_id));
	if (reader->threads)
		sqlite3_bind_text(*statement, 3, reader->threads, -1,
				  SQLITE_STATIC);
	while ((result = sqlite3_step(*statement)) == SQLITE_ROW && good) {
		good = level == LEVEL_SAMPLE ? take_sample(reader, *statement) :
					       take_rollup(reader, *statement);
		if (!is_time_up(reader, level, ++row_count))
			continue;
		until = sqlite3_column_int64(*statement, 0) + 1;
		result = SQLITE_DONE;
		break;
	}
	if (!good)
		error = &error_nomem;
	else if (result != SQLITE_DONE)
		error = sql_error(reader->database, result);
	sqlite3_reset(*statement);
	*ret_until = until;
	return error;
}

// Where nothing was taken although a span reaches into it, the edge is not
// exact, nor where a span was taken that reaches out of it.
static void note_resolution(struct reader *reader, struct piece piece,
			    int64_t id)
{
	enum level level = piece.level;

	for (enum level i = LEVEL_10S;
	     level == LEVEL_NONE && i <= LEVEL_10MIN; i++)
		if (holds_span(reader, i, id - id % reader->levels[i].span_ns))
			level = i;
	if (!piece.ragged || level == LEVEL_NONE)
		return;
	if (reader->resolution_ns < (uint64_t)reader->levels[level].span_ns)
		reader->resolution_ns = (uint64_t)reader->levels[level].span_ns;
}

// Pieces of one level that follow each other are one statement.
static struct error *read_run(struct reader *reader, struct selection_span span,
			      int64_t *ret_until)
{
	struct piece first = choose(reader, span.from_id, span.until_id);
	struct piece next = first;
	int64_t until = span.from_id;
	unsigned int pieces = 0;

	do {
		note_resolution(reader, next, until);
		until = next.until_id;
		if (until >= span.until_id || ++pieces == RUN_PIECES_MAX)
			break;
		next = choose(reader, until, span.until_id);
	} while (next.level == first.level);
	*ret_until = until;
	if (first.level == LEVEL_NONE)
		return NULL;
	span.until_id = until;
	return read_piece(reader, first.level, span, ret_until);
}

// Rows that belong together are read in one transaction, within its time.
static struct error *read_some(struct reader *reader,
			       struct selection_span *span)
{
	struct error *error = sql_run(reader->database, "BEGIN");

	if (error)
		return error;
	reader->begin_ns = monotonic_ns();
	error = load_levels(reader);
	while (!error && span->from_id < span->until_id &&
	       monotonic_ns() - reader->begin_ns < TRANSACTION_NS_MAX)
		error = read_run(reader, *span, &span->from_id);
	error_destroy(sql_run(reader->database, "COMMIT"));
	return error;
}

struct error *selection_read(const struct selection *selection,
			     sqlite3 *database,
			     const struct selection_reading *reading,
			     uint64_t *ret_resolution_ns)
{
	struct reader reader = {
		.selection = selection,
		.reading = reading,
		.database = database,
	};
	struct error *error = name_threads(&reader);

	for (size_t i = 0; !error && i < selection->span_count; i++) {
		struct selection_span span = selection->spans[i];

		while (!error && span.from_id < span.until_id)
			error = read_some(&reader, &span);
	}
	reader_deinit(&reader);
	if (!error && ret_resolution_ns)
		*ret_resolution_ns = reader.resolution_ns;
	return error_wrap(error, "read the samples");
}
