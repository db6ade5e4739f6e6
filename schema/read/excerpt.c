// SPDX-License-Identifier: Apache-2.0
#include "schema/read/excerpt.h"

#include "schema/read/call_tree_group.h"

enum {
	/* Reading more samples one by one takes longer than people wait. */
	APART_SAMPLES_MAX = 4000000,
};

void excerpt_deinit(struct excerpt *excerpt)
{
	selection_deinit(&excerpt->selection);
	tally_deinit(&excerpt->tally);
	groups_deinit(&excerpt->groups);
	call_tree_deinit(&excerpt->tree);
}

static struct error *load_tally(struct excerpt *excerpt, sqlite3 *database,
				const struct grouping *grouping,
				enum tally_by by)
{
	struct error *error;

	if (by != TALLY_BY_GROUP)
		return tally_load(&excerpt->tally, database,
				  &excerpt->selection, by);
	error = groups_load(&excerpt->groups, database, &excerpt->selection,
			    grouping);
	if (!error)
		error = tally_load_groups(&excerpt->tally, database,
					  &excerpt->selection,
					  &excerpt->groups);
	return error;
}

static struct error *load_recording(struct excerpt *excerpt, sqlite3 *database,
				    const struct grouping *grouping,
				    enum call_tree_order order, enum tally_by by)
{
	struct error *error;

	error = call_tree_load(&excerpt->tree, database, &excerpt->selection,
			       NULL, order);
	if (error || by == TALLY_TOGETHER ||
	    excerpt->tree.nodes[0].total.samples > APART_SAMPLES_MAX)
		return error;
	return load_tally(excerpt, database, grouping, by);
}

static struct error *load_selected(struct excerpt *excerpt, sqlite3 *database,
				   const struct grouping *grouping,
				   enum call_tree_order order, enum tally_by by)
{
	struct error *error;

	error = load_tally(excerpt, database, grouping, by);
	excerpt->resolution_ns = excerpt->tally.resolution_ns;
	if (!error)
		error = call_tree_load(&excerpt->tree, database,
				       &excerpt->selection, &excerpt->tally,
				       order);
	return error;
}

// Of samples without frames, those of a tree that has a node for them.
static bool is_left_out(const struct call_tree *tree, int64_t callsite_id)
{
	uint32_t site = call_ids_find(&tree->callsites, callsite_id);

	return site == CALL_TREE_NONE ? !tree->bare_node :
					tree->sites[site].left_out;
}

// What the filter took out of the tree is nobody's, either.
static void leave_out(struct tally *tally, const struct call_tree *tree)
{
	size_t kept = 0;

	for (size_t i = 0; i < tally->count; i++) {
		struct tally_entry entry = tally->entries[i];

		if (is_left_out(tree, entry.callsite_id)) {
			tally->samples -= entry.samples;
			tally->weight -= entry.weight;
		} else {
			tally->entries[kept++] = entry;
		}
	}
	tally->count = kept;
}

struct error *excerpt_load(struct excerpt *excerpt, struct profile *profile,
			   enum call_tree_order order, enum tally_by by)
{
	sqlite3 *database = profile_database(profile);
	const struct grouping *grouping = profile_grouping(profile);
	struct error *error;

	if (by == TALLY_BY_GROUP && !grouping->count)
		by = TALLY_TOGETHER;
	*excerpt = (struct excerpt){ 0 };
	error = profile_selection(profile, &excerpt->selection);
	if (!error && excerpt->selection.whole_recording)
		error = load_recording(excerpt, database, grouping, order, by);
	else if (!error)
		error = load_selected(excerpt, database, grouping, order, by);
	if (!error && excerpt->selection.stacks)
		leave_out(&excerpt->tally, &excerpt->tree);
	if (!error && excerpt->tally.by == TALLY_BY_GROUP)
		error = call_tree_group(&excerpt->tree, &excerpt->tally,
					&excerpt->groups, order);
	if (error)
		excerpt_deinit(excerpt);
	return error;
}

uint64_t excerpt_duration_ns(const struct excerpt *excerpt)
{
	const struct time_range *wall = &excerpt->selection.wall;

	return wall->until_ns > wall->from_ns ?
		       (uint64_t)(wall->until_ns - wall->from_ns) :
		       0;
}
