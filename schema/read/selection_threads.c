// SPDX-License-Identifier: Apache-2.0
#include "schema/read/selection_threads.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "schema/rollup.h"
#include "schema/sql.h"

/* Spans before this can not be those of a thread that was merged until then:
   it was young, and they are no longer than ten minutes. */
#define MERGED_NS ((ROLLUP_YOUNG_SECONDS + 600) * (int64_t)NS_PER_SEC)

static bool is_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && digits < 18 && !text[digits];
}

// '[' begins a set for GLOB, and is itself for people.
static struct error *bind_pattern(sqlite3_stmt *statement, int parameter,
				  const char *text)
{
	char *pattern, *end;

	if (!text)
		return NULL;
	pattern = end = malloc(3 * strlen(text) + 1);
	if (!pattern)
		return &error_nomem;
	for (const char *at = text; *at; at++) {
		if (*at == '[')
			end = stpcpy(end, "[[]");
		else
			*end++ = *at;
	}
	*end = '\0';
	sqlite3_bind_text(statement, parameter, pattern, -1, free);
	if (is_number(text))
		sqlite3_bind_int64(statement, parameter + 1,
				   strtoll(text, NULL, 10));
	return NULL;
}

// Parameters: a pattern and, if it is one, the number, for each filter.
#define THREADS_SQL							\
	"SELECT thread.id, merged_id, merged_until_id FROM thread "	\
	"LEFT JOIN process ON process.id = thread.process_id "		\
	"LEFT JOIN cgroup ON cgroup.id = process.cgroup_id "		\
	"LEFT JOIN user ON user.id = process.user_id WHERE "		\
	"(?1 IS NULL OR process.pid = ?2 OR process.name GLOB ?1 "	\
	"OR process.executable GLOB ?1 "				\
	"OR process.executable GLOB '*/' || ?1) AND "			\
	"(?3 IS NULL OR thread.tid = ?4 OR thread.name GLOB ?3) AND "	\
	"(?5 IS NULL OR cgroup.path GLOB ?5 OR cgroup.path GLOB ?5 || '/*' " \
	"OR cgroup.container GLOB ?5 || '*' OR cgroup.unit GLOB ?5 "	\
	"OR cgroup.unit GLOB ?5 || '.*') AND "				\
	"(?7 IS NULL OR process.user_id = ?8 OR user.name GLOB ?7)"

/* What is of a time has threads of its era, or of a later one. */
#define SINCE_ERA							\
	" AND thread.id >= ifnull((SELECT first_thread_id FROM era "	\
	"WHERE start_id <= ?10 ORDER BY id DESC LIMIT 1), 0)"
enum { FROM_ID = 10 };

static struct error *prepare_threads(sqlite3 *database, const char *sql,
				     const struct selection_options *options,
				     sqlite3_stmt **ret)
{
	const char *const texts[] = { options->process, options->thread,
				      options->cgroup, options->user };
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct error *error = sql_prepare(database, sql, &statement);

	for (int i = 0; !error && i < 4; i++)
		error = bind_pattern(statement, 2 * i + 1, texts[i]);
	if (!error)
		*ret = take_ptr(statement);
	return error;
}

struct error *selection_prepare_thread(sqlite3 *database,
				       const struct selection_options *options,
				       sqlite3_stmt **ret)
{
	return prepare_threads(database, THREADS_SQL " AND thread.id = ?9",
			       options, ret);
}

static bool is_by_number(const struct selection_options *options)
{
	return (options->process && is_number(options->process)) ||
	       (options->thread && is_number(options->thread));
}

static struct error *nobody(const struct selection_options *options)
{
	const struct {
		const char *option, *text;
	} filters[] = {
		{ "process", options->process },
		{ "thread", options->thread },
		{ "cgroup, container or unit", options->cgroup },
		{ "user", options->user },
	};
	const char *option = NULL, *text = NULL;
	int count = 0;

	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++) {
		if (!filters[i].text)
			continue;
		option = filters[i].option;
		text = filters[i].text;
		count++;
	}
	if (count == 1)
		return error_create(ERROR_NOT_FOUND,
				    "no %s '%s' was seen; `brindle query "
				    "\"SELECT * FROM v_process\"` lists what "
				    "was%s",
				    option, text,
				    is_by_number(options) ?
					    "; of what ran for a moment long "
					    "ago only the name is kept" :
					    "");
	return error_create(ERROR_NOT_FOUND,
			    "nobody was seen whom all of the filters name");
}

/* Threads that rollups until some time count as another's. */
struct merged_threads {
	struct {
		int64_t merged_id, until_id;
	} *rows; /* owned */
	size_t count, capacity;
};

// Columns as THREADS_SQL says. @merged: NULL when nobody asks.
static bool take_thread(struct selection *selection,
			struct merged_threads *merged, sqlite3_stmt *row)
{
	if (!id_set_add(&selection->threads, sqlite3_column_int64(row, 0)))
		return false;
	if (!merged || sqlite3_column_type(row, 1) == SQLITE_NULL)
		return true;
	if (!array_reserve_one(merged->rows, merged->count, merged->capacity))
		return false;
	merged->rows[merged->count].merged_id = sqlite3_column_int64(row, 1);
	merged->rows[merged->count++].until_id = sqlite3_column_int64(row, 2);
	return true;
}

// Whoever asks by name gets those that stand for all of that name, too.
static void find_merged(struct selection *selection,
			const struct merged_threads *merged)
{
	struct selection_span *span = &selection->merged;

	for (size_t i = 0; i < merged->count; i++) {
		int64_t until = merged->rows[i].until_id;
		int64_t from = until < INT64_MIN + MERGED_NS ?
				       INT64_MIN :
				       until - MERGED_NS;

		if (id_set_has(&selection->threads, merged->rows[i].merged_id))
			continue;
		if (span->until_id <= span->from_id)
			*span = (struct selection_span){ from, until };
		if (from < span->from_id)
			span->from_id = from;
		if (until > span->until_id)
			span->until_id = until;
	}
}

static struct error *find_untold(struct selection *selection,
				 sqlite3 *database)
{
	int64_t kept_id;
	struct error *error = sql_integer(
		database, "SELECT kept_id FROM level WHERE name = 'sample'",
		&kept_id);

	if (error)
		return error;
	if (kept_id > selection->merged.until_id)
		kept_id = selection->merged.until_id;
	for (size_t i = 0; i < selection->span_count; i++)
		if (selection->spans[i].from_id < kept_id &&
		    selection->spans[i].until_id > selection->merged.from_id)
			selection->untold = true;
	return NULL;
}

static struct error *load_threads(struct selection *selection,
				  sqlite3 *database, sqlite3_stmt *row,
				  bool by_number)
{
	struct merged_threads merged = { .count = 0 };
	struct error *error = NULL;
	int result;

	while ((result = sqlite3_step(row)) == SQLITE_ROW && !error)
		if (!take_thread(selection, by_number ? &merged : NULL, row))
			error = &error_nomem;
	if (!error && result != SQLITE_DONE)
		error = sql_error(database, result);
	find_merged(selection, &merged);
	free(merged.rows);
	return error;
}

// Nobody in the range may be somebody before it.
static struct error *check_seen(sqlite3 *database,
				const struct selection_options *options)
{
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error = prepare_threads(
		database, THREADS_SQL " LIMIT 1", options, &row);
	int result;

	if (error)
		return error;
	result = sqlite3_step(row);
	if (result == SQLITE_DONE)
		return nobody(options);
	return result == SQLITE_ROW ? NULL : sql_error(database, result);
}

struct error *selection_load_threads(struct selection *selection,
				     sqlite3 *database,
				     const struct selection_options *options)
{
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error;

	selection->any_thread = !options->process && !options->thread &&
				!options->cgroup && !options->user;
	if (selection->any_thread)
		return NULL;
	error = prepare_threads(database, THREADS_SQL SINCE_ERA, options, &row);
	if (!error && selection->span_count)
		sqlite3_bind_int64(row, FROM_ID, selection->spans[0].from_id);
	if (!error)
		error = load_threads(selection, database, row,
				     is_by_number(options));
	if (!error && !selection->threads.count)
		error = check_seen(database, options);
	if (!error && selection->merged.until_id > selection->merged.from_id)
		error = find_untold(selection, database);
	return error;
}
