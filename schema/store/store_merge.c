// SPDX-License-Identifier: Apache-2.0
#include "schema/store/store_merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "schema/sql.h"
#include "schema/store/store_parts.h"
#include "schema/store/store_statements.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/*
 * A thread that has not run for long and did little becomes, in a rollup, part
 * of one that stands for all like it, when there is another like it. It is
 * marked, so that whoever asks for it by number knows where it went.
 */

// Whoever runs for longer is told apart from then on.
#define YOUNG_NS ((int64_t)(ROLLUP_YOUNG_SECONDS * NS_PER_SEC))

enum { LIKENESS_TEXTS = 4 }; // names of thread and process, file, version

/* What threads that are counted together have in common. */
struct likeness {
	const char *text[LIKENESS_TEXTS]; /* borrowed from the statement */
	int64_t uid, cgroup_id;		  /* -1, 0: not known */
};

/* The entries of one thread and event that may go into another row. */
struct candidate {
	size_t first, end;
	int64_t thread_id;
	uint32_t kind; /* number of its likeness */
	bool is_new;   /* counted by no row yet */
};

struct merging {
	struct store *store;	 /* borrowed */
	struct store_roll *roll; /* borrowed */
	struct candidate *candidates; /* owned */
	size_t count, capacity;
	struct intern kinds;
	uint32_t *alike; /* owned; candidates of each kind */
	size_t alike_capacity;
};

static void merging_deinit(struct merging *merging)
{
	free(merging->candidates);
	free(merging->alike);
	intern_deinit(&merging->kinds);
}

// Hashed as bytes, so they must have no padding. From text 1 on it is that of
// the process.
static struct intern_key likeness_key(const struct store *store,
				      const struct likeness *likeness,
				      size_t first_text)
{
	uint64_t parts[LIKENESS_TEXTS + 1][2] = { { 0 } };
	XXH128_hash_t hash;

	for (size_t i = first_text; i < LIKENESS_TEXTS; i++) {
		if (!likeness->text[i])
			continue;
		hash = XXH3_128bits_withSeed(likeness->text[i],
					     strlen(likeness->text[i]),
					     store->seed);
		parts[i][0] = hash.low64;
		parts[i][1] = hash.high64;
	}
	parts[LIKENESS_TEXTS][0] = (uint64_t)likeness->uid;
	parts[LIKENESS_TEXTS][1] = (uint64_t)likeness->cgroup_id;
	hash = XXH3_128bits_withSeed(parts, sizeof(parts), store->seed);
	return (struct intern_key){ hash.low64, hash.high64 };
}

// Equal but for the thread's name is one process: numbers 2 and 3, which are
// in no column, say so.
static struct store_row process_row(const struct store *store,
				    const struct likeness *likeness)
{
	struct intern_key key = likeness_key(store, likeness, 1);

	return (struct store_row){
		.number = { 0, 0, (int64_t)key.low, (int64_t)key.high },
		.text = { (char *)(uintptr_t)likeness->text[1] },
	};
}

static struct store_row thread_row(int64_t process_id,
				   const struct likeness *likeness)
{
	return (struct store_row){
		.number = { process_id },
		.text = { (char *)(uintptr_t)likeness->text[0] },
	};
}

static bool has_row(const struct store *store, const struct likeness *likeness)
{
	struct store_row row = process_row(store, likeness);
	int64_t process_id = store_find_row(store, TABLE_PROCESS, &row, 0);

	row = thread_row(process_id, likeness);
	return process_id && store_find_row(store, TABLE_THREAD, &row, 1);
}

// The thread that stands for those; 0: there is no room for one more.
static int64_t make_row(struct store *store, const struct likeness *likeness)
{
	struct store_row row = process_row(store, likeness);
	size_t count = store->rows[TABLE_PROCESS].intern.count;
	int64_t process_id;

	if (count >= store->rows_max ||
	    store->rows[TABLE_THREAD].intern.count >= store->rows_max)
		return 0;
	process_id = store_intern_row(store, TABLE_PROCESS, &row, 0);
	if (!process_id)
		return 0;
	if (store->rows[TABLE_PROCESS].intern.count > count)
		store_label_alike(store, process_id,
				  &(struct store_process_labels){
					  .executable = likeness->text[2],
					  .python_version = likeness->text[3],
					  .uid = likeness->uid,
				  },
				  likeness->cgroup_id);
	row = thread_row(process_id, likeness);
	return store_intern_row(store, TABLE_THREAD, &row, 1);
}

// Columns as STATEMENT_THREAD_LIKENESS says. Texts last until it is reset.
static void take_likeness(sqlite3_stmt *row, struct likeness *ret)
{
	for (int i = 0; i < LIKENESS_TEXTS; i++)
		ret->text[i] = (const char *)sqlite3_column_text(row, 3 + i);
	ret->uid = sqlite3_column_type(row, 7) == SQLITE_NULL ?
			   -1 :
			   sqlite3_column_int64(row, 7);
	ret->cgroup_id = sqlite3_column_int64(row, 8);
}

// Of a session before, the clock was another one: then it is not known.
static bool is_young(const struct store *store, int64_t thread_id,
		     uint64_t start_ns, int64_t until_id)
{
	int64_t began;

	if (!start_ns || thread_id < store->session_first_thread_id)
		return false;
	began = store_time(store, start_ns);
	return began < until_id && began > until_id - YOUNG_NS;
}

static struct error *look_up(struct store *store, int64_t thread_id,
			     sqlite3_stmt **ret, bool *ret_found)
{
	sqlite3_stmt *row = store->statements[STATEMENT_THREAD_LIKENESS];
	int result;

	sqlite3_bind_int64(row, 1, thread_id);
	result = sqlite3_step(row);
	*ret = row;
	*ret_found = result == SQLITE_ROW;
	return result == SQLITE_ROW || result == SQLITE_DONE ?
		       NULL :
		       sql_error(store->database, result);
}

static bool add_candidate(struct merging *merging, struct candidate candidate,
			  sqlite3_stmt *row)
{
	struct likeness likeness;
	struct intern_key key;
	uint32_t before = (uint32_t)merging->kinds.count;

	take_likeness(row, &likeness);
	candidate.is_new =
		sqlite3_column_type(row, 2) == SQLITE_NULL ||
		id_set_has(&merging->roll->counted, candidate.thread_id);
	key = likeness_key(merging->store, &likeness, 0);
	candidate.kind = intern_find(&merging->kinds, key);
	if (!candidate.kind)
		candidate.kind = intern_add(&merging->kinds, key);
	if (!candidate.kind ||
	    !array_reserve((void **)&merging->alike, &merging->alike_capacity,
			   candidate.kind, sizeof(*merging->alike)) ||
	    !array_reserve_one(merging->candidates, merging->count,
			       merging->capacity))
		return false;
	// One that there is a row for already is as good as two.
	if (candidate.kind > before)
		merging->alike[candidate.kind - 1] =
			has_row(merging->store, &likeness);
	merging->alike[candidate.kind - 1]++;
	merging->candidates[merging->count++] = candidate;
	return true;
}

static struct error *consider(struct merging *merging,
			      struct candidate candidate, int64_t until_id)
{
	sqlite3_stmt *row;
	bool found;
	struct error *error = look_up(merging->store, candidate.thread_id, &row,
				      &found);

	if (!error && found && sqlite3_column_int64(row, 0) &&
	    is_young(merging->store, candidate.thread_id,
		     (uint64_t)sqlite3_column_int64(row, 1), until_id) &&
	    !add_candidate(merging, candidate, row))
		error = &error_nomem;
	sqlite3_reset(row);
	return error;
}

static uint64_t little(const struct store_merge_rule *rule, uint64_t samples)
{
	uint64_t part = samples / rule->part;

	return part < rule->least ? rule->least :
	       part > rule->most  ? rule->most :
				    part;
}

static uint64_t sum(const struct rollup_builder *builder, size_t first,
		    size_t end)
{
	uint64_t samples = 0;

	for (size_t i = first; i < end; i++)
		samples += builder->entries[i].stack.samples;
	return samples;
}

// Entries are sorted by event, then by thread.
static size_t end_of(const struct rollup_builder *builder, size_t first,
		     bool any_thread)
{
	const struct rollup_entry *entries = builder->entries;
	size_t end = first + 1;

	while (end < builder->count &&
	       entries[end].event_id == entries[first].event_id &&
	       (any_thread ||
		entries[end].thread_id == entries[first].thread_id))
		end++;
	return end;
}

static struct error *find_candidates(struct merging *merging,
				     const struct store_merge_rule *rule,
				     int64_t until_id)
{
	const struct rollup_builder *builder = &merging->roll->builder;
	size_t event_end = 0, end;
	uint64_t limit = 0;
	struct error *error = NULL;

	for (size_t i = 0; !error && i < builder->count; i = end) {
		if (i == event_end) {
			event_end = end_of(builder, i, true);
			limit = little(rule, sum(builder, i, event_end));
		}
		end = end_of(builder, i, false);
		if (sum(builder, i, end) < limit)
			error = consider(merging,
					 (struct candidate){
						 .first = i,
						 .end = end,
						 .thread_id =
							 builder->entries[i]
								 .thread_id,
					 },
					 until_id);
	}
	return error;
}

static bool move_entries(struct merging *merging,
			 const struct candidate *candidate, int64_t merged_id)
{
	struct store_roll *roll = merging->roll;
	struct rollup_entry *entries = roll->builder.entries;

	if (!array_reserve_one(roll->marks, roll->mark_count,
			       roll->mark_capacity) ||
	    (candidate->is_new &&
	     !id_set_add(&roll->counted, candidate->thread_id)))
		return false;
	for (size_t i = candidate->first; i < candidate->end; i++)
		entries[i].thread_id = merged_id;
	entries[candidate->first].threads = candidate->is_new;
	roll->marks[roll->mark_count++] = (struct store_mark){
		.thread_id = candidate->thread_id,
		.merged_id = merged_id,
	};
	return true;
}

// What it is like is read once more: that of all would be much to remember.
static struct error *merge_one(struct merging *merging,
			       const struct candidate *candidate)
{
	struct likeness likeness;
	sqlite3_stmt *row;
	int64_t merged_id = 0;
	bool found;
	struct error *error = look_up(merging->store, candidate->thread_id,
				      &row, &found);

	if (!error && found) {
		take_likeness(row, &likeness);
		merged_id = make_row(merging->store, &likeness);
	}
	sqlite3_reset(row);
	if (!error && merged_id &&
	    !move_entries(merging, candidate, merged_id))
		error = &error_nomem;
	return error;
}

struct error *store_merge_threads(struct store *store, struct store_roll *roll,
				  const struct store_merge_rule *rule,
				  int64_t until_id)
{
	struct merging merging = { .store = store, .roll = roll };
	struct error *error = find_candidates(&merging, rule, until_id);

	for (size_t i = 0; !error && i < merging.count; i++)
		if (merging.alike[merging.candidates[i].kind - 1] > 1)
			error = merge_one(&merging, &merging.candidates[i]);
	merging_deinit(&merging);
	if (!error && roll->mark_count && !rollup_builder_join(&roll->builder))
		error = &error_nomem;
	// Those that were given away are not in order any more.
	if (roll->mark_count)
		rollup_builder_sort(&roll->builder);
	return error;
}

struct error *store_mark_some(struct store *store, struct store_roll *roll,
			      int64_t until_id, int max)
{
	sqlite3_stmt *statement = store->statements[STATEMENT_MERGE_THREAD];
	struct error *error = NULL;

	while (!error && max-- > 0 && roll->mark_at < roll->mark_count) {
		const struct store_mark *mark = &roll->marks[roll->mark_at++];

		sqlite3_bind_int64(statement, 1, mark->thread_id);
		sqlite3_bind_int64(statement, 2, mark->merged_id);
		sqlite3_bind_int64(statement, 3, until_id);
		error = sql_step(store->database, statement);
	}
	return error;
}

void store_forget_marks(struct store_roll *roll)
{
	free(roll->marks);
	roll->marks = NULL;
	roll->mark_count = roll->mark_capacity = roll->mark_at = 0;
}
