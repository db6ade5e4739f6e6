// SPDX-License-Identifier: Apache-2.0
#include "schema/show/diff.h"

#include <math.h>
#include <string.h>

#include "base/array.h"
#include "schema/show/diff_test.h"

/* Fewer in both sides together can only be luck. */
enum { SAMPLES_MIN = 5 };

static void side_deinit(struct diff_side *side)
{
	excerpt_deinit(&side->excerpt);
	free(side->sums);
}

void diff_deinit(struct diff *diff)
{
	side_deinit(&diff->a);
	side_deinit(&diff->b);
	free(diff->functions);
	*diff = (struct diff){ 0 };
}

static struct error *load_side(struct diff_side *side,
			       const struct diff_source *source)
{
	const struct call_weight *all;
	struct error *error;

	profile_select(source->profile, source->options);
	side->label = source->label;
	error = excerpt_load(&side->excerpt, source->profile,
			     CALL_TREE_LINELESS, TALLY_BY_BLOCK);
	if (error)
		return error_wrap(error, "%s", source->label);
	side->sums = call_tree_sum_functions(&side->excerpt.tree);
	if (!side->sums)
		return &error_nomem;
	all = &side->excerpt.tree.nodes[0].total;
	side->samples = all->samples;
	side->weight = all->weight;
	side->duration_ns = excerpt_duration_ns(&side->excerpt);
	return NULL;
}

const struct call_weight *diff_weight(const struct diff *diff,
				      const struct call_sum *sum)
{
	return diff->by_total ? &sum->total : &sum->self;
}

/* The functions of a side, in the order of call_function_compare(). */
struct roll {
	uint32_t *functions; /* owned */
	size_t count;
	struct share *shares; /* owned; of each function of the tree */
};

static void roll_deinit(struct roll *roll)
{
	free(roll->functions);
	free(roll->shares);
}

static int compare_functions(const void *left, const void *right, void *context)
{
	const struct call_tree *tree = context;

	return call_function_compare(tree, *(const uint32_t *)left, tree,
				     *(const uint32_t *)right);
}

/* The weights of one block, by node and by function. */
struct block {
	const struct call_tree *tree; /* borrowed */
	bool by_total;
	uint64_t *self, *total; /* owned; of each node */
	uint64_t *functions;	/* owned; of each function */
	uint32_t *active;	/* owned; how often each is on the way down */
};

static void enter_node(const struct call_tree *tree, uint32_t index,
		       void *context)
{
	struct block *block = context;
	uint32_t function = tree->nodes[index].function;

	if (!block->by_total)
		block->functions[function] += block->self[index];
	else if (block->active[function]++ == 0)
		block->functions[function] += block->total[index];
}

static void leave_node(const struct call_tree *tree, uint32_t index,
		       void *context)
{
	struct block *block = context;

	if (block->by_total)
		block->active[tree->nodes[index].function]--;
}

static uint32_t node_of(const struct call_tree *tree, int64_t callsite_id)
{
	uint32_t site = call_ids_find(&tree->callsites, callsite_id);

	return site == CALL_TREE_NONE ? tree->bare_node :
					tree->sites[site].node;
}

static void share_block(struct block *block, const struct tally *tally,
			int64_t number, struct share *shares)
{
	const struct call_tree *tree = block->tree;

	memset(block->self, 0, tree->node_count * sizeof(*block->self));
	memset(block->functions, 0,
	       tree->function_count * sizeof(*block->functions));
	for (size_t i = 0; i < tally->count; i++)
		if (tally->entries[i].part_id == number)
			block->self[node_of(tree,
					    tally->entries[i].callsite_id)] +=
				tally->entries[i].samples;
	memcpy(block->total, block->self,
	       tree->node_count * sizeof(*block->total));
	for (size_t i = tree->node_count; i-- > 1;)
		block->total[tree->nodes[i].parent] += block->total[i];
	call_tree_walk(tree, enter_node, leave_node, block);
	for (size_t i = 0; i < tree->function_count; i++)
		share_add_block(&shares[i], block->functions[i],
				block->total[0]);
}

static struct error *share_blocks(const struct diff_side *side, bool by_total,
				  struct share *shares)
{
	const struct call_tree *tree = &side->excerpt.tree;
	const struct tally *tally = &side->excerpt.tally;
	struct block block = { .tree = tree, .by_total = by_total };
	struct error *error = NULL;

	if (tally->by != TALLY_BY_BLOCK || !tally->block_ns)
		return NULL;
	block.self = calloc(tree->node_count, sizeof(*block.self));
	block.total = calloc(tree->node_count, sizeof(*block.total));
	block.functions =
		calloc(tree->function_count, sizeof(*block.functions));
	block.active = calloc(tree->function_count, sizeof(*block.active));
	if (!block.self || !block.total || !block.functions || !block.active)
		error = &error_nomem;
	for (int64_t i = 0; !error && i < TALLY_BLOCKS; i++)
		share_block(&block, tally, i, shares);
	free(block.self);
	free(block.total);
	free(block.functions);
	free(block.active);
	return error;
}

static struct error *roll_load(struct roll *roll, const struct diff *diff,
			       const struct diff_side *side)
{
	const struct call_tree *tree = &side->excerpt.tree;

	roll->functions = calloc(tree->function_count, sizeof(uint32_t));
	roll->shares = calloc(tree->function_count, sizeof(struct share));
	if (!roll->functions || !roll->shares)
		return &error_nomem;
	for (uint32_t i = 1; i < tree->function_count; i++) {
		if (!side->sums[i].total.samples)
			continue;
		roll->functions[roll->count++] = i;
		roll->shares[i].part =
			diff_weight(diff, &side->sums[i])->samples;
		roll->shares[i].whole = side->samples;
	}
	qsort_r(roll->functions, roll->count, sizeof(*roll->functions),
		compare_functions, (void *)tree);
	return share_blocks(side, diff->by_total, roll->shares);
}

static double share_of(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

// Where a side does not have it, 0 samples are what was seen of it.
static bool add_function(struct diff *diff, struct diff_function function,
			 const struct share *before, const struct share *after)
{
	struct share none_before = { .whole = diff->a.samples };
	struct share none_after = { .whole = diff->b.samples };

	if (!array_reserve_one(diff->functions, diff->count, diff->capacity))
		return false;
	before = before ? before : &none_before;
	after = after ? after : &none_after;
	function.share_before = share_of(before->part, before->whole);
	function.share_after = share_of(after->part, after->whole);
	function.verdict = DIFF_NOT_SIGNIFICANT;
	function.p = share_difference_p(before, after);
	diff->functions[diff->count++] = function;
	return true;
}

static int compare_at(const struct diff *diff, const struct roll *a, size_t i,
		      const struct roll *b, size_t k)
{
	if (i == a->count)
		return 1;
	if (k == b->count)
		return -1;
	return call_function_compare(&diff->a.excerpt.tree, a->functions[i],
				     &diff->b.excerpt.tree, b->functions[k]);
}

static bool join(struct diff *diff, const struct roll *a, const struct roll *b)
{
	size_t i = 0, k = 0;

	while (i < a->count || k < b->count) {
		int order = compare_at(diff, a, i, b, k);
		const struct share *before = NULL, *after = NULL;
		struct diff_function function = { 0 };

		if (order <= 0) {
			function.tree = &diff->a.excerpt.tree;
			function.function = a->functions[i++];
			function.before = diff->a.sums[function.function];
			before = &a->shares[function.function];
		}
		if (order >= 0) {
			function.tree = &diff->b.excerpt.tree;
			function.function = b->functions[k++];
			function.after = diff->b.sums[function.function];
			after = &b->shares[function.function];
		}
		if (!add_function(diff, function, before, after))
			return false;
	}
	return true;
}

static uint64_t samples_of(const struct diff *diff,
			   const struct diff_function *function)
{
	return diff_weight(diff, &function->before)->samples +
	       diff_weight(diff, &function->after)->samples;
}

/*
 * The samples in both sides together below which no test could say anything,
 * for all of them on one side would not be significant after the correction
 * (Tarone 1990). What is left out of the family does not weaken the others.
 */
static uint64_t least_samples(const struct diff *diff)
{
	double a = (double)diff->a.samples, b = (double)diff->b.samples;
	double side = (a < b ? a : b) / (a + b);
	uint64_t least = SAMPLES_MIN;

	for (;; least++) {
		double p = pow(side, (double)least);
		size_t tests = 0;

		for (size_t i = 0; i < diff->count; i++)
			tests += samples_of(diff, &diff->functions[i]) >= least;
		if ((double)tests * p < DIFF_SIGNIFICANCE)
			return least;
	}
}

static void leave_out_few(struct diff *diff)
{
	uint64_t least;

	if (!diff->a.samples || !diff->b.samples)
		return;
	least = least_samples(diff);
	for (size_t i = 0; i < diff->count; i++) {
		struct diff_function *function = &diff->functions[i];

		if (samples_of(diff, function) >= least)
			continue;
		function->verdict = DIFF_TOO_FEW;
		function->p = 1;
	}
}

static int compare_p(const void *left, const void *right)
{
	const struct diff_function *a = left, *b = right;

	if ((a->verdict == DIFF_TOO_FEW) != (b->verdict == DIFF_TOO_FEW))
		return a->verdict == DIFF_TOO_FEW ? 1 : -1;
	return (a->p > b->p) - (a->p < b->p);
}

static struct error *correct(struct diff *diff)
{
	_cleanup_free_ double *p = calloc(diff->count + 1, sizeof(*p));
	size_t tests = 0;

	if (!p)
		return &error_nomem;
	leave_out_few(diff);
	if (diff->count)
		qsort(diff->functions, diff->count, sizeof(*diff->functions),
		      compare_p);
	for (; tests < diff->count; tests++) {
		if (diff->functions[tests].verdict == DIFF_TOO_FEW)
			break;
		p[tests] = diff->functions[tests].p;
	}
	diff->tested = tests;
	holm_correct(p, tests);
	for (size_t i = 0; i < tests; i++) {
		diff->functions[i].p = p[i];
		if (p[i] >= DIFF_SIGNIFICANCE)
			continue;
		diff->functions[i].verdict = DIFF_SIGNIFICANT;
		diff->significant++;
	}
	return NULL;
}

static int compare_changes(const void *left, const void *right)
{
	const struct diff_function *a = left, *b = right;
	double change_a = fabs(a->share_after - a->share_before);
	double change_b = fabs(b->share_after - b->share_before);

	if ((a->verdict == DIFF_SIGNIFICANT) !=
	    (b->verdict == DIFF_SIGNIFICANT))
		return a->verdict == DIFF_SIGNIFICANT ? -1 : 1;
	if (change_a != change_b)
		return change_a > change_b ? -1 : 1;
	return call_function_compare(a->tree, a->function, b->tree,
				     b->function);
}

static struct error *compare(struct diff *diff)
{
	struct roll a = { 0 }, b = { 0 };
	struct error *error = roll_load(&a, diff, &diff->a);

	if (!error)
		error = roll_load(&b, diff, &diff->b);
	if (!error && !join(diff, &a, &b))
		error = &error_nomem;
	roll_deinit(&a);
	roll_deinit(&b);
	if (!error)
		error = correct(diff);
	if (!error && diff->count)
		qsort(diff->functions, diff->count, sizeof(*diff->functions),
		      compare_changes);
	return error;
}

static struct error *check_units(const struct diff *diff)
{
	const struct selection *a = &diff->a.excerpt.selection;
	const struct selection *b = &diff->b.excerpt.selection;

	if (strcmp(a->unit, b->unit) == 0)
		return NULL;
	return error_create(ERROR_USAGE,
			    "'%s' counts %s in %s, and '%s' %s in %s: --event "
			    "chooses what both have",
			    diff->a.label, a->event, a->unit, diff->b.label,
			    b->event, b->unit);
}

struct error *diff_load(struct diff *diff, const struct diff_source *a,
			const struct diff_source *b, bool by_total)
{
	struct error *error;

	*diff = (struct diff){ .by_total = by_total };
	error = load_side(&diff->a, a);
	if (!error)
		error = load_side(&diff->b, b);
	if (!error)
		error = check_units(diff);
	if (!error)
		error = compare(diff);
	if (error)
		diff_deinit(diff);
	return error;
}
