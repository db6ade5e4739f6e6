// SPDX-License-Identifier: Apache-2.0
#include "daemon/top/top_names.h"

#include <string.h>

#include "base/array.h"
#include "schema/sql.h"

enum { DEPTH_MAX = 65536 }; // frames of one stack

static const char thread_sql[] =
	"SELECT thread.tid, thread.name, process.id, process.pid, process.name "
	"FROM thread JOIN process ON process.id = thread.process_id "
	"WHERE thread.id = ?1";
static const char callsite_sql[] =
	"SELECT c.parent_id, frame.function_id FROM callsite AS c "
	"JOIN frame ON frame.id = c.frame_id WHERE c.id = ?1";
static const char function_sql[] =
	"SELECT f.kind_id, f.name, ifnull(source_file.path, module.path), "
	"ifnull(f.first_line, 0) FROM function AS f "
	"LEFT JOIN source_file ON source_file.id = f.source_file_id "
	"LEFT JOIN module ON module.id = f.module_id WHERE f.id = ?1";

void top_names_deinit(struct top_names *names)
{
	sqlite3_finalize(names->thread);
	sqlite3_finalize(names->chosen);
	sqlite3_finalize(names->callsite);
	sqlite3_finalize(names->function);
	free(names->thread_polls);
	memset(names, 0, sizeof(*names));
}

struct error *top_names_init(struct top_names *names, sqlite3 *database,
			     const struct selection_options *options)
{
	struct error *error;

	*names = (struct top_names){
		.database = database,
		.any_thread = !options->process && !options->thread &&
			      !options->cgroup && !options->user,
	};
	error = sql_prepare(database, thread_sql, &names->thread);
	if (!error)
		error = sql_prepare(database, callsite_sql, &names->callsite);
	if (!error)
		error = sql_prepare(database, function_sql, &names->function);
	if (!error)
		error = selection_prepare_thread(database, options,
						 &names->chosen);
	return error;
}

void top_names_renew(struct top_names *names)
{
	names->poll++;
}

// Steps to the one row of @id. SQLITE_DONE: there is none, as in a file that
// somebody else made.
static struct error *step(struct top_names *names, sqlite3_stmt *statement,
			  int parameter, int64_t id, bool *ret_found)
{
	int result;

	sqlite3_reset(statement);
	sqlite3_bind_int64(statement, parameter, id);
	result = sqlite3_step(statement);
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		return sql_error(names->database, result);
	*ret_found = result == SQLITE_ROW;
	return NULL;
}

static struct error *is_chosen(struct top_names *names, int64_t id, bool *ret)
{
	struct error *error;

	*ret = true;
	if (names->any_thread)
		return NULL;
	error = step(names, names->chosen, SELECTION_THREAD_ID, id, ret);
	sqlite3_reset(names->chosen);
	return error;
}

static const char *text(sqlite3_stmt *row, int column)
{
	return (const char *)sqlite3_column_text(row, column);
}

static struct error *load_thread(struct top_names *names,
				 struct top_model *model, int64_t id,
				 uint32_t *ret)
{
	sqlite3_stmt *row = names->thread;
	struct error *error;
	bool found = false, chosen;
	uint32_t process;

	error = is_chosen(names, id, &chosen);
	if (!error)
		error = step(names, row, 1, id, &found);
	*ret = TOP_NONE;
	if (error || !found)
		return error;
	process = top_model_process(model, sqlite3_column_int64(row, 2),
				    (pid_t)sqlite3_column_int64(row, 3),
				    text(row, 4));
	if (process != TOP_NONE)
		*ret = top_model_thread(model, id, process,
					(pid_t)sqlite3_column_int64(row, 0),
					text(row, 1), chosen);
	sqlite3_reset(row);
	return NULL;
}

struct error *top_names_thread(struct top_names *names,
			       struct top_model *model, int64_t id,
			       uint32_t *ret)
{
	uint32_t place = top_model_find_thread(model, id);
	struct error *error;

	if (place != TOP_NONE && place < names->thread_capacity &&
	    names->thread_polls[place] == names->poll + 1) {
		*ret = place;
		return NULL;
	}
	error = load_thread(names, model, id, &place);
	if (error)
		return error;
	*ret = place;
	if (place == TOP_NONE)
		return NULL;
	if (place >= names->thread_capacity) {
		size_t old = names->thread_capacity;

		if (!array_reserve((void **)&names->thread_polls,
				   &names->thread_capacity, place + 1,
				   sizeof(*names->thread_polls)))
			return &error_nomem;
		memset(names->thread_polls + old, 0,
		       (names->thread_capacity - old) *
			       sizeof(*names->thread_polls));
	}
	names->thread_polls[place] = names->poll + 1;
	return NULL;
}

static struct error *load_function(struct top_names *names,
				   struct top_model *model, int64_t id,
				   uint32_t *ret)
{
	sqlite3_stmt *row = names->function;
	struct top_function function = { .kind = STORE_OTHER };
	struct error *error;
	int64_t kind;
	bool found = false;

	*ret = top_model_find_function(model, id);
	if (*ret != TOP_NONE)
		return NULL;
	*ret = TOP_NO_STACK;
	error = step(names, row, 1, id, &found);
	if (error || !found)
		return error;
	kind = sqlite3_column_int64(row, 0);
	if (kind >= STORE_PYTHON && kind <= STORE_OTHER)
		function.kind = (enum store_kind)kind;
	function.name = (char *)text(row, 1);
	function.place = (char *)text(row, 2);
	function.first_line = (uint32_t)sqlite3_column_int64(row, 3);
	*ret = top_model_function(model, id, &function);
	sqlite3_reset(row);
	return NULL;
}

struct step {
	int64_t id, function_id;
};

struct path {
	struct step *items;
	size_t count, capacity;
};

static void path_deinit(struct path *path)
{
	free(path->items);
}

// Up to an ancestor that the model knows, which is *@id then, or to the root.
static struct error *climb(struct top_names *names,
			   const struct top_model *model, int64_t *id,
			   struct path *path)
{
	sqlite3_stmt *row = names->callsite;
	struct error *error;
	bool found = false;

	while (*id && top_model_find_callsite(model, *id) == TOP_NONE) {
		int64_t parent;

		error = step(names, row, 1, *id, &found);
		if (error)
			return error;
		if (!found || path->count == DEPTH_MAX)
			break;
		if (!array_reserve_one(path->items, path->count,
				       path->capacity))
			return &error_nomem;
		path->items[path->count++] = (struct step){
			*id, sqlite3_column_int64(row, 1)
		};
		parent = sqlite3_column_int64(row, 0);
		// Asked for, so that no file makes the climb endless.
		*id = parent < *id ? parent : 0;
	}
	sqlite3_reset(row);
	return NULL;
}

struct error *top_names_callsite(struct top_names *names,
				 struct top_model *model, int64_t id,
				 uint32_t *ret)
{
	_cleanup_(path_deinit) struct path path = { 0 };
	uint32_t place = TOP_NONE, function;
	struct error *error;

	error = climb(names, model, &id, &path);
	if (error)
		return error;
	if (id)
		place = top_model_find_callsite(model, id);
	while (path.count > 0) {
		const struct step *step = &path.items[--path.count];

		error = load_function(names, model, step->function_id,
				      &function);
		if (error)
			return error;
		if (function == TOP_NONE)
			function = TOP_NO_STACK;
		place = top_model_callsite(model, step->id, place, function);
		if (place == TOP_NONE)
			break;
	}
	*ret = place;
	return NULL;
}
