// SPDX-License-Identifier: Apache-2.0
#include "schema/read/call_tree.h"

#include <stdlib.h>

static int compare_heavy_first(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a < b) - (a > b);
}

// The samples that a node must have to be among the @most heaviest. Of those
// that have equally many, all stay or none.
static struct error *find_threshold(const struct call_tree *tree, size_t most,
				    uint64_t *ret)
{
	_cleanup_free_ uint64_t *totals = NULL;

	totals = calloc(tree->node_count, sizeof(*totals));
	if (!totals)
		return &error_nomem;
	for (size_t i = 0; i < tree->node_count; i++)
		totals[i] = tree->nodes[i].total.samples;
	qsort(totals, tree->node_count, sizeof(*totals), compare_heavy_first);
	*ret = totals[most] + 1;
	return NULL;
}

static bool is_light(const struct call_tree *tree, uint32_t node, uint64_t least)
{
	return node != 0 && tree->nodes[node].total.samples < least;
}

static void give_to_callers(struct call_tree *tree, uint64_t least)
{
	for (uint32_t i = 1; i < tree->node_count; i++) {
		uint32_t parent = tree->nodes[i].parent;
		const struct call_weight *total = &tree->nodes[i].total;

		if (!is_light(tree, i, least) || is_light(tree, parent, least))
			continue;
		tree->nodes[parent].self.samples += total->samples;
		tree->nodes[parent].self.weight += total->weight;
	}
}

// A caller is at least as heavy as what it calls, and among siblings the heavy
// ones come first: so what stays is a tree, and in the same order. @place says
// which node each one is now, or is part of.
static void drop_nodes(struct call_tree *tree, uint64_t least, uint32_t *place)
{
	struct call_node *nodes = tree->nodes;
	uint32_t kept = 1;

	nodes[0].child_count = 0;
	for (uint32_t i = 1; i < tree->node_count; i++) {
		struct call_node node = nodes[i];

		node.parent = place[node.parent];
		place[i] = node.parent;
		if (node.total.samples < least)
			continue;
		if (nodes[node.parent].child_count++ == 0)
			nodes[node.parent].first_child = kept;
		node.child_count = 0;
		place[i] = kept;
		nodes[kept++] = node;
	}
	tree->node_count = kept;
}

// Doubt and lines of what was left out are not its caller's.
static void drop_details(struct call_tree *tree, const bool *light,
			 const uint32_t *place)
{
	size_t kept = 0;

	for (size_t i = 0; i < tree->callsites.count; i++) {
		struct call_site *site = &tree->sites[i];

		site->doubtful = site->doubtful && !light[site->node];
		site->node = place[site->node];
	}
	for (size_t i = 0; i < tree->line_count; i++) {
		struct call_line line = tree->lines[i];

		if (light[line.node])
			continue;
		line.node = place[line.node];
		tree->lines[kept++] = line;
	}
	tree->line_count = kept;
	tree->bare_node = light[tree->bare_node] ? 0 : place[tree->bare_node];
}

struct error *call_tree_prune(struct call_tree *tree, size_t most,
			      uint64_t *ret_samples)
{
	_cleanup_free_ uint32_t *place = NULL;
	_cleanup_free_ bool *light = NULL;
	struct error *error;
	uint64_t least;

	*ret_samples = 0;
	if (tree->node_count <= most)
		return NULL;
	error = find_threshold(tree, most, &least);
	if (error)
		return error;
	place = calloc(tree->node_count, sizeof(*place));
	light = calloc(tree->node_count, sizeof(*light));
	if (!place || !light)
		return &error_nomem;
	for (uint32_t i = 0; i < tree->node_count; i++)
		light[i] = is_light(tree, i, least);
	give_to_callers(tree, least);
	drop_nodes(tree, least, place);
	drop_details(tree, light, place);
	*ret_samples = least;
	return NULL;
}
