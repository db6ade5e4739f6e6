// SPDX-License-Identifier: Apache-2.0
// From rows to a call_tree. Row ids become indices on the way; a row that
// points nowhere (the file may be damaged, or forged) is left out.
#include "schema/read/call_tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "schema/read/call_tree_rows.h"

/*
 * The node of (parent, function), by open addressing. Function 0 is the root's
 * and parents come first, so a node is never 0: 0 is a free slot.
 */
struct edges {
	uint32_t *slots;   /* owned */
	size_t slot_count; /* power of two */
};

/* What a stack holds, from its root on. */
struct stack_kind {
	bool python, proven, unproven;
};

struct loader {
	struct call_tree *tree; /* borrowed */
	struct call_rows rows;
	struct edges edges;
	struct stack_kind *kinds; /* owned; of each site */
	bool filtered;
};

static void loader_deinit(struct loader *loader)
{
	call_rows_deinit(&loader->rows);
	free(loader->edges.slots);
	free(loader->kinds);
}

static size_t first_slot(const struct edges *edges, uint32_t parent,
			 uint32_t function)
{
	uint64_t key = (uint64_t)parent << 32 | function;

	key = (key ^ key >> 29) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(key ^ key >> 32) & (edges->slot_count - 1);
}

// The slot of the edge, or the free one it would have.
static uint32_t *find_edge(const struct loader *loader, uint32_t parent,
			   uint32_t function)
{
	const struct edges *edges = &loader->edges;
	const struct call_node *nodes = loader->tree->nodes;
	size_t slot = first_slot(edges, parent, function);

	while (edges->slots[slot] &&
	       (nodes[edges->slots[slot]].parent != parent ||
		nodes[edges->slots[slot]].function != function))
		slot = (slot + 1) & (edges->slot_count - 1);
	return &edges->slots[slot];
}

static bool grow_edges(struct loader *loader)
{
	struct edges *edges = &loader->edges;
	struct call_tree *tree = loader->tree;
	size_t wanted = edges->slot_count ? 2 * edges->slot_count : 1024;
	uint32_t *slots;

	if (edges->slot_count / 2 > tree->node_count)
		return true;
	slots = calloc(wanted, sizeof(*slots));
	if (!slots)
		return false;
	free(edges->slots);
	edges->slots = slots;
	edges->slot_count = wanted;
	for (uint32_t i = 1; i < tree->node_count; i++)
		*find_edge(loader, tree->nodes[i].parent,
			   tree->nodes[i].function) = i;
	return true;
}

static bool add_node(struct call_tree *tree, uint32_t parent, uint32_t function)
{
	if (!array_reserve_one(tree->nodes, tree->node_count,
			       tree->node_capacity))
		return false;
	tree->nodes[tree->node_count++] = (struct call_node){
		.parent = parent,
		.function = function,
	};
	return true;
}

// 0: no memory.
static uint32_t find_or_add_node(struct loader *loader, uint32_t parent,
				 uint32_t function)
{
	struct call_tree *tree = loader->tree;
	uint32_t *edge;

	if (!grow_edges(loader))
		return 0;
	edge = find_edge(loader, parent, function);
	if (*edge)
		return *edge;
	if (!add_node(tree, parent, function))
		return 0;
	*edge = (uint32_t)(tree->node_count - 1);
	return *edge;
}

static bool add_line(struct call_tree *tree, uint32_t node, uint32_t line,
		     uint64_t samples)
{
	if (!line || !samples)
		return true;
	if (!array_reserve_one(tree->lines, tree->line_count,
			       tree->line_capacity))
		return false;
	tree->lines[tree->line_count++] =
		(struct call_line){ node, line, samples };
	return true;
}

// Of a parent that was left out, nothing is known but that it is not there.
static bool add_callsite(struct call_tree *tree, int64_t id,
			 struct call_site site)
{
	uint32_t index = (uint32_t)tree->callsites.count;

	if (!array_reserve_one(tree->sites, tree->callsites.count,
			       tree->site_capacity) ||
	    !call_ids_add(&tree->callsites, id))
		return false;
	if (site.doubtful)
		site.nearest_doubtful = index;
	else if (site.parent != CALL_TREE_NONE)
		site.nearest_doubtful =
			tree->sites[site.parent].nearest_doubtful;
	else
		site.nearest_doubtful = CALL_TREE_NONE;
	tree->sites[index] = site;
	return true;
}

// Python of which nothing is proven is as good as unproven.
static enum store_trust trust_of(const struct stack_kind *kind)
{
	if (!kind->python)
		return STORE_TRUST_NATIVE;
	return kind->unproven || !kind->proven ? STORE_TRUST_UNPROVEN :
						 STORE_TRUST_PROVEN;
}

static enum store_trust add_trust(struct loader *loader, uint32_t above,
		      const struct call_place *place, uint64_t samples)
{
	struct call_tree *tree = loader->tree;
	struct stack_kind *kind = &loader->kinds[tree->callsites.count];

	if (above != CALL_TREE_NONE)
		*kind = loader->kinds[above];
	kind->python |= place->python;
	kind->proven |= place->proven;
	kind->unproven |= place->unproven;
	switch (trust_of(kind)) {
	case STORE_TRUST_PROVEN:
		tree->proven_samples += samples;
		break;
	case STORE_TRUST_UNPROVEN:
		tree->unproven_samples += samples;
		break;
	case STORE_TRUST_NATIVE:
		tree->native_samples += samples;
		break;
	}
	return trust_of(kind);
}

// What a filter leaves nothing of is not drawn.
static bool is_folded(const struct loader *loader, const struct call_row *row)
{
	return row->folded || (loader->filtered && !row->total.samples);
}

static bool take_row(struct loader *loader, const struct call_row *row)
{
	struct call_tree *tree = loader->tree;
	uint32_t above = row->parent_id ? call_ids_find(&tree->callsites,
							row->parent_id) :
					  CALL_TREE_NONE;
	uint32_t frame = call_ids_find(&loader->rows.frames, row->frame_id);
	const struct call_place *place;
	enum store_trust trust;
	uint32_t node;
	bool folded;

	if (frame == CALL_TREE_NONE ||
	    (row->parent_id && above == CALL_TREE_NONE))
		return true;
	place = &loader->rows.places[frame];
	if (place->function == CALL_TREE_NONE)
		return true;
	folded = is_folded(loader, row);
	node = row->parent_id ? tree->sites[above].node : 0;
	if (!folded)
		node = find_or_add_node(loader, node, place->function);
	if (!folded && !node)
		return false;
	tree->nodes[node].self.samples += row->self.samples;
	tree->nodes[node].self.weight += row->self.weight;
	if (place->doubtful && !folded)
		tree->nodes[node].doubtful_samples += row->total.samples;
	trust = add_trust(loader, above, place, row->self.samples);
	return add_callsite(tree, row->id,
			    (struct call_site){
				    .node = node,
				    .parent = above,
				    .line = folded ? 0 : place->line,
				    .frame_id = row->frame_id,
				    .self_samples = row->self.samples,
				    .self_weight = row->self.weight,
				    .doubtful = place->doubtful && !folded,
				    .left_out = row->left_out,
				    .trust = trust,
			    }) &&
	       add_line(tree, node, folded ? 0 : place->line,
			row->total.samples);
}

// Of later sessions they may have a node in the file already.
static uint32_t bare_function(struct call_tree *tree)
{
	static const char name[] = CALL_TREE_BARE_NAME;

	for (uint32_t i = 1; i < tree->function_count; i++)
		if (tree->functions[i].kind == STORE_OTHER &&
		    strcmp(tree->functions[i].name, name) == 0)
			return i;
	if (!call_tree_add_function(tree, name))
		return 0;
	return (uint32_t)tree->function_count - 1;
}

static bool take_bare(struct loader *loader)
{
	struct call_tree *tree = loader->tree;
	const struct call_weight *bare = &loader->rows.bare;
	uint32_t function, index;

	if (!bare->samples)
		return true;
	function = bare_function(tree);
	index = function ? find_or_add_node(loader, 0, function) : 0;
	if (!index)
		return false;
	tree->bare_node = index;
	tree->nodes[index].self.samples += bare->samples;
	tree->nodes[index].self.weight += bare->weight;
	tree->native_samples += bare->samples;
	return true;
}

static bool build(struct loader *loader)
{
	struct call_rows *rows = &loader->rows;

	loader->kinds = calloc(rows->count + 1, sizeof(*loader->kinds));
	if (!loader->kinds || !add_node(loader->tree, 0, 0))
		return false;
	for (size_t i = 0; i < rows->count; i++)
		if (!take_row(loader, &rows->rows[i]))
			return false;
	return take_bare(loader);
}

struct error *call_tree_load(struct call_tree *tree, sqlite3 *database,
			     const struct selection *selection,
			     const struct tally *tally,
			     enum call_tree_order order)
{
	struct loader loader = {
		.tree = tree,
		.filtered = selection->stacks != NULL,
	};
	struct error *error;

	*tree = (struct call_tree){ 0 };
	error = call_rows_load(&loader.rows, tree, database, selection, tally,
			       order);
	if (!error && selection->split_lines &&
	    !call_rows_split_lines(&loader.rows, tree))
		error = &error_nomem;
	if (!error && !build(&loader))
		error = &error_nomem;
	if (!error)
		error = call_tree_sort(tree, order);
	loader_deinit(&loader);
	if (error)
		call_tree_deinit(tree);
	return error_wrap(error, "read the stacks");
}
