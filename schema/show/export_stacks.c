// SPDX-License-Identifier: Apache-2.0
#include "schema/show/export_stacks.h"

#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "schema/read/call_ids.h"
#include "schema/sql.h"

void export_stacks_deinit(struct export_stacks *stacks)
{
	for (size_t i = 0;
	     stacks->build_ids && i < stacks->excerpt.tree.module_count; i++)
		free(stacks->build_ids[i]);
	free(stacks->build_ids);
	export_threads_deinit(&stacks->threads);
	free(stacks->cells);
	free(stacks->frame_ids.ids);
	free(stacks->vaddrs);
	groups_deinit(&stacks->groups);
	excerpt_deinit(&stacks->excerpt);
	*stacks = (struct export_stacks){ 0 };
}

// Owned by the caller. NULL: no memory.
static char *column_text(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);
	int size = sqlite3_column_bytes(row, column);

	return text_repair(text ? text : "", text ? (size_t)size : 0);
}

static struct error *load_threads(struct export_stacks *stacks,
				  sqlite3 *database)
{
	const struct tally *tally = &stacks->excerpt.tally;
	struct id_set wanted = { 0 };
	struct error *error = NULL;

	for (size_t i = 0; !error && i < tally->count; i++)
		if (tally->entries[i].part_id > 0 &&
		    !id_set_add(&wanted, tally->entries[i].part_id))
			error = &error_nomem;
	if (!error)
		error = export_threads_load(&stacks->threads, database,
					    &wanted);
	id_set_deinit(&wanted);
	return error;
}

static bool add_cell(struct export_stacks *stacks, struct export_cell cell)
{
	if (cell.weight.samples == 0)
		return true;
	if (!array_reserve_one(stacks->cells, stacks->cell_count,
			       stacks->cell_capacity))
		return false;
	stacks->cells[stacks->cell_count++] = cell;
	return true;
}

static bool add_tally(struct export_stacks *stacks)
{
	const struct tally *tally = &stacks->excerpt.tally;
	bool apart = tally->by == TALLY_BY_THREAD;

	for (size_t i = 0; i < tally->count; i++) {
		const struct tally_entry *entry = &tally->entries[i];
		struct export_cell cell = {
			.thread = CALL_TREE_NONE,
			.site = call_ids_find(&stacks->excerpt.tree.callsites,
					      entry->callsite_id),
			.weight = { entry->samples, entry->weight },
		};

		if (apart && entry->part_id > 0)
			cell.thread = call_ids_find(&stacks->threads.ids,
						    entry->part_id);
		if (!add_cell(stacks, cell))
			return false;
	}
	return true;
}

// A recording that is too large to be read sample by sample: its sums.
static bool add_sites(struct export_stacks *stacks)
{
	const struct call_tree *tree = &stacks->excerpt.tree;
	struct export_cell bare = { CALL_TREE_NONE, CALL_TREE_NONE, { 0 } };

	for (uint32_t i = 0; i < tree->callsites.count; i++) {
		const struct call_site *site = &tree->sites[i];
		struct export_cell cell = {
			CALL_TREE_NONE, i,
			{ site->self_samples, site->self_weight }
		};

		if (!add_cell(stacks, cell))
			return false;
	}
	if (tree->bare_node)
		bare.weight = tree->nodes[tree->bare_node].self;
	return add_cell(stacks, bare);
}

// Columns: id, vaddr.
static bool take_frame(void *context, sqlite3_stmt *row)
{
	struct export_stacks *stacks = context;
	size_t index = stacks->frame_ids.count;

	if (!array_reserve((void **)&stacks->vaddrs, &stacks->vaddr_capacity,
			   index + 1, sizeof(*stacks->vaddrs)) ||
	    !call_ids_add(&stacks->frame_ids, sqlite3_column_int64(row, 0)))
		return false;
	stacks->vaddrs[index] = (uint64_t)sqlite3_column_int64(row, 1);
	return true;
}

static struct error *load_frames(struct export_stacks *stacks,
				 sqlite3 *database)
{
	const struct call_tree *tree = &stacks->excerpt.tree;
	struct id_set wanted = { 0 };
	struct error *error = NULL;

	for (size_t i = 0; !error && i < tree->callsites.count; i++)
		if (!id_set_add(&wanted, tree->sites[i].frame_id))
			error = &error_nomem;
	if (!error)
		error = call_rows_each(database,
				       "SELECT id, vaddr FROM frame WHERE id "
				       "BETWEEN ?1 AND ?2 ORDER BY id",
				       &wanted, take_frame, stacks);
	id_set_deinit(&wanted);
	return error;
}

uint64_t export_stacks_vaddr(const struct export_stacks *stacks,
			     const struct call_site *site)
{
	uint32_t index = call_ids_find(&stacks->frame_ids, site->frame_id);

	return index == CALL_TREE_NONE ? 0 : stacks->vaddrs[index];
}

// The tree tells modules by their paths; of two builds it is the later one.
static struct error *load_build_ids(struct export_stacks *stacks,
				    sqlite3 *database)
{
	const struct call_tree *tree = &stacks->excerpt.tree;
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct error *error;

	stacks->build_ids = calloc(tree->module_count + 1, sizeof(char *));
	if (!stacks->build_ids)
		return &error_nomem;
	error = sql_prepare(database,
			    "SELECT build_id FROM module WHERE path = ?1 "
			    "AND build_id IS NOT NULL ORDER BY id DESC LIMIT 1",
			    &statement);
	for (size_t i = 0; !error && i < tree->module_count; i++) {
		sqlite3_bind_text(statement, 1, tree->modules[i], -1,
				  SQLITE_STATIC);
		if (sqlite3_step(statement) == SQLITE_ROW) {
			stacks->build_ids[i] = column_text(statement, 0);
			if (!stacks->build_ids[i])
				error = &error_nomem;
		}
		sqlite3_reset(statement);
	}
	return error;
}

struct error *export_stacks_load(struct export_stacks *stacks,
				 struct profile *profile)
{
	sqlite3 *database = profile_database(profile);
	struct error *error;
	bool added;

	*stacks = (struct export_stacks){ 0 };
	// Their call sites have lines: functions need not be told apart by them.
	profile_split_lines(profile, false);
	error = excerpt_load(&stacks->excerpt, profile, CALL_TREE_HEAVY_FIRST,
			     TALLY_BY_THREAD);
	if (error)
		return error;
	stacks->grouping = *profile_grouping(profile);
	error = load_threads(stacks, database);
	if (!error && stacks->grouping.count)
		error = groups_load(&stacks->groups, database,
				    &stacks->excerpt.selection,
				    &stacks->grouping);
	if (!error) {
		added = stacks->excerpt.tally.count ? add_tally(stacks) :
						      add_sites(stacks);
		if (!added)
			error = &error_nomem;
	}
	if (!error)
		error = load_frames(stacks, database);
	if (!error)
		error = load_build_ids(stacks, database);
	if (error)
		export_stacks_deinit(stacks);
	return error;
}
