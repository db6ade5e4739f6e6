// SPDX-License-Identifier: Apache-2.0
#include "schema/show/report.h"

#include <string.h>

void report_deinit(struct report *report)
{
	summary_deinit(&report->summary);
	excerpt_deinit(&report->excerpt);
	free(report->sums);
	free(report->by_self);
	free(report->by_total);
	free(report->stacks);
	*report = (struct report){ 0 };
}

// More first, and where two are equal, what the name says.
static int compare_weights(uint64_t a, uint64_t b)
{
	return a == b ? 0 : a > b ? -1 : 1;
}

static int compare_functions(const struct report *report, uint32_t a, uint32_t b)
{
	const struct call_function *functions = report->excerpt.tree.functions;
	int result = strcmp(functions[a].name, functions[b].name);

	return result ? result : (a > b) - (a < b);
}

static int compare_self(const void *left, const void *right, void *context)
{
	const struct report *report = context;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	const struct call_sum *sums = report->sums;
	int result = compare_weights(sums[a].self.samples, sums[b].self.samples);

	if (!result)
		result = compare_weights(sums[a].total.samples,
					 sums[b].total.samples);
	return result ? result : compare_functions(report, a, b);
}

static int compare_total(const void *left, const void *right, void *context)
{
	const struct report *report = context;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	const struct call_sum *sums = report->sums;
	int result =
		compare_weights(sums[a].total.samples, sums[b].total.samples);

	if (!result)
		result = compare_weights(sums[a].self.samples,
					 sums[b].self.samples);
	return result ? result : compare_functions(report, a, b);
}

static int compare_stacks(const void *left, const void *right, void *context)
{
	const struct report *report = context;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	const struct call_node *nodes = report->excerpt.tree.nodes;
	int result =
		compare_weights(nodes[a].self.samples, nodes[b].self.samples);

	return result ? result : (a > b) - (a < b);
}

// Function 0 is that of the root, which is nobody's; nor are those counted
// that no sample shows.
static bool rank_functions(struct report *report)
{
	size_t all = report->excerpt.tree.function_count, count = 0;

	report->sums = call_tree_sum_functions(&report->excerpt.tree);
	report->by_self = calloc(all, sizeof(*report->by_self));
	report->by_total = calloc(all, sizeof(*report->by_total));
	if (!report->sums || !report->by_self || !report->by_total)
		return false;
	for (uint32_t i = 1; i < all; i++)
		if (report->sums[i].total.samples > 0)
			report->by_self[count++] = i;
	memcpy(report->by_total, report->by_self,
	       count * sizeof(*report->by_total));
	qsort_r(report->by_self, count, sizeof(*report->by_self), compare_self,
		report);
	qsort_r(report->by_total, count, sizeof(*report->by_total),
		compare_total, report);
	report->function_count = count;
	return true;
}

static bool rank_stacks(struct report *report)
{
	const struct call_tree *tree = &report->excerpt.tree;
	size_t count = 0;

	report->stacks = calloc(tree->node_count, sizeof(*report->stacks));
	if (!report->stacks)
		return false;
	for (uint32_t i = 1; i < tree->node_count; i++)
		if (tree->nodes[i].self.samples > 0)
			report->stacks[count++] = i;
	qsort_r(report->stacks, count, sizeof(*report->stacks), compare_stacks,
		report);
	report->stack_count = count;
	return true;
}

struct error *report_load(struct report *report, struct profile *profile)
{
	struct error *error;

	*report = (struct report){ 0 };
	error = excerpt_load(&report->excerpt, profile, CALL_TREE_HEAVY_FIRST,
			     TALLY_TOGETHER);
	if (error)
		return error;
	error = summary_load(&report->summary, profile, &report->excerpt);
	if (!error && !(rank_functions(report) && rank_stacks(report)))
		error = &error_nomem;
	if (error)
		report_deinit(report);
	return error;
}

// CALL_TREE_NONE: it has none, as samples without frames.
static uint32_t heaviest_site(const struct call_tree *tree, uint32_t node)
{
	uint32_t heaviest = CALL_TREE_NONE;

	for (uint32_t i = 0; i < tree->callsites.count; i++) {
		if (tree->sites[i].node != node)
			continue;
		if (heaviest == CALL_TREE_NONE ||
		    tree->sites[i].self_samples >
			    tree->sites[heaviest].self_samples)
			heaviest = i;
	}
	return heaviest;
}

struct report_frame *report_stack(const struct report *report, uint32_t node,
				  size_t *ret_count)
{
	const struct call_tree *tree = &report->excerpt.tree;
	uint32_t site = heaviest_site(tree, node);
	struct report_frame *stack;
	size_t count = 0;

	for (uint32_t i = node; i != 0; i = tree->nodes[i].parent)
		count++;
	stack = calloc(count ? count : 1, sizeof(*stack));
	if (!stack)
		return NULL;
	*ret_count = count;
	for (uint32_t i = node; i != 0; i = tree->nodes[i].parent) {
		stack[--count].node = i;
		if (site == CALL_TREE_NONE)
			continue;
		stack[count].line = tree->sites[site].line;
		site = tree->sites[site].parent;
	}
	return stack;
}
