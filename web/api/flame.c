// SPDX-License-Identifier: Apache-2.0
// The flame document, from the top down and from the bottom up.
#include "web/api/answers.h"

#include "schema/read/call_tree_view.h"
#include "schema/show/flame_json.h"

static const char *const view_words[] = { "topdown", "bottomup", NULL };
enum view { VIEW_TOPDOWN, VIEW_BOTTOMUP };

struct flame {
	struct excerpt excerpt;
	struct summary summary;
	struct call_threads threads;
	struct call_tree_limit limit;
	enum view view;
	bool lines, with_threads, grouped;
};

static struct error *take_params(struct api_call *call, struct flame *flame)
{
	uint64_t most;
	size_t view;
	struct error *error = api_select(call);

	if (!error)
		error = api_filter(call);
	if (!error)
		error = api_group(call);
	if (!error)
		error = api_grain(call);
	if (!error)
		error = api_param_nodes(call, &most);
	if (!error)
		error = api_param_word(call, "view", view_words, &view);
	if (!error)
		error = api_param_flag(call, "lines", false, &flame->lines);
	if (!error)
		error = api_param_flag(call, "threads", false,
				       &flame->with_threads);
	if (error)
		return error;
	flame->limit.most = most;
	flame->view = (enum view)view;
	flame->grouped = profile_grouping(call->profile)->count > 0;
	return NULL;
}

// Groups are what threads are put in, and lines are those of call sites.
static enum tally_by part_by(struct flame *flame)
{
	if (flame->grouped)
		flame->lines = flame->with_threads = false;
	return flame->grouped	   ? TALLY_BY_GROUP :
	       flame->with_threads ? TALLY_BY_THREAD :
				     TALLY_TOGETHER;
}

// The tree is turned over in its place: what was counted in it stays right.
static struct error *invert(struct flame *flame)
{
	struct call_tree *tree = &flame->excerpt.tree, inverted;
	struct error *error = call_tree_invert(tree, &flame->limit, &inverted);

	if (error)
		return error;
	call_tree_deinit(tree);
	*tree = inverted;
	flame->lines = flame->with_threads = false;
	return NULL;
}

// Threads are shares of call sites, so they are told before those are lost.
static struct error *shape(struct flame *flame, sqlite3 *database)
{
	struct excerpt *excerpt = &flame->excerpt;
	struct error *error;

	if (flame->view == VIEW_BOTTOMUP)
		return invert(flame);
	error = call_tree_prune(&excerpt->tree, flame->limit.most,
				&flame->limit.least_samples);
	if (!error && excerpt->tally.by == TALLY_BY_THREAD)
		error = call_threads_load(&flame->threads, &excerpt->tree,
					  database, &excerpt->tally,
					  TALLY_THREADS);
	if (!error)
		error = call_tree_compact(&excerpt->tree);
	return error;
}

static struct error *load(struct api_call *call, struct flame *flame)
{
	struct error *error;

	error = excerpt_load(&flame->excerpt, call->profile,
			     CALL_TREE_HEAVY_FIRST, part_by(flame));
	if (error)
		return error;
	error = summary_load(&flame->summary, call->profile, &flame->excerpt);
	if (!error)
		error = shape(flame, profile_database(call->profile));
	return error;
}

static void write_document(struct api_call *call, const struct flame *flame)
{
	uint64_t period = flame->excerpt.selection.events[0].period;
	enum tally_by by = flame->excerpt.tally.by;
	const struct flame_document document = {
		.tree = &flame->excerpt.tree,
		.summary = &flame->summary,
		.threads = &flame->threads,
		.least_samples = flame->limit.least_samples,
		.period = period,
		.uniform = flame_json_is_uniform(&flame->excerpt.tree, period),
		.lines = flame->lines,
		.grouping = profile_grouping(call->profile),
		.threads_left_out =
			(flame->with_threads && by != TALLY_BY_THREAD) ||
			(flame->grouped && by != TALLY_BY_GROUP),
	};
	struct json json = { .out = call->out };

	json_open(&json, NULL, '{');
	json_text(&json, "view", view_words[flame->view]);
	flame_json_write(&document, &json);
	json_close(&json, '}');
}

struct error *answer_flame(struct api_call *call)
{
	struct flame flame = { 0 };
	struct error *error = take_params(call, &flame);

	if (!error)
		error = load(call, &flame);
	if (!error)
		write_document(call, &flame);
	excerpt_deinit(&flame.excerpt);
	summary_deinit(&flame.summary);
	call_threads_deinit(&flame.threads);
	return error;
}
