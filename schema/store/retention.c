// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "schema/sql.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

/*
 * What goes, and when: rows older than the limit of their level; over the limit
 * of bytes, the oldest of the level that has most beyond its share. Rows that
 * are not rolled up yet stay, so the newest are never touched. Pages that
 * become free are given back to the file system, but for a few that the next
 * rows take.
 */

enum {
	CHUNK_ROWS = 500, // deleted by a statement; a step makes several
	PAGES_RESERVED = 64,
	PAGES_PER_VACUUM = 16, // as STATEMENT_VACUUM says
	NUMBER_BITS = 20,
};

// A step holds the writer's lock for so long, and the end of a chunk.
#define STEP_NS (10 * NS_PER_MS)

static const struct retention {
	int64_t span_ns; // 1: rows are samples
	int share;	 // tenths of the bytes
	enum store_statement oldest, nth, sums, delete;
} retentions[LEVEL_COUNT] = {
	[LEVEL_SAMPLE] = { 1, 5, STATEMENT_FIRST_SAMPLE, STATEMENT_NTH_SAMPLE,
			   STATEMENT_SUMS_SAMPLE, STATEMENT_DELETE_SAMPLE },
	[LEVEL_10S] = { 10 * (int64_t)NS_PER_SEC, 3, STATEMENT_FIRST_10S,
			STATEMENT_NTH_10S, STATEMENT_SUMS_10S,
			STATEMENT_DELETE_10S },
	[LEVEL_10MIN] = { 600 * (int64_t)NS_PER_SEC, 2, STATEMENT_FIRST_10MIN,
			  STATEMENT_NTH_10MIN, STATEMENT_SUMS_10MIN,
			  STATEMENT_DELETE_10MIN },
};

static struct error *ask(struct store *store, enum store_statement statement,
			 int64_t argument, int64_t missing, int64_t *ret)
{
	sqlite3_stmt *row = store->statements[statement];
	int result;

	if (sqlite3_bind_parameter_count(row))
		sqlite3_bind_int64(row, 1, argument);
	result = sqlite3_step(row);
	*ret = missing;
	if (result == SQLITE_ROW &&
	    sqlite3_column_type(row, 0) != SQLITE_NULL)
		*ret = sqlite3_column_int64(row, 0);
	sqlite3_reset(row);
	return result == SQLITE_ROW || result == SQLITE_DONE ?
		       NULL :
		       sql_error(store->database, result);
}

// Rows' ids and store time.
static int64_t row_at(const struct retention *level, int64_t id)
{
	return level->span_ns == 1 ? id :
				     id / (int64_t)NS_PER_SEC << NUMBER_BITS;
}

static int64_t time_of(const struct retention *level, int64_t row)
{
	return level->span_ns == 1 ? row :
				     (row >> NUMBER_BITS) * (int64_t)NS_PER_SEC;
}

// What is before this is in the level above, or there is none.
static int64_t limit_of(const struct store *store, enum store_level level)
{
	if (level == LEVEL_10MIN)
		return store->levels[LEVEL_10MIN].done_id -
		       retentions[LEVEL_10MIN].span_ns;
	return store->levels[level + 1].done_id;
}

static int64_t old_by_age(const struct store *store, enum store_level level)
{
	const uint64_t seconds[LEVEL_COUNT] = {
		[LEVEL_SAMPLE] = store->limits.sample_seconds,
		[LEVEL_10S] = store->limits.rollup_10s_seconds,
		[LEVEL_10MIN] = store->limits.rollup_10min_seconds,
	};
	int64_t limit = limit_of(store, level), age;

	if (!seconds[level] ||
	    seconds[level] > (uint64_t)INT64_MAX / NS_PER_SEC)
		return INT64_MIN;
	age = (int64_t)(seconds[level] * NS_PER_SEC);
	if (store->now_id - age < limit)
		limit = store->now_id - age;
	return limit - limit % retentions[level].span_ns;
}

struct prune {
	const struct retention *level;
	enum store_level index;
	int64_t until;	 // store time
	int64_t rows;	 // to go at most
	bool done;	 // nothing is left before until
	int64_t deleted; // rows
};

static struct error *delete_rows(struct store *store, struct prune *prune,
				 int64_t end)
{
	struct store_level_row *level = &store->levels[prune->index];
	sqlite3_stmt *sums = store->statements[prune->level->sums];
	sqlite3_stmt *delete = store->statements[prune->level->delete];
	int64_t rows, bytes;
	int result;

	sqlite3_bind_int64(sums, 1, INT64_MIN);
	sqlite3_bind_int64(sums, 2, end);
	result = sqlite3_step(sums);
	rows = sqlite3_column_int64(sums, 0);
	bytes = sqlite3_column_int64(sums, 1);
	sqlite3_reset(sums);
	if (result != SQLITE_ROW)
		return sql_error(store->database, result);
	level->row_count -= rows;
	level->bytes -= bytes;
	prune->deleted += rows;
	sqlite3_bind_int64(delete, 1, INT64_MIN);
	sqlite3_bind_int64(delete, 2, end);
	return sql_step(store->database, delete);
}

static struct error *delete_relations(struct store *store, int64_t end)
{
	sqlite3_stmt *delete = store->statements[STATEMENT_DELETE_RELATION];

	sqlite3_bind_int64(delete, 1, end);
	return sql_step(store->database, delete);
}

// A span that is not whole any more is gone for those who read.
static void move_kept(struct store *store, const struct prune *prune,
		      int64_t end_row)
{
	struct store_level_row *level = &store->levels[prune->index];
	int64_t span = prune->level->span_ns;
	int64_t kept = time_of(prune->level, end_row);

	if (kept % span || end_row != row_at(prune->level, kept))
		kept += span - kept % span;
	if (kept > level->kept_id)
		level->kept_id = kept;
}

static struct error *delete_chunk(struct store *store, struct prune *prune)
{
	int64_t end = row_at(prune->level, prune->until), nth;
	struct error *error = ask(store, prune->level->nth, CHUNK_ROWS,
				  INT64_MAX, &nth);

	if (error)
		return error;
	prune->done = nth >= end;
	if (!prune->done)
		end = nth;
	error = delete_rows(store, prune, end);
	if (!error && prune->index == LEVEL_SAMPLE)
		error = delete_relations(store, end);
	if (!error)
		move_kept(store, prune, end);
	return error;
}

static struct error *delete_some(struct store *store, void *argument)
{
	struct prune *prune = argument;
	uint64_t start_ns = monotonic_ns();
	struct error *error = NULL;

	while (!error && !prune->done && prune->deleted < prune->rows &&
	       monotonic_ns() - start_ns < STEP_NS)
		error = delete_chunk(store, prune);
	return error;
}

static struct error *prune_level(struct store *store, enum store_level index,
				 int64_t until, int64_t rows, bool *more)
{
	struct prune prune = {
		.level = &retentions[index],
		.index = index,
		.until = until,
		.rows = rows,
	};
	struct error *error = store_transact(store, delete_some, &prune);

	*more = !error && !prune.done;
	return error;
}

static struct error *prune_by_age(struct store *store, bool *more)
{
	for (enum store_level i = 0; i < LEVEL_COUNT; i++) {
		const struct store_level_row *level = &store->levels[i];
		int64_t until = old_by_age(store, i);

		// A span that was begun goes whole.
		if (until < level->kept_id && i != LEVEL_SAMPLE)
			until = level->kept_id;
		if (until > level->kept_id || store->prune_rest[i]) {
			struct error *error = prune_level(
				store, i, until, INT64_MAX, more);

			store->prune_rest[i] = *more;
			if (error || *more)
				return error;
		}
	}
	return NULL;
}

struct error *store_used_bytes(struct store *store, int64_t *ret,
			       int64_t *ret_free)
{
	int64_t pages;
	struct error *error = ask(store, STATEMENT_PAGES, 0, 0, &pages);

	if (!error)
		error = ask(store, STATEMENT_FREE_PAGES, 0, 0, ret_free);
	*ret = pages * 4096 + (int64_t)store_log_bytes(store);
	return error;
}

// The level that goes furthest beyond its share. Where names and stacks take
// more than the levels, it is the one that reaches back longest, for its era
// goes with it.
static int choose_level(const struct store *store, int64_t used)
{
	int64_t most = 0, things = used;
	int chosen = -1;

	for (int i = 0; i < LEVEL_COUNT; i++)
		things -= store->levels[i].bytes;
	for (int i = 0; i < LEVEL_COUNT; i++) {
		const struct store_level_row *level = &store->levels[i];
		int64_t limit = limit_of(store, i);
		int64_t over = level->bytes / retentions[i].share;

		if (level->kept_id >= limit)
			continue;
		if (things > used / 2)
			over = INT64_MAX - (level->kept_id > 0 ?
						    level->kept_id :
						    0);
		if (over <= most)
			continue;
		most = over;
		chosen = i;
	}
	return chosen;
}

static struct error *prune_by_bytes(struct store *store, bool *more)
{
	int64_t used, free_pages, over;
	struct error *error = store_used_bytes(store, &used, &free_pages);
	int chosen;

	if (error || !store->limits.bytes)
		return error;
	used -= free_pages * 4096;
	over = used - (int64_t)store->limits.bytes;
	if (over <= 0)
		return NULL;
	chosen = choose_level(store, used);
	if (chosen < 0)
		return NULL;
	error = prune_level(store, chosen, limit_of(store, chosen),
			    over / STORE_SAMPLE_BYTES + 1, more);
	store->prune_rest[chosen] = *more && chosen != LEVEL_SAMPLE;
	return error;
}

struct error *store_prune(struct store *store, bool *more)
{
	struct error *error = prune_by_age(store, more);

	if (!error && !*more)
		error = prune_by_bytes(store, more);
	return error;
}

struct vacuum {
	int64_t pages; // to give back
};

static struct error *give_back(struct store *store, void *argument)
{
	struct vacuum *vacuum = argument;
	sqlite3_stmt *statement = store->statements[STATEMENT_VACUUM];
	uint64_t start_ns = monotonic_ns();

	while (vacuum->pages > 0 && monotonic_ns() - start_ns < STEP_NS) {
		int result;

		// A row for each page, or none.
		while ((result = sqlite3_step(statement)) == SQLITE_ROW)
			;
		sqlite3_reset(statement);
		if (result != SQLITE_DONE)
			return sql_error(store->database, result);
		vacuum->pages -= PAGES_PER_VACUUM;
	}
	return NULL;
}

struct error *store_vacuum(struct store *store, bool *more)
{
	int64_t used, free_pages, reserved;
	struct vacuum vacuum;
	struct error *error = store_used_bytes(store, &used, &free_pages);

	if (error)
		return error;
	reserved = used / 4096 / 50 + PAGES_RESERVED;
	if (store->limits.bytes && used > (int64_t)store->limits.bytes)
		reserved = PAGES_RESERVED;
	vacuum.pages = free_pages - reserved;
	if (vacuum.pages < PAGES_PER_VACUUM)
		return NULL;
	error = store_transact(store, give_back, &vacuum);
	*more = !error && vacuum.pages >= PAGES_PER_VACUUM;
	return error;
}
