// SPDX-License-Identifier: Apache-2.0
// One function: who calls it, and what it calls.
#include "web/api/answers.h"

#include <stdlib.h>
#include <string.h>

#include "schema/read/call_tree_view.h"
#include "schema/show/flame_json.h"

/* Which function is meant; NULL: any. */
struct wanted {
	const char *name, *kind, *file, *module;
};

static bool is_text(const char *wanted, const char *text)
{
	return !wanted || strcmp(wanted, text ? text : "") == 0;
}

static bool is_wanted(const struct wanted *wanted,
		      const struct call_tree *tree, uint32_t index)
{
	const struct call_function *function = &tree->functions[index];

	return strcmp(wanted->name, function->name) == 0 &&
	       is_text(wanted->kind, call_kind_name(function->kind)) &&
	       is_text(wanted->file, call_tree_file(tree, function)) &&
	       is_text(wanted->module, call_tree_module(tree, function));
}

// The heaviest of those that are meant; CALL_TREE_NONE: there is none.
static uint32_t find(const struct wanted *wanted, const struct call_tree *tree,
		     const struct call_sum *sums, size_t *ret_others)
{
	uint32_t best = CALL_TREE_NONE;

	*ret_others = 0;
	for (uint32_t i = 1; i < tree->function_count; i++) {
		if (!sums[i].total.samples || !is_wanted(wanted, tree, i))
			continue;
		*ret_others += best != CALL_TREE_NONE;
		if (best == CALL_TREE_NONE ||
		    sums[i].total.samples > sums[best].total.samples)
			best = i;
	}
	return best;
}

static void write_tree(struct json *json, const char *key,
		       const struct call_tree *tree, uint64_t least_samples,
		       uint64_t period)
{
	const struct flame_document document = {
		.tree = tree,
		.least_samples = least_samples,
		.period = period,
		.uniform = flame_json_is_uniform(tree, period),
	};

	json_open(json, key, '{');
	flame_json_write(&document, json);
	json_close(json, '}');
}

typedef struct error *(*view_fn)(const struct call_tree *tree,
				 uint32_t function,
				 struct call_tree_limit *limit,
				 struct call_tree *ret);

static struct error *write_view(struct json *json, const char *key,
				const struct excerpt *excerpt,
				uint32_t function, size_t most, view_fn view)
{
	struct call_tree_limit limit = { .most = most };
	struct call_tree tree;
	struct error *error = view(&excerpt->tree, function, &limit, &tree);

	if (error)
		return error;
	write_tree(json, key, &tree, limit.least_samples,
		   excerpt->selection.events[0].period);
	call_tree_deinit(&tree);
	return NULL;
}

static struct error *write_sandwich(struct api_call *call,
				    const struct excerpt *excerpt,
				    const struct wanted *wanted, size_t most)
{
	const struct call_tree *tree = &excerpt->tree;
	_cleanup_free_ struct call_sum *sums = call_tree_sum_functions(tree);
	struct json json = { .out = call->out };
	struct error *error;
	uint32_t function;
	size_t others;

	if (!sums)
		return &error_nomem;
	function = find(wanted, tree, sums, &others);
	if (function == CALL_TREE_NONE)
		return error_create(ERROR_NOT_FOUND,
				    "no function '%s' was seen in what is "
				    "selected", wanted->name);
	json_open(&json, NULL, '{');
	api_write_selection(&json, call, &excerpt->selection,
			    excerpt->resolution_ns);
	api_write_weight(&json, "all", &tree->nodes[0].total);
	json_open(&json, "function", '{');
	api_write_function(&json, tree, function);
	api_write_weight(&json, "self", &sums[function].self);
	api_write_weight(&json, "total", &sums[function].total);
	json_integer(&json, "doubtful",
		     (int64_t)sums[function].doubtful_samples);
	json_close(&json, '}');
	json_integer(&json, "others", (int64_t)others);
	error = write_view(&json, "callers", excerpt, function, most,
			   call_tree_callers);
	if (!error)
		error = write_view(&json, "callees", excerpt, function, most,
				   call_tree_callees);
	json_close(&json, '}');
	return error;
}

struct error *answer_sandwich(struct api_call *call)
{
	struct wanted wanted = {
		.kind = api_param(call, "kind"),
		.file = api_param(call, "file"),
		.module = api_param(call, "module"),
	};
	struct excerpt excerpt;
	uint64_t most;
	struct error *error = api_select(call);

	if (!error)
		error = api_filter(call);
	if (!error)
		error = api_param_needed(call, "function", &wanted.name);
	if (!error)
		error = api_param_nodes(call, &most);
	if (!error)
		error = excerpt_load(&excerpt, call->profile,
				     CALL_TREE_HEAVY_FIRST, TALLY_TOGETHER);
	if (error)
		return error;
	error = write_sandwich(call, &excerpt, &wanted, most);
	excerpt_deinit(&excerpt);
	return error;
}
