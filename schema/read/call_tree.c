// SPDX-License-Identifier: Apache-2.0
#include "schema/read/call_tree.h"

#include <stdlib.h>
#include <string.h>

static void free_texts(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
}

void call_tree_deinit(struct call_tree *tree)
{
	free_texts(tree->files, tree->file_count);
	free_texts(tree->modules, tree->module_count);
	for (size_t i = 0; i < tree->function_count; i++)
		free(tree->functions[i].name);
	free(tree->functions);
	free(tree->nodes);
	free(tree->lines);
	free(tree->callsites.ids);
	free(tree->sites);
	*tree = (struct call_tree){ 0 };
}

struct sorting {
	const struct call_tree *tree;
	enum call_tree_order order;
};

static int compare_nodes(const void *left, const void *right, void *context)
{
	const struct sorting *sorting = context;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	const struct call_node *nodes = sorting->tree->nodes;
	const struct call_function *functions = sorting->tree->functions;
	uint64_t weight_a = nodes[a].total.samples;
	uint64_t weight_b = nodes[b].total.samples;
	int result;

	if (sorting->order != CALL_TREE_BY_NAME && weight_a != weight_b)
		return weight_a > weight_b ? -1 : 1;
	result = strcmp(functions[nodes[a].function].name,
			functions[nodes[b].function].name);
	return result ? result : (a > b) - (a < b);
}

// Until nodes are in order, a parent has a smaller number, and that is all.
static void sum_totals(struct call_tree *tree)
{
	for (size_t i = tree->node_count; i-- > 0;) {
		struct call_node *node = &tree->nodes[i];
		struct call_weight *above = &tree->nodes[node->parent].total;

		node->total.samples += node->self.samples;
		node->total.weight += node->self.weight;
		if (node->doubtful_samples > node->total.samples)
			node->doubtful_samples = node->total.samples;
		if (i == 0)
			break;
		above->samples += node->total.samples;
		above->weight += node->total.weight;
	}
}

// The children of each node, side by side in @kids; where they begin and how
// many they are is written to the nodes.
static void group_children(struct call_tree *tree, uint32_t *kids)
{
	uint32_t begin = 0;

	for (size_t i = 1; i < tree->node_count; i++)
		tree->nodes[tree->nodes[i].parent].child_count++;
	for (size_t i = 0; i < tree->node_count; i++) {
		tree->nodes[i].first_child = begin;
		begin += tree->nodes[i].child_count;
		tree->nodes[i].child_count = 0;
	}
	for (size_t i = 1; i < tree->node_count; i++) {
		struct call_node *above = &tree->nodes[tree->nodes[i].parent];

		kids[above->first_child + above->child_count++] = (uint32_t)i;
	}
}

// @place becomes the new number of each node, @nodes the nodes by it.
static void place_nodes(struct sorting *sorting, uint32_t *kids,
			uint32_t *place, struct call_node *nodes)
{
	const struct call_node *old = sorting->tree->nodes;
	uint32_t count = 1;

	nodes[0] = old[0];
	place[0] = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct call_node *node = &nodes[i];
		uint32_t *children = &kids[node->first_child];

		if (node->child_count > 1)
			qsort_r(children, node->child_count, sizeof(*children),
				compare_nodes, sorting);
		node->first_child = count;
		for (uint32_t k = 0; k < node->child_count; k++) {
			nodes[count] = old[children[k]];
			nodes[count].parent = i;
			place[children[k]] = count++;
		}
	}
}

static int compare_lines(const void *left, const void *right)
{
	const struct call_line *a = left, *b = right;

	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

static int compare_line_weights(const void *left, const void *right)
{
	const struct call_line *a = left, *b = right;

	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	if (a->samples != b->samples)
		return a->samples > b->samples ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

// A line that was seen with more than one status is one.
static void merge_lines(struct call_tree *tree)
{
	struct call_line *lines = tree->lines;
	size_t kept = 0;

	if (!tree->line_count)
		return;
	qsort(lines, tree->line_count, sizeof(*lines), compare_lines);
	for (size_t i = 1; i < tree->line_count; i++) {
		if (compare_lines(&lines[kept], &lines[i]) == 0)
			lines[kept].samples += lines[i].samples;
		else
			lines[++kept] = lines[i];
	}
	tree->line_count = kept + 1;
	qsort(lines, tree->line_count, sizeof(*lines), compare_line_weights);
}

struct error *call_tree_sort(struct call_tree *tree, enum call_tree_order order)
{
	struct sorting sorting = { tree, order };
	_cleanup_free_ uint32_t *kids = NULL, *place = NULL;
	struct call_node *nodes;

	kids = calloc(tree->node_count, sizeof(*kids));
	place = calloc(tree->node_count, sizeof(*place));
	nodes = calloc(tree->node_count, sizeof(*nodes));
	if (!kids || !place || !nodes) {
		free(nodes);
		return &error_nomem;
	}
	sum_totals(tree);
	group_children(tree, kids);
	place_nodes(&sorting, kids, place, nodes);
	free(tree->nodes);
	tree->nodes = nodes;
	tree->node_capacity = tree->node_count;
	tree->bare_node = place[tree->bare_node];
	for (size_t i = 0; i < tree->callsites.count; i++)
		tree->sites[i].node = place[tree->sites[i].node];
	for (size_t i = 0; i < tree->line_count; i++)
		tree->lines[i].node = place[tree->lines[i].node];
	merge_lines(tree);
	return NULL;
}

static bool is_last_sibling(const struct call_tree *tree, uint32_t node)
{
	const struct call_node *above = &tree->nodes[tree->nodes[node].parent];

	return node + 1 == above->first_child + above->child_count;
}

void call_tree_walk(const struct call_tree *tree, call_visit_fn enter,
		    call_visit_fn leave, void *context)
{
	uint32_t node = 0;

	for (;;) {
		enter(tree, node, context);
		if (tree->nodes[node].child_count) {
			node = tree->nodes[node].first_child;
			continue;
		}
		leave(tree, node, context);
		while (node != 0 && is_last_sibling(tree, node)) {
			node = tree->nodes[node].parent;
			leave(tree, node, context);
		}
		if (node == 0)
			return;
		node++;
	}
}

struct summing {
	struct call_sum *sums;
	uint32_t *active; /* how often each function is on the way down */
};

static void enter_function(const struct call_tree *tree, uint32_t index,
			   void *context)
{
	const struct call_node *node = &tree->nodes[index];
	struct summing *summing = context;
	struct call_sum *sum = &summing->sums[node->function];

	sum->self.samples += node->self.samples;
	sum->self.weight += node->self.weight;
	if (summing->active[node->function]++ > 0)
		return;
	sum->total.samples += node->total.samples;
	sum->total.weight += node->total.weight;
	sum->doubtful_samples += node->doubtful_samples;
}

static void leave_function(const struct call_tree *tree, uint32_t node,
			   void *context)
{
	struct summing *summing = context;

	summing->active[tree->nodes[node].function]--;
}

struct call_sum *call_tree_sum_functions(const struct call_tree *tree)
{
	struct summing summing = {
		.sums = calloc(tree->function_count, sizeof(struct call_sum)),
		.active = calloc(tree->function_count, sizeof(uint32_t)),
	};

	if (summing.sums && summing.active) {
		call_tree_walk(tree, enter_function, leave_function, &summing);
	} else {
		free(summing.sums);
		summing.sums = NULL;
	}
	free(summing.active);
	return summing.sums;
}

const char *call_tree_file(const struct call_tree *tree,
			   const struct call_function *function)
{
	return function->file == CALL_TREE_NONE ? NULL :
						  tree->files[function->file];
}

const char *call_tree_module(const struct call_tree *tree,
			     const struct call_function *function)
{
	return function->module == CALL_TREE_NONE ?
		       NULL :
		       tree->modules[function->module];
}

const char *call_kind_name(enum store_kind kind)
{
	switch (kind) {
	case STORE_PYTHON:
		return "python";
	case STORE_NATIVE:
		return "native";
	case STORE_KERNEL:
		return "kernel";
	case STORE_OTHER:
		break;
	}
	return "other";
}
