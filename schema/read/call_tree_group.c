// SPDX-License-Identifier: Apache-2.0
// Group by group: the nodes of the old tree that the group's samples are in
// are marked from the leaves up, then copied in their order, callers first.
#include "schema/read/call_tree_group.h"

#include <stdlib.h>

#include "base/array.h"
#include "schema/read/call_tree_rows.h"

/* What a group has in a node of the old tree; while others are looked at, all
 * are as new. */
struct part {
	struct call_weight self;
	uint64_t doubtful_samples;
	uint32_t copy; /* the node that stands for it in the new tree */
	bool touched;
};

struct grouping_tree {
	const struct call_tree *old; /* borrowed */
	const struct groups *groups; /* borrowed */
	const uint32_t *functions;   /* borrowed; of each value */
	struct part *parts;	     /* owned; of each old node */
	uint32_t *touched;	     /* owned; those that are */
	size_t touched_count;
	uint32_t *group_nodes; /* owned; of each group; 0: none yet */
	struct call_node *nodes; /* owned; what is made */
	size_t node_count, node_capacity;
};

static void grouping_tree_deinit(struct grouping_tree *making)
{
	free(making->parts);
	free(making->touched);
	free(making->group_nodes);
	free(making->nodes);
}

static bool add_node(struct grouping_tree *making, uint32_t parent,
		     uint32_t function)
{
	if (making->node_count >= CALL_TREE_NONE - 1 ||
	    !array_reserve_one(making->nodes, making->node_count,
			       making->node_capacity))
		return false;
	making->nodes[making->node_count++] = (struct call_node){
		.parent = parent,
		.function = function,
	};
	return true;
}

// The old tree's root is the group itself.
static void touch(struct grouping_tree *making, uint32_t node)
{
	while (!making->parts[node].touched) {
		making->parts[node].touched = true;
		making->touched[making->touched_count++] = node;
		node = making->old->nodes[node].parent;
	}
}

static void add_doubt(struct grouping_tree *making, uint32_t site,
		      uint64_t samples)
{
	const struct call_site *sites = making->old->sites;

	site = sites[site].nearest_doubtful;
	while (site != CALL_TREE_NONE) {
		if (sites[site].doubtful)
			making->parts[sites[site].node].doubtful_samples +=
				samples;
		site = sites[site].parent;
		if (site != CALL_TREE_NONE)
			site = sites[site].nearest_doubtful;
	}
}

// What is in no stack of the tree, and not without one, is not there.
static void add_entry(struct grouping_tree *making,
		      const struct tally_entry *entry)
{
	const struct call_tree *old = making->old;
	uint32_t site = call_ids_find(&old->callsites, entry->callsite_id);
	uint32_t node = site == CALL_TREE_NONE ? old->bare_node :
						 old->sites[site].node;

	if (site == CALL_TREE_NONE && !node)
		return;
	touch(making, node);
	making->parts[node].self.samples += entry->samples;
	making->parts[node].self.weight += entry->weight;
	if (site != CALL_TREE_NONE)
		add_doubt(making, site, entry->samples);
}

static int compare_numbers(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

// False: no memory. A group's parent may have no samples of its own.
static bool place_group(struct grouping_tree *making, uint32_t group)
{
	uint32_t path[GROUPING_LABELS_MAX];
	size_t depth = 0;

	for (; group && !making->group_nodes[group];
	     group = making->groups->groups[group].parent)
		path[depth++] = group;
	while (depth-- > 0) {
		const struct group *one = &making->groups->groups[path[depth]];

		if (!add_node(making, making->group_nodes[one->parent],
			      making->functions[one->value]))
			return false;
		making->group_nodes[path[depth]] =
			(uint32_t)making->node_count - 1;
	}
	return true;
}

static bool copy_part(struct grouping_tree *making, uint32_t group,
		      uint32_t index)
{
	const struct call_node *old = &making->old->nodes[index];
	struct part *part = &making->parts[index];
	struct call_node *node;

	if (index == 0)
		part->copy = making->group_nodes[group];
	else if (!add_node(making, making->parts[old->parent].copy,
			   old->function))
		return false;
	else
		part->copy = (uint32_t)making->node_count - 1;
	node = &making->nodes[part->copy];
	node->self.samples += part->self.samples;
	node->self.weight += part->self.weight;
	node->doubtful_samples += part->doubtful_samples;
	return true;
}

static bool take_group(struct grouping_tree *making, uint32_t group)
{
	bool good = true;

	if (!making->touched_count)
		return true;
	qsort(making->touched, making->touched_count, sizeof(*making->touched),
	      compare_numbers);
	good = place_group(making, group);
	for (size_t i = 0; good && i < making->touched_count; i++)
		good = copy_part(making, group, making->touched[i]);
	for (size_t i = 0; i < making->touched_count; i++)
		making->parts[making->touched[i]] = (struct part){ 0 };
	making->touched_count = 0;
	return good;
}

/* Entries by their group: those of @group from begins[group] on. */
struct sorted {
	uint32_t *entries; /* owned */
	size_t *begins;	   /* owned; one more than there are groups */
};

static uint32_t group_of(const struct groups *groups,
			 const struct tally_entry *entry)
{
	return entry->part_id > 0 && (uint64_t)entry->part_id < groups->count ?
		       (uint32_t)entry->part_id :
		       0;
}

static bool sort_entries(const struct tally *tally,
			 const struct groups *groups, struct sorted *sorted)
{
	_cleanup_free_ size_t *ends = calloc(groups->count, sizeof(*ends));
	size_t sum = 0;

	sorted->entries = calloc(tally->count + 1, sizeof(*sorted->entries));
	sorted->begins = calloc(groups->count + 1, sizeof(*sorted->begins));
	if (!ends || !sorted->entries || !sorted->begins)
		return false;
	for (size_t i = 0; i < tally->count; i++)
		ends[group_of(groups, &tally->entries[i])]++;
	for (size_t i = 0; i < groups->count; i++) {
		sorted->begins[i] = sum;
		sum += ends[i];
		ends[i] = sorted->begins[i];
	}
	sorted->begins[groups->count] = sum;
	for (uint32_t i = 0; i < tally->count; i++)
		sorted->entries[ends[group_of(groups, &tally->entries[i])]++] =
			i;
	return true;
}

static bool take_all(struct grouping_tree *making, const struct tally *tally)
{
	struct sorted sorted = { NULL, NULL };
	bool good = making->parts && making->touched && making->group_nodes &&
		    sort_entries(tally, making->groups, &sorted) &&
		    add_node(making, 0, making->old->nodes[0].function);

	for (uint32_t group = 0; good && group < making->groups->count;
	     group++) {
		for (size_t i = sorted.begins[group];
		     i < sorted.begins[group + 1]; i++)
			add_entry(making, &tally->entries[sorted.entries[i]]);
		good = take_group(making, group);
	}
	free(sorted.entries);
	free(sorted.begins);
	return good;
}

// NULL: no memory. Owned by the caller.
static uint32_t *add_functions(struct call_tree *tree,
			       const struct groups *groups)
{
	uint32_t *functions =
		calloc(groups->value_count + 1, sizeof(*functions));

	for (size_t i = 0; functions && i < groups->value_count; i++) {
		functions[i] = (uint32_t)tree->function_count;
		if (!call_tree_add_function(tree, groups->values[i].text)) {
			free(functions);
			return NULL;
		}
		tree->functions[functions[i]].group = true;
		tree->functions[functions[i]].label = groups->values[i].label;
	}
	return functions;
}

// The call sites are those of the old nodes.
static void replace_nodes(struct call_tree *tree, struct grouping_tree *making)
{
	free(tree->nodes);
	tree->nodes = making->nodes;
	tree->node_count = making->node_count;
	tree->node_capacity = making->node_capacity;
	making->nodes = NULL;
	free(tree->callsites.ids);
	tree->callsites = (struct call_ids){ 0 };
	free(tree->sites);
	tree->sites = NULL;
	tree->site_capacity = 0;
	tree->line_count = 0;
	tree->bare_node = 0;
}

struct error *call_tree_group(struct call_tree *tree,
			      const struct tally *tally,
			      const struct groups *groups,
			      enum call_tree_order order)
{
	_cleanup_free_ uint32_t *functions = add_functions(tree, groups);
	struct grouping_tree making = {
		.old = tree,
		.groups = groups,
		.functions = functions,
		.parts = calloc(tree->node_count, sizeof(*making.parts)),
		.touched = calloc(tree->node_count, sizeof(*making.touched)),
		.group_nodes =
			calloc(groups->count, sizeof(*making.group_nodes)),
	};
	bool good = functions && take_all(&making, tally);

	if (good)
		replace_nodes(tree, &making);
	grouping_tree_deinit(&making);
	return good ? call_tree_sort(tree, order) : &error_nomem;
}
