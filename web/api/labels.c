// SPDX-License-Identifier: Apache-2.0
// The words that filters can name, with what each would choose.
#include "web/api/answers.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "schema/read/call_tree_rows.h"
#include "schema/sql.h"
#include "web/api/label_sums.h"
#include "web/api/who.h"

enum { LIMIT_MOST = 5000 };

/* Half a million processes have few names, users and groups. */
struct words {
	struct label_sums process, thread, user, cgroup;
	struct tally users, cgroups; /* by their rows */
	const struct who *who;	     /* borrowed; both in the order of ids */
	size_t at;		     /* of who's, where the next row's is */
};

static void words_deinit(struct words *words)
{
	label_sums_deinit(&words->process);
	label_sums_deinit(&words->thread);
	label_sums_deinit(&words->user);
	label_sums_deinit(&words->cgroup);
	tally_deinit(&words->users);
	tally_deinit(&words->cgroups);
}

// NULL and the empty text name nothing.
static bool add_column(struct label_sums *sums, sqlite3_stmt *row, int column,
		       const struct call_weight *weight)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return !text || !*text || label_sums_add(sums, text, weight);
}

static bool add_row(struct tally *tally, sqlite3_stmt *row, int column,
		    const struct call_weight *weight)
{
	const struct tally_entry entry = {
		.part_id = sqlite3_column_int64(row, column),
		.samples = weight->samples,
		.weight = weight->weight,
	};

	return sqlite3_column_type(row, column) == SQLITE_NULL ||
	       tally_add(tally, &entry);
}

// Columns: id, name.
static bool take_thread(void *context, sqlite3_stmt *row)
{
	struct words *words = context;
	int64_t id = sqlite3_column_int64(row, 0);
	const struct thread_sums *threads = &words->who->threads;
	struct call_weight weight;

	while (words->at < threads->count && threads->sums[words->at].id < id)
		words->at++;
	if (words->at == threads->count)
		return true;
	weight = (struct call_weight){ threads->sums[words->at].samples,
				       threads->sums[words->at].weight };
	return add_column(&words->thread, row, 1, &weight);
}

// Columns: id, name, user_id, cgroup_id.
static bool take_process(void *context, sqlite3_stmt *row)
{
	struct words *words = context;
	const struct who *who = words->who;
	int64_t id = sqlite3_column_int64(row, 0);
	const struct call_weight *weight;

	while (words->at < who->count &&
	       who->ones[words->at].id < id)
		words->at++;
	if (words->at == who->count)
		return true;
	weight = &who->ones[words->at].weight;
	return add_column(&words->process, row, 1, weight) &&
	       add_row(&words->users, row, 2, weight) &&
	       add_row(&words->cgroups, row, 3, weight);
}

static struct error *read_threads(struct words *words, sqlite3 *database)
{
	struct id_set wanted = { .count = 0 };
	struct error *error = NULL;

	for (size_t i = 0; i < words->who->threads.count && !error; i++)
		if (!id_set_add(&wanted, words->who->threads.sums[i].id))
			error = &error_nomem;
	words->at = 0;
	if (!error)
		error = call_rows_each(database,
				       "SELECT id, name FROM thread WHERE id "
				       "BETWEEN ?1 AND ?2 ORDER BY id",
				       &wanted, take_thread, words);
	id_set_deinit(&wanted);
	return error;
}

static struct error *read_processes(struct words *words, sqlite3 *database)
{
	struct id_set wanted = { .count = 0 };
	struct error *error = NULL;

	for (size_t i = 0; i < words->who->count && !error; i++)
		if (!id_set_add(&wanted, words->who->ones[i].id))
			error = &error_nomem;
	words->at = 0;
	if (!error)
		error = call_rows_each(database,
				       "SELECT id, name, user_id, cgroup_id "
				       "FROM process WHERE id BETWEEN ?1 AND ?2 "
				       "ORDER BY id",
				       &wanted, take_process, words);
	id_set_deinit(&wanted);
	return error;
}

// The name of each row of @tally, which @sql gives.
static struct error *read_names(struct label_sums *sums, sqlite3 *database,
				const struct tally *tally, const char *sql)
{
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	struct error *error = sql_prepare(database, sql, &row);

	for (size_t i = 0; i < tally->count && !error; i++) {
		const struct tally_entry *entry = &tally->entries[i];
		const struct call_weight weight = { entry->samples,
						    entry->weight };
		int result;

		sqlite3_bind_int64(row, 1, entry->part_id);
		result = sqlite3_step(row);
		if (result == SQLITE_ROW && !add_column(sums, row, 0, &weight))
			error = &error_nomem;
		else if (result != SQLITE_ROW && result != SQLITE_DONE)
			error = sql_error(database, result);
		sqlite3_reset(row);
	}
	return error;
}

static struct error *read_words(struct words *words, sqlite3 *database)
{
	struct error *error = read_threads(words, database);

	if (!error)
		error = read_processes(words, database);
	if (!error)
		error = read_names(&words->user, database, &words->users,
				   "SELECT name FROM user WHERE id = ?1");
	// The words that name a container or a unit, else the whole path.
	if (!error)
		error = read_names(&words->cgroup, database, &words->cgroups,
				   "SELECT coalesce(container, unit, path) "
				   "FROM cgroup WHERE id = ?1");
	return error;
}

static bool write_label(struct json *json, const struct label *label)
{
	_cleanup_free_ char *value =
		text_repair(label->value, strlen(label->value));

	if (!value)
		return false;
	json_open(json, NULL, '{');
	json_text(json, "value", value);
	json_integer(json, "samples", (int64_t)label->weight.samples);
	json_integer(json, "weight", (int64_t)label->weight.weight);
	json_close(json, '}');
	return true;
}

static bool write_labels(struct json *json, const char *key,
			 struct label_sums *sums, size_t limit)
{
	bool good = true;

	label_sums_sort(sums);
	json_open(json, key, '[');
	for (size_t i = 0; i < sums->count && i < limit && good; i++)
		good = write_label(json, &sums->labels[i]);
	json_close(json, ']');
	return good;
}

static struct error *write_words(struct api_call *call,
				 const struct selection *selection,
				 struct words *words, size_t limit)
{
	struct json json = { .out = call->out };
	bool good;

	json_open(&json, NULL, '{');
	api_write_selection(&json, call, selection, 0);
	good = write_labels(&json, "process", &words->process, limit) &&
	       write_labels(&json, "thread", &words->thread, limit) &&
	       write_labels(&json, "user", &words->user, limit) &&
	       write_labels(&json, "cgroup", &words->cgroup, limit);
	json_close(&json, '}');
	return good ? NULL : &error_nomem;
}

static int compare_ids(const void *left, const void *right)
{
	const struct who_one *a = left, *b = right;

	return (a->id > b->id) - (a->id < b->id);
}

static struct error *answer(struct api_call *call,
			    const struct selection *selection, size_t limit)
{
	struct words words = { .at = 0 };
	struct who who;
	struct error *error =
		who_load_processes(&who, call->profile, selection);

	if (error)
		return error;
	words.who = &who;
	if (who.count)
		qsort(who.ones, who.count, sizeof(*who.ones),
		      compare_ids);
	error = read_words(&words, profile_database(call->profile));
	if (!error)
		error = write_words(call, selection, &words, limit);
	words_deinit(&words);
	who_deinit(&who);
	return error;
}

struct error *answer_labels(struct api_call *call)
{
	struct selection selection;
	uint64_t limit;
	struct error *error = api_select_rows(call, LIMIT_MOST, &limit);

	if (!error)
		error = profile_selection(call->profile, &selection);
	if (error)
		return error;
	error = answer(call, &selection, limit);
	selection_deinit(&selection);
	return error;
}
