// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/clock.h"
#include "schema/sql.h"
#include "schema/store/store_merge.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

/*
 * Rolling up, a span at a time and each in small steps: when a span is over and
 * samples that come late have had their time, its rows are read, then counted
 * out into rows of the level above. done_id moves with the last of them, in one
 * transaction; rows of a span beyond it are not whole, and removed at the next
 * start.
 */

enum {
	READ_SAMPLES = 4000, // a step
	READ_ROLLUPS = 200,
	WRITE_ROWS = 500,
	ROW_BYTES = 24, // of a row besides its blob, as STATEMENT_SUMS_* say
	NUMBER_BITS = 20,
};

// An off-CPU sample is known when the sleep is over, see README.md.
#define GRACE_NS (15 * NS_PER_SEC)

static const struct roll_level {
	enum store_level level;
	int64_t span_ns;
	enum store_statement read, first, insert, last, sums, delete;
	int read_rows;
	bool from_samples;
	struct store_merge_rule rule; // a span of 10 s holds 990 of a busy CPU
} roll_levels[] = {
	{ LEVEL_10S, 10 * (int64_t)NS_PER_SEC, STATEMENT_ROLL_SAMPLES,
	  STATEMENT_FIRST_SAMPLE, STATEMENT_INSERT_10S, STATEMENT_LAST_10S,
	  STATEMENT_SUMS_10S, STATEMENT_DELETE_10S, READ_SAMPLES, true,
	  { 50, 4, 100 } },
	{ LEVEL_10MIN, 600 * (int64_t)NS_PER_SEC, STATEMENT_ROLL_10S,
	  STATEMENT_FIRST_10S, STATEMENT_INSERT_10MIN, STATEMENT_LAST_10MIN,
	  STATEMENT_SUMS_10MIN, STATEMENT_DELETE_10MIN, READ_ROLLUPS, false,
	  { 200, 16, 1000 } },
};

enum { ROLL_LEVELS = sizeof(roll_levels) / sizeof(*roll_levels) };
_Static_assert((int)ROLL_LEVELS == (int)STORE_ROLLS,
	       "a struct store_roll each");

static int64_t row_of_time(int64_t id)
{
	return id / (int64_t)NS_PER_SEC << NUMBER_BITS;
}

static uint64_t period_of(const struct store *store, int64_t event_id)
{
	for (size_t i = 0; i < store->event_count; i++)
		if (store->events[i].row_id == event_id)
			return store->events[i].period;
	return 0;
}

// A row of the source: its id, and what it counts.
static struct error *add_sample(struct store *store,
				struct rollup_builder *builder,
				sqlite3_stmt *row)
{
	int64_t event_id = sqlite3_column_int64(row, 4);
	struct rollup_entry entry = {
		.event_id = event_id ? event_id : 1,
		.thread_id = sqlite3_column_int64(row, 1),
		.stack = {
			.callsite_id = sqlite3_column_int64(row, 2),
			.samples = 1,
		},
	};

	entry.period = period_of(store, entry.event_id);
	entry.stack.weight = sqlite3_column_type(row, 3) == SQLITE_NULL ?
				     entry.period :
				     (uint64_t)sqlite3_column_int64(row, 3);
	return rollup_builder_add(builder, &entry) ? NULL : &error_nomem;
}

static struct error *add_rollup(struct store *store,
				struct rollup_builder *builder,
				sqlite3_stmt *row)
{
	struct rollup_reader reader;
	struct rollup_entry entry = {
		.thread_id = sqlite3_column_int64(row, 1),
		.event_id = sqlite3_column_int64(row, 2),
		.threads = (uint32_t)sqlite3_column_int64(row, 4),
	};

	entry.period = period_of(store, entry.event_id);
	rollup_reader_init(&reader, sqlite3_column_blob(row, 3),
			   (size_t)sqlite3_column_bytes(row, 3), entry.period);
	while (rollup_next(&reader, &entry.stack)) {
		if (!rollup_builder_add(builder, &entry))
			return &error_nomem;
		entry.threads = 0;
	}
	return NULL;
}

static struct error *read_row(struct store *store,
			      const struct roll_level *level,
			      struct store_roll *roll, sqlite3_stmt *row)
{
	roll->next_id = sqlite3_column_int64(row, 0) + 1;
	return level->from_samples ? add_sample(store, &roll->builder, row) :
				     add_rollup(store, &roll->builder, row);
}

// Some rows of the source; phase MERGING when that were the last, or memory is
// full.
static struct error *read_some(struct store *store,
			       const struct roll_level *level,
			       struct store_roll *roll)
{
	sqlite3_stmt *row = store->statements[level->read];
	int64_t end = roll->span_id + level->span_ns;
	struct error *error = NULL;
	int result, count = 0;

	sqlite3_bind_int64(row, 1, roll->next_id);
	sqlite3_bind_int64(row, 2,
			   level->from_samples ? end : row_of_time(end));
	sqlite3_bind_int64(row, 3, level->read_rows);
	while (!error && !rollup_builder_full(&roll->builder) &&
	       (result = sqlite3_step(row)) == SQLITE_ROW) {
		error = read_row(store, level, roll, row);
		count++;
	}
	if (!error && result != SQLITE_ROW && result != SQLITE_DONE)
		error = sql_error(store->database, result);
	sqlite3_reset(row);
	if (error)
		return error;
	roll->read_all = count < level->read_rows &&
			 !rollup_builder_full(&roll->builder);
	if (roll->read_all || rollup_builder_full(&roll->builder)) {
		rollup_builder_sort(&roll->builder);
		roll->phase = ROLL_MERGING;
		roll->merged = false;
	}
	return NULL;
}

// Then rows of threads that stand for several may be new, and go to the file
// with the next tick.
static struct error *merge_step(struct store *store,
				const struct roll_level *level,
				struct store_roll *roll, bool *more)
{
	struct error *error = NULL;

	if (!roll->merged)
		error = store_merge_threads(store, roll, &level->rule,
					    roll->span_id + level->span_ns);
	if (error)
		return error;
	roll->merged = true;
	*more = !store->rows[TABLE_THREAD].count;
	if (*more)
		roll->phase = ROLL_WRITING;
	return NULL;
}

// Threads that have a row are kept as long as it.
static struct error *note_apart(struct store *store, int64_t thread_id)
{
	sqlite3_stmt *statement = store->statements[STATEMENT_SET_APART];

	if (id_set_has(&store->apart, thread_id))
		return NULL;
	if (!id_set_add(&store->apart, thread_id))
		return &error_nomem;
	sqlite3_bind_int64(statement, 1, thread_id);
	return sql_step(store->database, statement);
}

static struct error *insert_row(struct store *store,
				const struct roll_level *level, int64_t id,
				const struct rollup_row *row)
{
	sqlite3_stmt *statement = store->statements[level->insert];
	struct error *error;

	sqlite3_bind_int64(statement, 1, id);
	sqlite3_bind_int64(statement, 2, row->event_id);
	sqlite3_bind_int64(statement, 3, row->thread_id);
	sqlite3_bind_int64(statement, 4, (int64_t)row->samples);
	sqlite3_bind_int64(statement, 5, (int64_t)row->weight);
	sqlite3_bind_blob64(statement, 6, row->bytes, row->size, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 7, (int64_t)row->threads);
	store->levels[level->level].row_count++;
	store->levels[level->level].bytes += ROW_BYTES + (int64_t)row->size;
	error = sql_step(store->database, statement);
	return error ? error : note_apart(store, row->thread_id);
}

// Behind the rows that the span has: late ones may be there before it is done.
static struct error *next_row_id(struct store *store,
				 const struct roll_level *level,
				 int64_t span_id, int64_t *ret)
{
	sqlite3_stmt *row = store->statements[level->last];
	int64_t id = row_of_time(span_id);
	int result;

	sqlite3_bind_int64(row, 1, row_of_time(span_id + level->span_ns));
	result = sqlite3_step(row);
	if (result == SQLITE_ROW && sqlite3_column_int64(row, 0) >= id)
		id = sqlite3_column_int64(row, 0) + 1;
	sqlite3_reset(row);
	*ret = id;
	return result == SQLITE_ROW || result == SQLITE_DONE ?
		       NULL :
		       sql_error(store->database, result);
}

// All rows of @builder, but @max at most.
static struct error *write_rows(struct store *store,
				const struct roll_level *level,
				struct rollup_builder *builder,
				int64_t span_id, int max)
{
	struct rollup_row row;
	int64_t id;
	struct error *error = next_row_id(store, level, span_id, &id);

	while (!error && max-- > 0 && rollup_builder_next(builder, &row))
		error = insert_row(store, level, id++, &row);
	return error;
}

struct roll_step {
	const struct roll_level *level;
	struct store_roll *roll;
};

static struct error *write_some(struct store *store, void *argument)
{
	const struct roll_step *step = argument;
	struct store_roll *roll = step->roll;
	struct error *error;

	if (roll->mark_at < roll->mark_count)
		return store_mark_some(store, roll,
				       roll->span_id + step->level->span_ns,
				       WRITE_ROWS);
	error = write_rows(store, step->level, &roll->builder, roll->span_id,
			   WRITE_ROWS);
	if (!error && roll->read_all && roll->builder.at == roll->builder.count)
		store->levels[step->level->level].done_id =
			roll->span_id + step->level->span_ns;
	return error;
}

// All that was read is in rows. Ten minutes may be a hundred times as much as
// ten seconds, and it takes long until that is needed again.
static void end_rows(struct store *store, const struct roll_level *level,
		     struct store_roll *roll)
{
	rollup_builder_clear(&roll->builder);
	roll->phase = roll->read_all ? ROLL_IDLE : ROLL_READING;
	if (!roll->read_all)
		return;
	id_set_deinit(&roll->counted);
	if (level->level != LEVEL_10MIN)
		return;
	rollup_builder_deinit(&roll->builder);
	store->weights_at = 1;
}

static struct error *write_step(struct store *store,
				const struct roll_level *level,
				struct store_roll *roll)
{
	struct roll_step step = { level, roll };
	size_t at = roll->builder.at, mark_at = roll->mark_at;
	struct error *error = store_transact(store, write_some, &step);

	if (error) {
		roll->builder.at = at;
		roll->mark_at = mark_at;
		return error;
	}
	if (roll->mark_at > mark_at)
		return NULL;
	store_forget_marks(roll);
	if (roll->builder.at < roll->builder.count)
		return roll->builder.at > at ? NULL : &error_nomem;
	end_rows(store, level, roll);
	return NULL;
}

static struct error *write_done(struct store *store, void *argument)
{
	const struct roll_step *step = argument;

	store->levels[step->level->level].done_id = step->roll->span_id;
	return NULL;
}

// How far spans may be closed.
static int64_t reach(const struct store *store, const struct roll_level *level)
{
	return level->from_samples ? store->now_id - (int64_t)GRACE_NS :
				     store->levels[LEVEL_10S].done_id;
}

// The span of the first row of the source that is in none yet; those before it
// are empty, and done. False: there is nothing to do.
static struct error *begin_span(struct store *store,
				const struct roll_level *level,
				struct store_roll *roll, bool *more)
{
	const struct store_level_row *row = &store->levels[level->level];
	sqlite3_stmt *first = store->statements[level->first];
	int64_t until = reach(store, level), id = until;
	int result;

	*more = false;
	if (until - row->done_id < level->span_ns)
		return NULL;
	sqlite3_bind_int64(first, 1,
			   level->from_samples ? row->done_id :
						 row_of_time(row->done_id));
	result = sqlite3_step(first);
	if (result == SQLITE_ROW && sqlite3_column_type(first, 0)) {
		id = sqlite3_column_int64(first, 0);
		if (!level->from_samples)
			id = (id >> NUMBER_BITS) * (int64_t)NS_PER_SEC;
	}
	sqlite3_reset(first);
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		return sql_error(store->database, result);
	if (id > until)
		id = until;
	id -= id % level->span_ns;
	roll->span_id = id > row->done_id ? id : row->done_id;
	if (roll->span_id > row->done_id) {
		struct roll_step step = { level, roll };

		return store_transact(store, write_done, &step);
	}
	roll->next_id = level->from_samples ? row->done_id :
					      row_of_time(row->done_id);
	roll->phase = ROLL_READING;
	*more = true;
	return NULL;
}

// Rows of the span that were read, or written, without what came since.
static struct error *discard(struct store *store, void *argument)
{
	const struct roll_level *level = argument;
	struct store_level_row *row = &store->levels[level->level];
	int64_t from = row_of_time(row->done_id);
	sqlite3_stmt *sums = store->statements[level->sums];
	struct error *error = NULL;

	sqlite3_bind_int64(sums, 1, from);
	sqlite3_bind_int64(sums, 2, INT64_MAX);
	if (sqlite3_step(sums) == SQLITE_ROW) {
		row->row_count -= sqlite3_column_int64(sums, 0);
		row->bytes -= sqlite3_column_int64(sums, 1);
	} else {
		error = sql_error(store->database,
				  sqlite3_errcode(store->database));
	}
	sqlite3_reset(sums);
	if (error)
		return error;
	sqlite3_bind_int64(store->statements[level->delete], 1, from);
	sqlite3_bind_int64(store->statements[level->delete], 2, INT64_MAX);
	return sql_step(store->database, store->statements[level->delete]);
}

static struct error *begin_again(struct store *store,
				 const struct roll_level *level,
				 struct store_roll *roll)
{
	struct error *error =
		store_transact(store, discard, (void *)(uintptr_t)level);

	if (error)
		return error;
	rollup_builder_clear(&roll->builder);
	store_forget_marks(roll);
	roll->phase = ROLL_IDLE;
	roll->stale = false;
	return NULL;
}

struct error *store_discard_unfinished(struct store *store)
{
	struct error *error = NULL;

	for (size_t i = 0; !error && i < ROLL_LEVELS; i++)
		error = begin_again(store, &roll_levels[i], &store->rolls[i]);
	return error;
}

static struct error *roll_step(struct store *store,
			       const struct roll_level *level, bool *more)
{
	struct store_roll *roll = &store->rolls[level - roll_levels];

	*more = true;
	if (roll->stale)
		return begin_again(store, level, roll);
	switch (roll->phase) {
	case ROLL_IDLE:
		return begin_span(store, level, roll, more);
	case ROLL_READING:
		return read_some(store, level, roll);
	case ROLL_MERGING:
		return merge_step(store, level, roll, more);
	case ROLL_WRITING:
		return write_step(store, level, roll);
	}
	return NULL;
}

struct error *store_roll_10s(struct store *store, bool *more)
{
	return roll_step(store, &roll_levels[0], more);
}

struct error *store_roll_10min(struct store *store, bool *more)
{
	return roll_step(store, &roll_levels[1], more);
}

/*
 * A sample of a span that is done already: in each level that has the span,
 * rows of its own follow, in the transaction that writes the sample. They are
 * gathered as long as the span is the same. A span that is being read starts
 * over.
 */
static struct error *flush_late(struct store *store,
				const struct roll_level *level,
				struct store_late *late)
{
	struct error *error;

	rollup_builder_sort(&late->builder);
	error = write_rows(store, level, &late->builder, late->span_id,
			   INT32_MAX);
	rollup_builder_clear(&late->builder);
	return error;
}

static struct error *add_late(struct store *store,
			      const struct roll_level *level,
			      const struct rollup_entry *entry, int64_t id)
{
	struct store_roll *roll = &store->rolls[level - roll_levels];
	struct store_late *late = &store->late[level - roll_levels];
	int64_t span_id = id - id % level->span_ns;
	struct error *error = NULL;

	if (id >= store->levels[level->level].done_id) {
		// Of ten minutes, rows of whole ten seconds are read, so what
		// is late there is in one that may have been.
		roll->stale |= roll->phase != ROLL_IDLE &&
			       id < roll->span_id + level->span_ns &&
			       (!level->from_samples || id < roll->next_id);
		return NULL;
	}
	if (late->builder.count && (late->span_id != span_id ||
				    rollup_builder_full(&late->builder)))
		error = flush_late(store, level, late);
	late->span_id = span_id;
	if (!error && !rollup_builder_add(&late->builder, entry))
		error = &error_nomem;
	return error;
}

void store_late_begin(struct store *store)
{
	for (size_t i = 0; i < ROLL_LEVELS; i++)
		rollup_builder_clear(&store->late[i].builder);
}

struct error *store_late_add(struct store *store,
			     const struct rollup_entry *entry, int64_t id)
{
	struct error *error;

	// What no span is done of, and none is being read of, is not late.
	if (id >= store->levels[LEVEL_10S].done_id &&
	    store->rolls[0].phase == ROLL_IDLE)
		return NULL;
	error = add_late(store, &roll_levels[0], entry, id);
	if (!error && id < store->levels[LEVEL_10S].done_id)
		error = add_late(store, &roll_levels[1], entry, id);
	return error;
}

struct error *store_late_end(struct store *store)
{
	struct error *error = NULL;

	for (size_t i = 0; !error && i < ROLL_LEVELS; i++)
		if (store->late[i].builder.count)
			error = flush_late(store, &roll_levels[i],
					   &store->late[i]);
	return error;
}

void store_forget_rolls(struct store *store)
{
	for (size_t i = 0; i < STORE_ROLLS; i++) {
		rollup_builder_deinit(&store->rolls[i].builder);
		store_forget_marks(&store->rolls[i]);
		id_set_deinit(&store->rolls[i].counted);
		rollup_builder_deinit(&store->late[i].builder);
		store->rolls[i].phase = ROLL_IDLE;
	}
	id_set_deinit(&store->apart);
	id_set_deinit(&store->thread_sweep.marks);
	store->thread_sweep = (struct store_thread_sweep){ 0 };
}
