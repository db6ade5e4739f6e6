// SPDX-License-Identifier: Apache-2.0
#include "schema/read/same_rows.h"

#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "schema/read/call_ids.h"
#include "schema/sql.h"

/* Some ids of each table are of each era: those from these on. */
struct era {
	int64_t first_id;
	int64_t boot; /* a number for each run of a kernel */
};

/* What tells one from another, in the order of comparison. */
enum { KEY_BOOT, KEY_PID, KEY_START, KEY_TID, KEY_THREAD_START, KEY_NAME, KEYS };

struct candidate {
	int64_t keys[KEYS];
	int64_t id;
	size_t era;
};

struct gathering {
	struct era *eras; /* owned; ascending */
	size_t era_count, era_capacity;
	size_t at; /* era of the row that was read last */
	struct candidate *candidates; /* owned */
	size_t count, capacity;
};

static void gathering_deinit(struct gathering *gathering)
{
	free(gathering->eras);
	free(gathering->candidates);
}

void same_rows_deinit(struct same_rows *same)
{
	free(same->rows);
	*same = (struct same_rows){ 0 };
}

static bool take_era(void *context, sqlite3_stmt *row)
{
	struct gathering *gathering = context;

	if (!array_reserve_one(gathering->eras, gathering->era_count,
			       gathering->era_capacity))
		return false;
	gathering->eras[gathering->era_count++] = (struct era){
		.first_id = sqlite3_column_int64(row, 0),
		.boot = sqlite3_column_int64(row, 1),
	};
	return true;
}

static struct error *read_eras(struct gathering *gathering, sqlite3 *database,
			       const char *sql)
{
	_cleanup_statement_ sqlite3_stmt *rows = NULL;
	struct error *error = sql_prepare(database, sql, &rows);

	return error ? error : sql_rows(rows, take_era, gathering);
}

// The one of @id, behind that of a row before it.
static size_t find_era(const struct gathering *gathering, size_t at, int64_t id)
{
	while (at + 1 < gathering->era_count &&
	       gathering->eras[at + 1].first_id <= id)
		at++;
	return at;
}

// Most ranges are of one era, where there is nothing to look for.
static bool are_of_one_era(const struct gathering *gathering,
			   const struct id_set *wanted)
{
	struct id_run first, last;

	return gathering->era_count < 2 ||
	       !id_set_next_run(wanted, 0, &first) ||
	       !id_set_previous_run(wanted, INT64_MAX, &last) ||
	       find_era(gathering, 0, first.from) ==
		       find_era(gathering, 0, last.until);
}

// Columns: id, pid, start of the process, tid, start of the thread, name.
static bool take_row(void *context, sqlite3_stmt *row)
{
	struct gathering *gathering = context;
	int64_t id = sqlite3_column_int64(row, 0);
	struct candidate *candidate;
	const unsigned char *name;

	// One whose start nobody saw cannot be told from another of its pid.
	if (!sqlite3_column_int64(row, 2))
		return true;
	if (!array_reserve_one(gathering->candidates, gathering->count,
			       gathering->capacity))
		return false;
	gathering->at = find_era(gathering, gathering->at, id);
	candidate = &gathering->candidates[gathering->count++];
	*candidate = (struct candidate){ .id = id, .era = gathering->at };
	candidate->keys[KEY_BOOT] = gathering->eras[gathering->at].boot;
	for (int i = KEY_PID; i < KEY_NAME; i++)
		candidate->keys[i] = sqlite3_column_int64(row, i);
	name = sqlite3_column_text(row, KEY_NAME);
	if (name)
		candidate->keys[KEY_NAME] = (int64_t)XXH3_64bits(
			name, (size_t)sqlite3_column_bytes(row, KEY_NAME));
	return true;
}

static int compare_keys(const struct candidate *a, const struct candidate *b)
{
	for (int i = 0; i < KEYS; i++)
		if (a->keys[i] != b->keys[i])
			return a->keys[i] < b->keys[i] ? -1 : 1;
	return 0;
}

static int compare_candidates(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	int order = compare_keys(a, b);

	return order ? order : (a->id > b->id) - (a->id < b->id);
}

static int compare_rows(const void *left, const void *right)
{
	const struct same_row *a = left, *b = right;

	return (a->id > b->id) - (a->id < b->id);
}

// From the last to the first, so that each learns the latest of its chain.
static bool pair(struct same_rows *same, const struct gathering *gathering)
{
	const struct candidate *next = NULL;
	int64_t latest = 0;

	for (size_t i = gathering->count; i-- > 0;) {
		const struct candidate *one = &gathering->candidates[i];

		if (!next || compare_keys(one, next) || one->era == next->era) {
			latest = one->id;
		} else {
			if (!array_reserve_one(same->rows, same->count,
					       same->capacity))
				return false;
			same->rows[same->count++] =
				(struct same_row){ one->id, latest };
		}
		next = one;
	}
	if (same->count)
		qsort(same->rows, same->count, sizeof(*same->rows),
		      compare_rows);
	return true;
}

static struct error *load(struct same_rows *same, sqlite3 *database,
			  const struct id_set *wanted, const char *eras_sql,
			  const char *rows_sql)
{
	struct gathering gathering = { .count = 0 };
	struct error *error;

	*same = (struct same_rows){ 0 };
	error = read_eras(&gathering, database, eras_sql);
	if (!error && !are_of_one_era(&gathering, wanted))
		error = call_rows_each(database, rows_sql, wanted, take_row,
				       &gathering);
	if (!error && gathering.count)
		qsort(gathering.candidates, gathering.count,
		      sizeof(*gathering.candidates), compare_candidates);
	if (!error && !pair(same, &gathering))
		error = &error_nomem;
	gathering_deinit(&gathering);
	if (error)
		same_rows_deinit(same);
	return error;
}

// Sessions of one boot are those that say so; where it is not known, each is
// taken for another.
#define ERAS(first)							\
	"SELECT e." first ", (SELECT min(b.id) FROM session AS b WHERE "	\
	"b.id = s.id OR b.boot_id = s.boot_id) FROM era AS e "		\
	"JOIN session AS s ON s.id = e.session_id ORDER BY e.id"

struct error *same_rows_of_processes(struct same_rows *same, sqlite3 *database,
				     const struct id_set *wanted)
{
	return load(same, database, wanted, ERAS("first_process_id"),
		    "SELECT id, pid, start_ns, 0, 0, '' FROM process "
		    "WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
}

struct error *same_rows_of_threads(struct same_rows *same, sqlite3 *database,
				   const struct id_set *wanted)
{
	return load(same, database, wanted, ERAS("first_thread_id"),
		    "SELECT t.id, p.pid, p.start_ns, t.tid, t.start_ns, t.name "
		    "FROM thread AS t JOIN process AS p ON p.id = t.process_id "
		    "WHERE t.id BETWEEN ?1 AND ?2 ORDER BY t.id");
}

int64_t same_rows_latest(const struct same_rows *same, int64_t id)
{
	const struct same_row key = { .id = id };
	const struct same_row *found = NULL;

	if (same->count)
		found = bsearch(&key, same->rows, same->count, sizeof(key),
				compare_rows);
	return found ? found->latest_id : id;
}
