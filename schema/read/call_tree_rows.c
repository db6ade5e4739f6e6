// SPDX-License-Identifier: Apache-2.0
#include "schema/read/call_tree_rows.h"

#include <stdlib.h>

#include "base/array.h"
#include "schema/sql.h"

struct loader {
	struct call_rows *rows; /* borrowed */
	struct id_set callsites, frames, functions;
	struct call_ids function_ids;
	uint32_t *aliases; /* owned; of each of function_ids */
	struct {
		int64_t function_id, status;
		uint32_t line;
	} *places; /* owned; of each frame, until functions are known */
	size_t place_count, place_capacity;
};

static void loader_deinit(struct loader *loader)
{
	id_set_deinit(&loader->callsites);
	id_set_deinit(&loader->frames);
	id_set_deinit(&loader->functions);
	free(loader->function_ids.ids);
	free(loader->aliases);
	free(loader->places);
}

void call_rows_deinit(struct call_rows *rows)
{
	free(rows->rows);
	free(rows->frames.ids);
	free(rows->places);
	*rows = (struct call_rows){ 0 };
}

static uint64_t count_of(int64_t count)
{
	return count > 0 ? (uint64_t)count : 0;
}

// Columns: id, parent_id, frame_id, and for a whole recording the sums.
static bool take_callsite(struct loader *loader, sqlite3_stmt *statement,
			  bool with_sums)
{
	struct call_rows *rows = loader->rows;
	struct call_row row = {
		.id = sqlite3_column_int64(statement, 0),
		.parent_id = sqlite3_column_int64(statement, 1),
		.frame_id = sqlite3_column_int64(statement, 2),
	};

	if (row.id < 1 || row.parent_id < 0 || row.parent_id >= row.id)
		return true;
	if (with_sums) {
		row.self.samples = count_of(sqlite3_column_int64(statement, 3));
		row.self.weight = count_of(sqlite3_column_int64(statement, 4));
	}
	if (!id_set_add(&loader->frames, row.frame_id) ||
	    !array_reserve_one(rows->rows, rows->count, rows->capacity))
		return false;
	rows->rows[rows->count++] = row;
	return true;
}

static bool take_with_callers(void *context, sqlite3_stmt *statement)
{
	struct loader *loader = context;
	int64_t id = sqlite3_column_int64(statement, 0);
	int64_t parent_id = sqlite3_column_int64(statement, 1);

	if (parent_id > 0 && parent_id < id &&
	    !id_set_add(&loader->callsites, parent_id))
		return false;
	return take_callsite(loader, statement, false);
}

static void reverse(struct call_rows *rows)
{
	for (size_t i = 0; i < rows->count / 2; i++) {
		struct call_row row = rows->rows[i];

		rows->rows[i] = rows->rows[rows->count - 1 - i];
		rows->rows[rows->count - 1 - i] = row;
	}
}

// A caller's id is smaller, so from the last id down all callers are known when
// their turn comes, and those of one neighbourhood are read together.
static struct error *load_seen(struct loader *loader, sqlite3 *database,
			       const struct tally *tally)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct id_run run = { INT64_MAX, INT64_MAX };
	struct error *error;

	for (size_t i = 0; i < tally->count; i++)
		if (tally->entries[i].callsite_id > 0 &&
		    !id_set_add(&loader->callsites,
				tally->entries[i].callsite_id))
			return &error_nomem;
	error = sql_prepare(database,
			    "SELECT id, parent_id, frame_id FROM callsite "
			    "WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC",
			    &statement);
	while (!error &&
	       id_set_previous_run(&loader->callsites, run.from - 1, &run))
		error = call_rows_each_of_run(statement, run,
					      &loader->callsites,
					      take_with_callers, loader);
	reverse(loader->rows);
	return error;
}

static int compare_row(const void *key, const void *member)
{
	int64_t id = *(const int64_t *)key;
	const struct call_row *row = member;

	return (id > row->id) - (id < row->id);
}

// A call site that was pruned since, or never was, leaves its samples without
// frames.
static void spread_tally(struct call_rows *rows, const struct tally *tally)
{
	for (size_t i = 0; i < tally->count; i++) {
		const struct tally_entry *entry = &tally->entries[i];
		struct call_row *row = NULL;
		struct call_weight *weight;

		if (rows->count)
			row = bsearch(&entry->callsite_id, rows->rows,
				      rows->count, sizeof(*row), compare_row);
		weight = row ? &row->self : &rows->bare;
		weight->samples += entry->samples;
		weight->weight += entry->weight;
	}
}

// A caller comes first, so one sweep from the end carries all weights up.
static void sum_rows(struct call_rows *rows)
{
	for (size_t i = rows->count; i-- > 0;) {
		struct call_row *row = &rows->rows[i], *above = NULL;

		row->total.samples += row->self.samples;
		row->total.weight += row->self.weight;
		if (row->parent_id)
			above = bsearch(&row->parent_id, rows->rows, i,
					sizeof(*above), compare_row);
		if (!above)
			continue;
		above->total.samples += row->total.samples;
		above->total.weight += row->total.weight;
	}
}

static bool is_event(const struct selection *selection, int64_t event_id)
{
	for (size_t i = 0; i < selection->event_count; i++)
		if (selection->events[i].id == event_id)
			return true;
	return false;
}

static struct error *load_bare(struct call_rows *rows, sqlite3 *database,
			       uint64_t period)
{
	static const char sql[] =
		"SELECT count(*), sum(ifnull(weight, ?1)) FROM sample "
		"WHERE callsite_id IS NULL";
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct error *error = sql_prepare(database, sql, &statement);
	int result;

	if (error)
		return error;
	sqlite3_bind_int64(statement, 1, (int64_t)period);
	result = sqlite3_step(statement);
	if (result != SQLITE_ROW)
		return sql_error(database, result);
	rows->bare.samples = count_of(sqlite3_column_int64(statement, 0));
	rows->bare.weight = count_of(sqlite3_column_int64(statement, 1));
	return NULL;
}

static struct error *load_all(struct loader *loader, sqlite3 *database,
			      const struct selection *selection)
{
	static const char sql[] =
		"SELECT id, parent_id, frame_id, self_samples, self_ns, "
		"event_id FROM callsite ORDER BY id";
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct error *error = sql_prepare(database, sql, &statement);
	int result;

	if (error)
		return error;
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		if (!is_event(selection, sqlite3_column_int64(statement, 5)))
			continue;
		if (!take_callsite(loader, statement, true))
			return &error_nomem;
	}
	if (result != SQLITE_DONE)
		return sql_error(database, result);
	if (!selection->bare_samples)
		return NULL;
	return load_bare(loader->rows, database, selection->events[0].period);
}

// Columns: id, function_id, status_id, line.
static bool take_frame(void *context, sqlite3_stmt *row)
{
	struct loader *loader = context;
	int64_t line = sqlite3_column_int64(row, 3);

	if (!call_ids_add(&loader->rows->frames,
			  sqlite3_column_int64(row, 0)) ||
	    !array_reserve_one(loader->places, loader->place_count,
			       loader->place_capacity) ||
	    !id_set_add(&loader->functions, sqlite3_column_int64(row, 1)))
		return false;
	loader->places[loader->place_count].function_id =
		sqlite3_column_int64(row, 1);
	loader->places[loader->place_count].status =
		sqlite3_column_int64(row, 2);
	loader->places[loader->place_count++].line =
		line > 0 && line < UINT32_MAX ? (uint32_t)line : 0;
	return true;
}

// A frame of no function is none.
static struct error *make_places(struct loader *loader, struct call_tree *tree)
{
	struct call_rows *rows = loader->rows;

	rows->places = calloc(loader->place_count + 1, sizeof(*rows->places));
	if (!rows->places)
		return &error_nomem;
	for (size_t i = 0; i < loader->place_count; i++) {
		int64_t status = loader->places[i].status;
		struct call_place *place = &rows->places[i];
		uint32_t index = call_ids_find(&loader->function_ids,
					       loader->places[i].function_id);

		place->function = index == CALL_TREE_NONE ?
					  CALL_TREE_NONE :
					  loader->aliases[index];
		if (index == CALL_TREE_NONE)
			continue;
		place->line = loader->places[i].line;
		place->doubtful = status != STORE_EXACT &&
				  status != STORE_PROVEN;
		place->unproven = status == STORE_UNPROVEN;
		place->proven = status == STORE_PROVEN;
		place->python = tree->functions[place->function].kind ==
				STORE_PYTHON;
		if (status == STORE_UNRESOLVED)
			tree->functions[place->function].unresolved = true;
	}
	return NULL;
}

static struct error *load(struct loader *loader, struct call_tree *tree,
			  sqlite3 *database, const struct selection *selection,
			  const struct tally *tally, enum call_tree_order order)
{
	struct error *error;

	if (!call_tree_add_function(tree, "all"))
		return &error_nomem;
	if (tally)
		error = load_seen(loader, database, tally);
	else
		error = load_all(loader, database, selection);
	if (!error)
		error = call_rows_each(database,
				       "SELECT id, function_id, status_id, line"
				       " FROM frame WHERE id BETWEEN ?1 AND ?2 "
				       "ORDER BY id",
				       &loader->frames, take_frame, loader);
	if (!error)
		error = call_functions_load(tree, database, &loader->functions,
					    order, &loader->function_ids,
					    &loader->aliases);
	if (!error)
		error = make_places(loader, tree);
	if (error)
		return error;
	if (tally)
		spread_tally(loader->rows, tally);
	if (selection->stacks)
		error = call_rows_filter(loader->rows, tree, selection->stacks);
	sum_rows(loader->rows);
	return error;
}

struct error *call_rows_load(struct call_rows *rows, struct call_tree *tree,
			     sqlite3 *database,
			     const struct selection *selection,
			     const struct tally *tally,
			     enum call_tree_order order)
{
	struct loader loader = { .rows = rows };
	struct error *error;

	*rows = (struct call_rows){ 0 };
	error = sql_run(database, "BEGIN");
	if (error)
		return error;
	error = load(&loader, tree, database, selection, tally, order);
	error_destroy(sql_run(database, "COMMIT"));
	loader_deinit(&loader);
	if (error)
		call_rows_deinit(rows);
	return error;
}
