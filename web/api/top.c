// SPDX-License-Identifier: Apache-2.0
#include "web/api/answers.h"

#include <stdlib.h>
#include <string.h>

#include "schema/read/pattern.h"

enum { LIMIT_STANDARD = 100, LIMIT_MOST = 1000 };

static const char *const sort_words[] = { "self", "total", NULL };
enum sort { SORT_SELF, SORT_TOTAL };

struct ranking {
	const struct call_tree *tree; /* borrowed */
	const struct call_sum *sums;  /* borrowed */
	enum sort sort;
};

static int compare_sums(const void *left, const void *right, void *context)
{
	const struct ranking *ranking = context;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	const struct call_sum *sum_a = &ranking->sums[a];
	const struct call_sum *sum_b = &ranking->sums[b];
	uint64_t weights_a[] = { sum_a->self.weight, sum_a->total.weight };
	uint64_t weights_b[] = { sum_b->self.weight, sum_b->total.weight };
	enum sort first = ranking->sort, second = first == SORT_SELF;

	if (weights_a[first] != weights_b[first])
		return weights_a[first] > weights_b[first] ? -1 : 1;
	if (weights_a[second] != weights_b[second])
		return weights_a[second] > weights_b[second] ? -1 : 1;
	return strcmp(ranking->tree->functions[a].name,
		      ranking->tree->functions[b].name);
}

// The functions that are asked for, in their order; NULL: no memory.
static uint32_t *rank(struct ranking *ranking, const struct pattern *pattern,
		      size_t *ret_count)
{
	const struct call_tree *tree = ranking->tree;
	uint32_t *order = calloc(tree->function_count, sizeof(*order));
	size_t count = 0;

	if (!order)
		return NULL;
	for (uint32_t i = 1; i < tree->function_count; i++) {
		if (!ranking->sums[i].total.samples)
			continue;
		if (pattern->text &&
		    !pattern_matches(pattern, tree->functions[i].name))
			continue;
		order[count++] = i;
	}
	qsort_r(order, count, sizeof(*order), compare_sums, ranking);
	*ret_count = count;
	return order;
}

static void write_row(struct json *json, const struct ranking *ranking,
		      uint32_t function)
{
	const struct call_sum *sum = &ranking->sums[function];

	json_open(json, NULL, '{');
	api_write_function(json, ranking->tree, function);
	api_write_weight(json, "self", &sum->self);
	api_write_weight(json, "total", &sum->total);
	json_integer(json, "doubtful", (int64_t)sum->doubtful_samples);
	json_close(json, '}');
}

static struct error *write_top(struct api_call *call,
			       const struct excerpt *excerpt,
			       const struct pattern *pattern, enum sort sort,
			       size_t limit)
{
	_cleanup_free_ struct call_sum *sums =
		call_tree_sum_functions(&excerpt->tree);
	struct ranking ranking = { &excerpt->tree, sums, sort };
	const struct call_weight *all = &excerpt->tree.nodes[0].total;
	_cleanup_free_ uint32_t *order = NULL;
	struct json json = { .out = call->out };
	size_t count = 0;

	if (sums)
		order = rank(&ranking, pattern, &count);
	if (!order)
		return &error_nomem;
	json_open(&json, NULL, '{');
	api_write_selection(&json, call, &excerpt->selection,
			    excerpt->resolution_ns);
	json_integer(&json, "samples", (int64_t)all->samples);
	json_integer(&json, "weight", (int64_t)all->weight);
	json_integer(&json, "functions", (int64_t)count);
	json_open(&json, "rows", '[');
	for (size_t i = 0; i < count && i < limit; i++)
		write_row(&json, &ranking, order[i]);
	json_close(&json, ']');
	json_close(&json, '}');
	return NULL;
}

struct error *answer_top(struct api_call *call)
{
	struct pattern pattern = { 0 };
	struct excerpt excerpt;
	struct error *error;
	uint64_t limit;
	size_t sort;

	error = api_select(call);
	if (!error)
		error = api_filter(call);
	if (!error)
		error = api_param_word(call, "sort", sort_words, &sort);
	if (!error)
		error = api_param_number(call, "limit", LIMIT_STANDARD, 1,
					 LIMIT_MOST, &limit);
	if (!error)
		error = error_wrap(pattern_init(&pattern,
						api_param(call, "function")),
				   "function");
	if (!error)
		error = excerpt_load(&excerpt, call->profile,
				     CALL_TREE_HEAVY_FIRST, TALLY_TOGETHER);
	if (!error) {
		error = write_top(call, &excerpt, &pattern, (enum sort)sort,
				  limit);
		excerpt_deinit(&excerpt);
	}
	pattern_deinit(&pattern);
	return error;
}
