// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "schema/sql.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

enum { SAMPLE_COLUMNS = 7 };

static void bind_or_null(sqlite3_stmt *statement, int parameter, int64_t value,
			 int64_t null_value)
{
	if (value == null_value)
		sqlite3_bind_null(statement, parameter);
	else
		sqlite3_bind_int64(statement, parameter, value);
}

static int64_t row_id(int64_t base, uint32_t number)
{
	return number ? base + number : 0;
}

// As the row number @row of the statement.
static void bind_sample(const struct store *store, sqlite3_stmt *statement,
			int row, const struct store_pending_sample *sample,
			int64_t id)
{
	int first = row * SAMPLE_COLUMNS + 1;
	uint64_t period = store->events[sample->event].period;

	sqlite3_bind_int64(statement, first, id);
	sqlite3_bind_int64(statement, first + 1,
			   row_id(store->rows[TABLE_THREAD].base,
				  sample->thread));
	bind_or_null(statement, first + 2,
		     row_id(store->tree.base, sample->callsite), 0);
	sqlite3_bind_int64(statement, first + 3, sample->cpu);
	sqlite3_bind_int64(statement, first + 4,
			   store->outcome_base + sample->outcome);
	bind_or_null(statement, first + 5, (int64_t)sample->weight,
		     (int64_t)period);
	bind_or_null(statement, first + 6, id - sample->offset_ns, 0);
}

static struct error *write_relation(const struct store *store,
				    const struct store_pending_sample *sample,
				    int64_t id)
{
	sqlite3_stmt *statement = store->statements[STATEMENT_INSERT_RELATION];
	int64_t threads = store->rows[TABLE_THREAD].base;

	if (!sample->gil_holder && !sample->waker && sample->every <= 1)
		return NULL;
	sqlite3_bind_int64(statement, 1, id);
	bind_or_null(statement, 2, row_id(threads, sample->gil_holder), 0);
	bind_or_null(statement, 3, row_id(threads, sample->waker), 0);
	if (sample->every > 1)
		sqlite3_bind_int64(statement, 4, sample->every);
	else
		sqlite3_bind_null(statement, 4);
	return sql_step(store->database, statement);
}

// Beside its row, what a sample is to those who look at its id.
static struct error *after_row(struct store *store,
			       const struct store_pending_sample *sample,
			       int64_t id)
{
	const struct store_event *event = &store->events[sample->event];
	struct rollup_entry entry = {
		.event_id = sample->callsite ? event->row_id : 1,
		.thread_id = row_id(store->rows[TABLE_THREAD].base,
				    sample->thread),
		.period = event->period,
		.stack = {
			.callsite_id = row_id(store->tree.base,
					      sample->callsite),
			.samples = 1,
			.weight = sample->weight,
		},
	};
	struct error *error = write_relation(store, sample, id);

	if (error || !store->continued)
		return error;
	return store_late_add(store, &entry, id);
}

/*
 * A late sample may meet one of an earlier commit: *@id moves to the next
 * number that is free.
 */
static struct error *write_sample(struct store *store,
				  const struct store_pending_sample *sample,
				  int64_t *id)
{
	enum { NEIGHBOURS_TRIED = 16 };
	sqlite3_stmt *statement = store->statements[STATEMENT_INSERT_SAMPLE];
	struct error *error = NULL;
	int result;

	for (int tries = 0;; tries++) {
		if (tries == NEIGHBOURS_TRIED && *id <= store->last_sample_id)
			*id = store->last_sample_id + 1;
		bind_sample(store, statement, 0, sample, *id);
		result = sqlite3_step(statement);
		if (result != SQLITE_CONSTRAINT)
			break;
		sqlite3_reset(statement);
		++*id;
	}
	if (result != SQLITE_DONE)
		error = sql_error(store->database, result);
	sqlite3_reset(statement);
	return error ? error : after_row(store, sample, *id);
}

static int compare_times(const void *a, const void *b)
{
	const struct store_pending_sample *x = a, *y = b;

	return (x->offset_ns > y->offset_ns) - (x->offset_ns < y->offset_ns);
}

// Almost always they are in order; rows in order of id are appended.
static void sort_samples(struct store *store)
{
	for (size_t i = 1; i < store->sample_count; i++) {
		if (compare_times(&store->samples[i - 1], &store->samples[i]) >
		    0) {
			qsort(store->samples, store->sample_count,
			      sizeof(*store->samples), compare_times);
			return;
		}
	}
}

// The next STORE_BATCH samples, all later than what is in the file.
static struct error *write_batch(struct store *store,
				 const struct store_pending_sample *samples,
				 int64_t *last)
{
	sqlite3_stmt *statement = store->statements[STATEMENT_INSERT_SAMPLES];
	struct error *error;

	for (int i = 0; i < STORE_BATCH; i++) {
		if (samples[i].offset_ns > *last)
			*last = samples[i].offset_ns;
		else
			++*last;
		bind_sample(store, statement, i, &samples[i], *last);
		error = after_row(store, &samples[i], *last);
		if (error)
			return error;
	}
	return sql_step(store->database, statement);
}

struct error *store_write_samples(struct store *store, int64_t *ret_last_id)
{
	int64_t last = INT64_MIN, late_last = store->last_sample_id;
	struct error *error;
	size_t i = 0;

	sort_samples(store);
	store_late_begin(store);
	while (i < store->sample_count) {
		const struct store_pending_sample *sample = &store->samples[i];
		int64_t id = sample->offset_ns;

		// Before the session was the one before it.
		if (id < store->start_id)
			id = store->start_id;
		if (id > late_last && last >= late_last &&
		    store->sample_count - i >= STORE_BATCH) {
			error = write_batch(store, sample, &last);
			i += STORE_BATCH;
		} else {
			if (id <= last)
				id = last + 1;
			error = write_sample(store, sample, &id);
			last = id;
			i++;
		}
		if (error)
			return error;
	}
	*ret_last_id = last > late_last ? last : late_last;
	store->levels[LEVEL_SAMPLE].row_count += (int64_t)store->sample_count;
	store->levels[LEVEL_SAMPLE].bytes +=
		(int64_t)store->sample_count * STORE_SAMPLE_BYTES;
	return store_late_end(store);
}
