// SPDX-License-Identifier: Apache-2.0
// Nodes of a view are groups of nodes of its source. It is made level by level:
// what the members of a group come to next is grouped by function, and each
// such group is a child. Nothing is hashed, and what is too light is not
// followed.
#include "schema/read/call_tree_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "schema/read/call_tree_adopt.h"

enum { AFTER, BEFORE, SIDES };

/* A member of a group: where it is in its source, and what it weighs. */
struct cursor {
	uint32_t node; /* up: the one that comes next; 0: the end. down: it */
	uint32_t side;
	struct call_weight weight;
};

struct cursors {
	struct cursor *items; /* owned */
	size_t count, capacity;
};

/* What a group's members come to, by function. */
struct kid {
	uint32_t function;
	struct call_weight weights[SIDES];
	double doubtful;
	size_t member_count;
	size_t place; /* of its next member among those of the next level */
	bool kept;
};

struct step {
	uint32_t kid;
	struct cursor cursor;
};

struct view {
	const struct call_tree *sources[SIDES]; /* borrowed; BEFORE: or NULL */
	uint32_t *merged; /* owned; of each function of BEFORE, its number */
	bool up;
	struct call_tree_limit limit;

	struct call_tree *tree; /* borrowed; what is made */
	uint64_t *before;	/* owned; of each node */
	size_t *begins;		/* owned; of each node, in its level */
	size_t before_capacity, begin_capacity;

	struct cursors level, next;
	struct step *steps; /* owned; of one group */
	size_t step_count, step_capacity;
	struct kid *kids; /* owned; of one group */
	size_t kid_count, kid_capacity;
	uint32_t *kid_of; /* owned; of each function, and 1; 0: none */
	uint32_t *order;  /* owned; of kids */
	size_t order_capacity;
};

static void view_deinit(struct view *view)
{
	free(view->merged);
	free(view->before);
	free(view->begins);
	free(view->level.items);
	free(view->next.items);
	free(view->steps);
	free(view->kids);
	free(view->kid_of);
	free(view->order);
}

static bool add_cursor(struct cursors *cursors, struct cursor cursor)
{
	if (!array_reserve_one(cursors->items, cursors->count,
			       cursors->capacity))
		return false;
	cursors->items[cursors->count++] = cursor;
	return true;
}

static uint32_t function_of(const struct view *view, uint32_t side,
			    uint32_t node)
{
	uint32_t function = view->sources[side]->nodes[node].function;

	return side == BEFORE ? view->merged[function] : function;
}

// NULL: no memory.
static struct kid *find_or_add_kid(struct view *view, uint32_t function)
{
	uint32_t *number = &view->kid_of[function];

	if (!*number) {
		if (!array_reserve_one(view->kids, view->kid_count,
				       view->kid_capacity))
			return NULL;
		view->kids[view->kid_count++] =
			(struct kid){ .function = function };
		*number = (uint32_t)view->kid_count;
	}
	return &view->kids[*number - 1];
}

// Of a part of a node's samples, that part of its doubt.
static double doubt_of(const struct call_node *node, uint64_t samples)
{
	return node->total.samples ?
		       (double)node->doubtful_samples * (double)samples /
			       (double)node->total.samples :
		       0;
}

// A member at @node of a source goes on with @cursor.
static bool add_step(struct view *view, uint32_t node, struct cursor cursor)
{
	const struct call_node *at = &view->sources[cursor.side]->nodes[node];
	struct kid *kid = find_or_add_kid(
		view, function_of(view, cursor.side, node));

	if (!kid || !array_reserve_one(view->steps, view->step_count,
				       view->step_capacity))
		return false;
	kid->weights[cursor.side].samples += cursor.weight.samples;
	kid->weights[cursor.side].weight += cursor.weight.weight;
	if (cursor.side == AFTER)
		kid->doubtful += doubt_of(at, cursor.weight.samples);
	kid->member_count++;
	view->steps[view->step_count++] =
		(struct step){ (uint32_t)(kid - view->kids), cursor };
	return true;
}

static void add_own(struct view *view, uint32_t index, uint32_t side,
		    const struct call_weight *weight)
{
	struct call_weight *self = &view->tree->nodes[index].self;

	if (side == BEFORE) {
		view->before[index] += weight->samples;
		return;
	}
	self->samples += weight->samples;
	self->weight += weight->weight;
}

static bool step_up(struct view *view, uint32_t index, struct cursor cursor)
{
	uint32_t node = cursor.node;

	if (node == 0) {
		add_own(view, index, cursor.side, &cursor.weight);
		return true;
	}
	cursor.node = view->sources[cursor.side]->nodes[node].parent;
	return add_step(view, node, cursor);
}

static bool step_down(struct view *view, uint32_t index, struct cursor cursor)
{
	const struct call_node *nodes = view->sources[cursor.side]->nodes;
	const struct call_node *node = &nodes[cursor.node];

	add_own(view, index, cursor.side, &node->self);
	for (uint32_t i = 0; i < node->child_count; i++) {
		uint32_t child = node->first_child + i;
		const struct cursor next = {
			.node = child,
			.side = cursor.side,
			.weight = nodes[child].total,
		};

		if (!add_step(view, child, next))
			return false;
	}
	return true;
}

static uint64_t kid_samples(const struct kid *kid)
{
	return kid->weights[AFTER].samples + kid->weights[BEFORE].samples;
}

static int compare_kids(const void *left, const void *right, void *context)
{
	const struct kid *kids = context;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	uint64_t samples_a = kid_samples(&kids[a]);
	uint64_t samples_b = kid_samples(&kids[b]);

	if (samples_a != samples_b)
		return samples_a > samples_b ? -1 : 1;
	return (kids[a].function > kids[b].function) -
	       (kids[a].function < kids[b].function);
}

static bool add_node(struct view *view, uint32_t parent, const struct kid *kid)
{
	struct call_tree *tree = view->tree;

	if (!array_reserve_one(tree->nodes, tree->node_count,
			       tree->node_capacity) ||
	    !array_reserve((void **)&view->before, &view->before_capacity,
			   tree->node_count + 1, sizeof(*view->before)) ||
	    !array_reserve((void **)&view->begins, &view->begin_capacity,
			   tree->node_count + 1, sizeof(*view->begins)))
		return false;
	view->begins[tree->node_count] = kid->place;
	view->before[tree->node_count] = 0;
	tree->nodes[tree->node_count++] = (struct call_node){
		.parent = parent,
		.function = kid->function,
		.total = kid->weights[AFTER],
		.doubtful_samples = (uint64_t)(kid->doubtful + 0.5),
	};
	return true;
}

// Kids that are heavy enough become nodes, in their order; the weight of the
// others is their parent's own.
static bool add_kids(struct view *view, uint32_t index)
{
	if (!array_reserve((void **)&view->order, &view->order_capacity,
			   view->kid_count + 1, sizeof(*view->order)))
		return false;
	for (uint32_t i = 0; i < view->kid_count; i++)
		view->order[i] = i;
	if (view->kid_count > 1)
		qsort_r(view->order, view->kid_count, sizeof(*view->order),
			compare_kids, view->kids);
	view->tree->nodes[index].first_child =
		(uint32_t)view->tree->node_count;
	for (size_t i = 0; i < view->kid_count; i++) {
		struct kid *kid = &view->kids[view->order[i]];

		view->kid_of[kid->function] = 0;
		kid->kept = kid_samples(kid) >= view->limit.least_samples;
		if (!kid->kept) {
			add_own(view, index, AFTER, &kid->weights[AFTER]);
			add_own(view, index, BEFORE, &kid->weights[BEFORE]);
			continue;
		}
		kid->place = view->next.count;
		view->next.count += kid->member_count;
		if (!add_node(view, index, kid))
			return false;
		view->tree->nodes[index].child_count++;
	}
	return true;
}

static bool expand(struct view *view, uint32_t index, size_t end)
{
	view->kid_count = view->step_count = 0;
	for (size_t i = view->begins[index]; i < end; i++) {
		struct cursor cursor = view->level.items[i];

		if (!(view->up ? step_up(view, index, cursor) :
				 step_down(view, index, cursor)))
			return false;
	}
	if (!add_kids(view, index) ||
	    !array_reserve((void **)&view->next.items, &view->next.capacity,
			   view->next.count + 1, sizeof(*view->next.items)))
		return false;
	for (size_t i = 0; i < view->step_count; i++) {
		struct kid *kid = &view->kids[view->steps[i].kid];

		if (kid->kept)
			view->next.items[kid->place++] = view->steps[i].cursor;
	}
	return true;
}

// From the root's members on; stops early when it becomes too many nodes.
static bool expand_all(struct view *view)
{
	const struct call_tree *tree = view->tree;
	size_t index = 0;

	while (index < tree->node_count &&
	       tree->node_count <= view->limit.most) {
		size_t last = tree->node_count;
		struct cursors level;

		view->next.count = 0;
		for (; index < last && tree->node_count <= view->limit.most;
		     index++)
			if (!expand(view, (uint32_t)index,
				    index + 1 < last ? view->begins[index + 1] :
						       view->level.count))
				return false;
		level = view->level;
		view->level = view->next;
		view->next = level;
	}
	return true;
}

/* What the root is, and whose members it has. */
typedef bool (*start_fn)(struct view *view, uint32_t function);

static bool start(struct view *view, uint32_t function, start_fn fill)
{
	struct kid root = { .function = function };

	view->tree->node_count = 0;
	view->level.count = 0;
	if (!add_node(view, 0, &root) || !fill(view, function))
		return false;
	for (size_t i = 0; i < view->level.count; i++) {
		const struct cursor *cursor = &view->level.items[i];
		struct call_weight *total = &view->tree->nodes[0].total;

		if (cursor->side != AFTER)
			continue;
		total->samples += cursor->weight.samples;
		total->weight += cursor->weight.weight;
	}
	return true;
}

static uint64_t all_samples(const struct view *view)
{
	uint64_t samples = 0;

	for (size_t i = 0; i < view->level.count; i++)
		samples += view->level.items[i].weight.samples;
	return samples;
}

// The threshold is not known before: it grows until it is enough. Each try ends
// as soon as it has too many nodes, so those that fail are short.
static bool make(struct view *view, uint32_t function, start_fn fill)
{
	view->limit.least_samples = 0;
	for (;;) {
		uint64_t all, least = view->limit.least_samples;

		if (!start(view, function, fill))
			return false;
		all = all_samples(view);
		if (!expand_all(view))
			return false;
		if (view->tree->node_count <= view->limit.most || least > all)
			return true;
		view->limit.least_samples =
			least ? least + least / 2 + 1 :
				all / (8 * (uint64_t)view->limit.most) + 2;
	}
}

static bool start_leaves(struct view *view, uint32_t function)
{
	const struct call_tree *tree = view->sources[AFTER];

	(void)function;
	for (uint32_t i = 0; i < tree->node_count; i++)
		if (tree->nodes[i].self.samples &&
		    !add_cursor(&view->level,
				(struct cursor){ i, AFTER,
						 tree->nodes[i].self }))
			return false;
	return true;
}

// Where @function is, and not above that.
static bool start_outermost(struct view *view, uint32_t function)
{
	const struct call_tree *tree = view->sources[AFTER];
	_cleanup_free_ bool *inside = calloc(tree->node_count, sizeof(*inside));

	if (!inside)
		return false;
	for (uint32_t i = 1; i < tree->node_count; i++) {
		const struct call_node *node = &tree->nodes[i];

		inside[i] = inside[node->parent] || node->function == function;
		if (!inside[i] || inside[node->parent])
			continue;
		view->tree->nodes[0].doubtful_samples += node->doubtful_samples;
		if (!add_cursor(&view->level,
				(struct cursor){ view->up ? node->parent : i,
						 AFTER, node->total }))
			return false;
	}
	return true;
}

static bool start_roots(struct view *view, uint32_t function)
{
	(void)function;
	for (uint32_t i = 0; i < SIDES; i++)
		if (!add_cursor(&view->level,
				(struct cursor){
					0, i,
					view->sources[i]->nodes[0].total }))
			return false;
	return true;
}

// @view gives what it was made of back.
static struct error *finish(struct view *view, bool good,
			    struct call_tree_limit *limit)
{
	struct error *error = good ? NULL : &error_nomem;

	if (!error)
		error = call_tree_adopt(view->tree, view->sources[AFTER],
					view->sources[BEFORE]);
	if (error)
		call_tree_deinit(view->tree);
	else
		*limit = view->limit;
	view_deinit(view);
	return error;
}

static struct error *view_one(const struct call_tree *tree, bool up,
			      uint32_t function, start_fn fill,
			      struct call_tree_limit *limit,
			      struct call_tree *ret)
{
	struct view view = {
		.sources = { [AFTER] = tree },
		.up = up,
		.limit = *limit,
		.tree = ret,
		.kid_of = calloc(tree->function_count, sizeof(uint32_t)),
	};

	*ret = (struct call_tree){ 0 };
	return finish(&view, view.kid_of && make(&view, function, fill), limit);
}

struct error *call_tree_invert(const struct call_tree *tree,
			       struct call_tree_limit *limit,
			       struct call_tree *ret)
{
	return view_one(tree, true, tree->nodes[0].function, start_leaves,
			limit, ret);
}

struct error *call_tree_callers(const struct call_tree *tree,
				uint32_t function,
				struct call_tree_limit *limit,
				struct call_tree *ret)
{
	return view_one(tree, true, function, start_outermost, limit, ret);
}

struct error *call_tree_callees(const struct call_tree *tree,
				uint32_t function,
				struct call_tree_limit *limit,
				struct call_tree *ret)
{
	return view_one(tree, false, function, start_outermost, limit, ret);
}

static int compare_functions(const void *left, const void *right, void *context)
{
	const struct call_tree *tree = context;

	return call_function_compare(tree, *(const uint32_t *)left, tree,
				     *(const uint32_t *)right);
}

// NULL: no memory.
static uint32_t *sort_functions(const struct call_tree *tree)
{
	uint32_t *order = calloc(tree->function_count, sizeof(*order));

	for (uint32_t i = 0; order && i < tree->function_count; i++)
		order[i] = i;
	if (order)
		qsort_r(order, tree->function_count, sizeof(*order),
			compare_functions, (void *)tree);
	return order;
}

// Functions of @before that @after has are the same, others are behind its.
static uint32_t *merge_functions(const struct call_tree *before,
				 const struct call_tree *after)
{
	_cleanup_free_ uint32_t *a = sort_functions(after);
	_cleanup_free_ uint32_t *b = sort_functions(before);
	uint32_t *merged = calloc(before->function_count, sizeof(*merged));
	size_t i = 0;

	if (!a || !b || !merged) {
		free(merged);
		return NULL;
	}
	for (size_t k = 0; k < before->function_count; k++) {
		int order = -1;

		while (i < after->function_count &&
		       (order = call_function_compare(after, a[i], before,
						      b[k])) < 0)
			i++;
		merged[b[k]] = i < after->function_count && order == 0 ?
				       a[i] :
				       (uint32_t)after->function_count + b[k];
	}
	merged[before->nodes[0].function] = after->nodes[0].function;
	return merged;
}

struct error *call_tree_merge(const struct call_tree *before,
			      const struct call_tree *after,
			      struct call_tree_limit *limit,
			      struct call_tree *ret, uint64_t **ret_before)
{
	struct view view = {
		.sources = { [AFTER] = after, [BEFORE] = before },
		.limit = *limit,
		.tree = ret,
		.merged = merge_functions(before, after),
		.kid_of = calloc(before->function_count + after->function_count,
				 sizeof(uint32_t)),
	};
	_cleanup_free_ uint64_t *samples = NULL;
	struct error *error;
	bool good;

	*ret = (struct call_tree){ 0 };
	good = view.merged && view.kid_of &&
	       make(&view, after->nodes[0].function, start_roots);
	samples = take_ptr(view.before);
	error = finish(&view, good, limit);
	if (!error)
		*ret_before = take_ptr(samples);
	return error;
}
