// SPDX-License-Identifier: Apache-2.0
#include "schema/read/excerpt.h"

enum {
	/* Reading more samples one by one takes longer than people wait. */
	APART_SAMPLES_MAX = 4000000,
};

void excerpt_deinit(struct excerpt *excerpt)
{
	selection_deinit(&excerpt->selection);
	tally_deinit(&excerpt->tally);
	call_tree_deinit(&excerpt->tree);
}

static struct error *load_recording(struct excerpt *excerpt, sqlite3 *database,
				    enum call_tree_order order, enum tally_by by)
{
	struct error *error;

	error = call_tree_load(&excerpt->tree, database, &excerpt->selection,
			       NULL, order);
	if (error || by == TALLY_TOGETHER ||
	    excerpt->tree.nodes[0].total.samples > APART_SAMPLES_MAX)
		return error;
	return tally_load(&excerpt->tally, database, &excerpt->selection, by);
}

static struct error *load_selected(struct excerpt *excerpt, sqlite3 *database,
				   enum call_tree_order order, enum tally_by by)
{
	struct error *error;

	error = tally_load(&excerpt->tally, database, &excerpt->selection, by);
	excerpt->resolution_ns = excerpt->tally.resolution_ns;
	if (!error)
		error = call_tree_load(&excerpt->tree, database,
				       &excerpt->selection, &excerpt->tally,
				       order);
	return error;
}

struct error *excerpt_load(struct excerpt *excerpt, struct profile *profile,
			   enum call_tree_order order, enum tally_by by)
{
	sqlite3 *database = profile_database(profile);
	struct error *error;

	*excerpt = (struct excerpt){ 0 };
	error = profile_selection(profile, &excerpt->selection);
	if (!error && excerpt->selection.whole_recording)
		error = load_recording(excerpt, database, order, by);
	else if (!error)
		error = load_selected(excerpt, database, order, by);
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
