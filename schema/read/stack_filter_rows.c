// SPDX-License-Identifier: Apache-2.0
// A filter, applied to the rows of a call tree: a stack's rows are its frames,
// from the root on, so what a row knows is what its caller knows and its own.
#include "schema/read/call_tree_rows.h"

#include <stdlib.h>

/* What a stack has, from its root on. */
struct stack_state {
	bool shown, hidden, of_kind;
};

struct filtering {
	const struct stack_filter *filter;	/* borrowed */
	struct stack_filter_verdict *functions; /* owned; of each */
	struct stack_state *states;		/* owned; of each row */
};

static bool judge_functions(struct filtering *filtering,
			    const struct call_tree *tree)
{
	filtering->functions =
		calloc(tree->function_count, sizeof(*filtering->functions));
	if (!filtering->functions)
		return false;
	for (size_t i = 0; i < tree->function_count; i++) {
		const struct call_function *function = &tree->functions[i];

		filtering->functions[i] = stack_filter_judge(
			filtering->filter, function->name, function->kind,
			call_tree_file(tree, function),
			call_tree_module(tree, function));
	}
	return true;
}

static bool is_left_out(const struct stack_filter *filter,
			const struct stack_state *state)
{
	return (filter->show.text && !state->shown) || state->hidden ||
	       !state->of_kind;
}

static int compare_row(const void *key, const void *member)
{
	int64_t id = *(const int64_t *)key;
	const struct call_row *row = member;

	return (id > row->id) - (id < row->id);
}

static const struct stack_state *find_above(const struct filtering *filtering,
					    const struct call_rows *rows,
					    size_t index)
{
	const struct call_row *row = &rows->rows[index], *above = NULL;

	if (row->parent_id)
		above = bsearch(&row->parent_id, rows->rows, index,
				sizeof(*above), compare_row);
	return above ? &filtering->states[above - rows->rows] : NULL;
}

static void filter_row(struct filtering *filtering, struct call_rows *rows,
		       size_t index)
{
	static const struct stack_filter_verdict nothing;
	const struct stack_state *above = find_above(filtering, rows, index);
	struct stack_state *state = &filtering->states[index];
	struct call_row *row = &rows->rows[index];
	uint32_t frame = call_ids_find(&rows->frames, row->frame_id);
	uint32_t function = frame == CALL_TREE_NONE ?
				    CALL_TREE_NONE :
				    rows->places[frame].function;
	const struct stack_filter_verdict *verdict =
		function == CALL_TREE_NONE ? &nothing :
					     &filtering->functions[function];

	if (above)
		*state = *above;
	state->shown |= verdict->shown;
	state->hidden |= verdict->hidden;
	state->of_kind |= verdict->of_kind;
	row->folded = !verdict->kept;
	row->left_out = is_left_out(filtering->filter, state);
	if (row->left_out)
		row->self = (struct call_weight){ 0 };
}

// Samples without frames are drawn as a frame of kind other.
static void filter_bare(const struct stack_filter *filter,
			struct call_weight *bare)
{
	const struct stack_filter_verdict verdict = stack_filter_judge(
		filter, CALL_TREE_BARE_NAME, STORE_OTHER, NULL, NULL);
	const struct stack_state state = {
		.shown = verdict.shown,
		.hidden = verdict.hidden,
		.of_kind = verdict.of_kind,
	};

	if (is_left_out(filter, &state))
		*bare = (struct call_weight){ 0 };
}

struct error *call_rows_filter(struct call_rows *rows,
			       const struct call_tree *tree,
			       const struct stack_filter *filter)
{
	struct filtering filtering = {
		.filter = filter,
		.states = calloc(rows->count + 1, sizeof(*filtering.states)),
	};
	struct error *error = &error_nomem;

	if (filtering.states && judge_functions(&filtering, tree)) {
		for (size_t i = 0; i < rows->count; i++)
			filter_row(&filtering, rows, i);
		filter_bare(filter, &rows->bare);
		error = NULL;
	}
	free(filtering.functions);
	free(filtering.states);
	return error;
}
