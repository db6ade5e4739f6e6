// SPDX-License-Identifier: Apache-2.0
#include "schema/read/call_tree.h"

#include <stdlib.h>

static int compare_heavy_first(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a < b) - (a > b);
}

// What stays: nodes of more samples than @tied, and of those with as many the
// first @ties.
struct threshold {
	uint64_t tied;
	size_t ties;
};

// Of nodes that have equally many samples all stay or none; but where a deep
// stack would lose nearly all of itself so, its outer part stays.
static struct error *find_threshold(const struct call_tree *tree, size_t most,
				    struct threshold *ret)
{
	_cleanup_free_ uint64_t *totals = NULL;
	size_t more = 0;

	totals = calloc(tree->node_count, sizeof(*totals));
	if (!totals)
		return &error_nomem;
	for (size_t i = 0; i < tree->node_count; i++)
		totals[i] = tree->nodes[i].total.samples;
	qsort(totals, tree->node_count, sizeof(*totals), compare_heavy_first);
	while (totals[more] > totals[most])
		more++;
	*ret = (struct threshold){ .tied = totals[most],
				   .ties = more < most / 2 ? most - more : 0 };
	return NULL;
}

// Which nodes go. Whoever calls is numbered before what it calls. The root
// stays, and is one of the ties where it has no more samples than they.
static void find_light(const struct call_tree *tree, struct threshold threshold,
		       bool *light)
{
	for (uint32_t i = 0; i < tree->node_count; i++) {
		uint64_t samples = tree->nodes[i].total.samples;

		light[i] = samples < threshold.tied ||
			   (samples == threshold.tied && !threshold.ties);
		if (samples == threshold.tied && threshold.ties)
			threshold.ties--;
	}
	light[0] = false;
}

static void give_to_callers(struct call_tree *tree, const bool *light)
{
	for (uint32_t i = 1; i < tree->node_count; i++) {
		uint32_t parent = tree->nodes[i].parent;
		const struct call_weight *total = &tree->nodes[i].total;

		if (!light[i] || light[parent])
			continue;
		tree->nodes[parent].self.samples += total->samples;
		tree->nodes[parent].self.weight += total->weight;
	}
}

// A caller is at least as heavy as what it calls, and among siblings the heavy
// ones come first: so what stays is a tree, and in the same order. @place says
// which node each one is now, or is part of.
static void drop_nodes(struct call_tree *tree, const bool *light,
		       uint32_t *place)
{
	struct call_node *nodes = tree->nodes;
	uint32_t kept = 1;

	nodes[0].child_count = 0;
	for (uint32_t i = 1; i < tree->node_count; i++) {
		struct call_node node = nodes[i];

		node.parent = place[node.parent];
		place[i] = node.parent;
		if (light[i])
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
	struct threshold threshold;

	*ret_samples = 0;
	if (tree->node_count <= most)
		return NULL;
	error = find_threshold(tree, most, &threshold);
	if (error)
		return error;
	place = calloc(tree->node_count, sizeof(*place));
	light = calloc(tree->node_count, sizeof(*light));
	if (!place || !light)
		return &error_nomem;
	find_light(tree, threshold, light);
	give_to_callers(tree, light);
	drop_nodes(tree, light, place);
	drop_details(tree, light, place);
	*ret_samples = threshold.tied + !threshold.ties;
	return NULL;
}
