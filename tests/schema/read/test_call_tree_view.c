// SPDX-License-Identifier: Apache-2.0
#include "schema/read/call_tree_view.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "schema/read/call_tree_rows.h"
#include "tests/cmocka.h"

enum { NODES_MAX = 4000, FUNCTIONS = 12 };

static void add_functions(struct call_tree *tree, unsigned int count)
{
	char name[] = "a";

	assert_true(call_tree_add_function(tree, "all"));
	for (unsigned int i = 0; i < count; i++, name[0]++)
		assert_true(call_tree_add_function(tree, name));
}

static void add_node(struct call_tree *tree, uint32_t parent,
		     uint32_t function, uint64_t samples)
{
	assert_true(array_reserve_one(tree->nodes, tree->node_count,
				      tree->node_capacity));
	tree->nodes[tree->node_count++] = (struct call_node){
		.parent = parent,
		.function = function,
		.self = { samples, 10 * samples },
	};
}

/* "a>b>a 3": a stack of functions from the root on, and its samples. */
static void add_stack(struct call_tree *tree, const char *stack,
		      uint64_t samples)
{
	uint32_t parent = 0;

	for (; *stack; stack++) {
		uint32_t function = (uint32_t)(*stack - 'a' + 1);
		uint32_t i = 1;

		while (i < tree->node_count &&
		       (tree->nodes[i].parent != parent ||
			tree->nodes[i].function != function))
			i++;
		if (i == tree->node_count)
			add_node(tree, parent, function, 0);
		parent = i;
	}
	tree->nodes[parent].self.samples += samples;
	tree->nodes[parent].self.weight += 10 * samples;
}

static void init_tree(struct call_tree *tree)
{
	*tree = (struct call_tree){ 0 };
	add_functions(tree, FUNCTIONS);
	add_node(tree, 0, 0, 0);
}

static void finish_tree(struct call_tree *tree)
{
	assert_null(call_tree_sort(tree, CALL_TREE_HEAVY_FIRST));
}

struct lines {
	FILE *out;
	const uint64_t *before;
};

static void enter(const struct call_tree *tree, uint32_t index, void *context)
{
	const struct call_node *node = &tree->nodes[index];
	struct lines *lines = context;

	fprintf(lines->out, "%s%lu", tree->functions[node->function].name,
		(unsigned long)node->self.samples);
	if (lines->before)
		fprintf(lines->out, "/%lu",
			(unsigned long)lines->before[index]);
	fputs(node->child_count ? "(" : "", lines->out);
}

static void leave(const struct call_tree *tree, uint32_t index, void *context)
{
	struct lines *lines = context;

	fputs(tree->nodes[index].child_count ? ")" : " ", lines->out);
}

static void expect(const struct call_tree *tree, const uint64_t *before,
		   const char *expected)
{
	char *text;
	size_t size;
	struct lines lines = { open_memstream(&text, &size), before };

	assert_non_null(lines.out);
	call_tree_walk(tree, enter, leave, &lines);
	fclose(lines.out);
	assert_string_equal(text, expected);
	free(text);
}

static void make_example(struct call_tree *tree)
{
	init_tree(tree);
	add_stack(tree, "ab", 5);
	add_stack(tree, "abc", 3);
	add_stack(tree, "dbc", 2);
	add_stack(tree, "abeb", 4); // b calls itself, by way of e
	finish_tree(tree);
}

static struct call_tree_limit no_limit(void)
{
	return (struct call_tree_limit){ .most = SIZE_MAX / 16 };
}

static void test_invert(void **state)
{
	struct call_tree_limit limit = no_limit();
	struct call_tree tree, view;

	(void)state;
	make_example(&tree);
	assert_null(call_tree_invert(&tree, &limit, &view));
	expect(&view, NULL,
	       "all0(b0(a5 e0(b0(a4 )))c0(b0(a3 d2 )))");
	assert_int_equal(view.nodes[0].total.samples, 14);
	assert_int_equal(view.nodes[0].total.weight, 140);
	assert_int_equal(limit.least_samples, 0);
	call_tree_deinit(&view);
	call_tree_deinit(&tree);
}

static void test_sandwich(void **state)
{
	struct call_tree_limit limit = no_limit();
	struct call_tree tree, view;

	(void)state;
	make_example(&tree);
	assert_null(call_tree_callers(&tree, 2, &limit, &view));
	expect(&view, NULL, "b0(a12 d2 )");
	assert_int_equal(view.nodes[0].total.samples, 14);
	call_tree_deinit(&view);
	assert_null(call_tree_callees(&tree, 2, &limit, &view));
	expect(&view, NULL, "b5(c5 e0(b4 ))");
	// Only what it shows is carried along.
	assert_int_equal(view.function_count, 3);
	call_tree_deinit(&view);
	// A function that nobody was in is a root alone.
	assert_null(call_tree_callers(&tree, FUNCTIONS, &limit, &view));
	assert_int_equal(view.node_count, 1);
	assert_int_equal(view.nodes[0].total.samples, 0);
	call_tree_deinit(&view);
	call_tree_deinit(&tree);
}

// New and gone nodes are there, and what was pruned is its caller's.
static void test_merge(void **state)
{
	struct call_tree_limit limit = no_limit();
	struct call_tree before, after, view;
	uint64_t *samples;

	(void)state;
	make_example(&before);
	init_tree(&after);
	add_stack(&after, "abc", 30);
	add_stack(&after, "f", 1);
	// The same functions, in another order.
	after.functions[1].name[0] = 'z';
	free(after.functions[12].name);
	after.functions[12].name = strdup("a");
	for (size_t i = 0; i < after.node_count; i++)
		if (after.nodes[i].function == 1)
			after.nodes[i].function = 12;
	finish_tree(&after);
	assert_null(call_tree_merge(&before, &after, &limit, &view, &samples));
	expect(&view, samples,
	       "all0/0(a0/0(b0/5(c30/3 e0/0(b0/4 )))d0/0(b0/0(c0/2 ))f1/0 )");
	call_tree_deinit(&view);
	free(samples);
	limit.most = 4;
	assert_null(call_tree_merge(&before, &after, &limit, &view, &samples));
	expect(&view, samples, "all1/2(a0/0(b0/9(c30/3 )))");
	assert_true(limit.least_samples > 4);
	call_tree_deinit(&view);
	free(samples);
	call_tree_deinit(&before);
	call_tree_deinit(&after);
}

static void make_random(struct call_tree *tree, unsigned int *seed)
{
	init_tree(tree);
	while (tree->node_count < NODES_MAX) {
		uint32_t from = tree->node_count > 60 ?
					(uint32_t)tree->node_count - 60 : 0;
		uint32_t parent = from + (uint32_t)rand_r(seed) % 60;

		if (parent >= tree->node_count)
			parent = (uint32_t)tree->node_count - 1;
		add_node(tree, parent, 1 + (uint32_t)rand_r(seed) % FUNCTIONS,
			 (uint64_t)rand_r(seed) % 5);
	}
	finish_tree(tree);
}

static void check_order(const struct call_tree *tree)
{
	for (uint32_t i = 1; i < tree->node_count; i++) {
		const struct call_node *node = &tree->nodes[i];
		const struct call_node *above = &tree->nodes[node->parent];

		assert_true(node->parent < i);
		assert_true(i == 1 ||
			    tree->nodes[i - 1].parent <= node->parent);
		assert_true(i >= above->first_child &&
			    i < above->first_child + above->child_count);
		if (i > above->first_child)
			assert_true(tree->nodes[i - 1].total.samples >=
				    node->total.samples);
	}
}

static void check_sums(const struct call_tree *tree)
{
	for (uint32_t i = 0; i < tree->node_count; i++) {
		const struct call_node *node = &tree->nodes[i];
		uint64_t samples = node->self.samples;

		for (uint32_t k = 0; k < node->child_count; k++)
			samples += tree->nodes[node->first_child + k]
					   .total.samples;
		assert_int_equal(samples, node->total.samples);
		assert_int_equal(node->total.weight, 10 * samples);
	}
}

static uint32_t find_function(const struct call_tree *tree, const char *name)
{
	for (uint32_t i = 0; i < tree->function_count; i++)
		if (strcmp(tree->functions[i].name, name) == 0)
			return i;
	return CALL_TREE_NONE;
}

// Below the root of an inverted tree stands each function with its own weight.
static void check_inverted(const struct call_tree *tree,
			   const struct call_tree *view,
			   const struct call_sum *sums)
{
	const struct call_node *root = &view->nodes[0];
	uint64_t found = root->self.samples;

	for (uint32_t i = 0; i < root->child_count; i++) {
		const struct call_node *node =
			&view->nodes[root->first_child + i];
		uint32_t function = find_function(
			tree, view->functions[node->function].name);

		assert_int_equal(node->total.samples,
				 sums[function].self.samples);
		found += node->total.samples;
	}
	assert_int_equal(found, tree->nodes[0].total.samples);
}

static void check_limits(const struct call_tree *tree,
			 const struct call_sum *sums)
{
	static const size_t most[] = { 1, 2, 17, 300, 3000, 100000 };
	struct call_tree view;

	for (size_t i = 0; i < sizeof(most) / sizeof(*most); i++) {
		struct call_tree_limit limit = { .most = most[i] };

		assert_null(call_tree_invert(tree, &limit, &view));
		assert_in_range(view.node_count, 1, most[i]);
		check_order(&view);
		check_sums(&view);
		check_inverted(tree, &view, sums);
		for (uint32_t k = 1; k < view.node_count; k++)
			assert_true(view.nodes[k].total.samples >=
				    limit.least_samples);
		call_tree_deinit(&view);
	}
}

static void check_functions(const struct call_tree *tree,
			    const struct call_sum *sums)
{
	for (uint32_t i = 1; i <= FUNCTIONS; i++) {
		struct call_tree_limit limit = no_limit();
		struct call_tree view;

		assert_null(call_tree_callers(tree, i, &limit, &view));
		check_order(&view);
		check_sums(&view);
		assert_int_equal(view.nodes[0].total.samples,
				 sums[i].total.samples);
		call_tree_deinit(&view);
		assert_null(call_tree_callees(tree, i, &limit, &view));
		check_order(&view);
		check_sums(&view);
		assert_int_equal(view.nodes[0].total.samples,
				 sums[i].total.samples);
		call_tree_deinit(&view);
	}
}

static void test_random(void **state)
{
	unsigned int seed = 7;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct call_tree tree;
		struct call_sum *sums;

		make_random(&tree, &seed);
		sums = call_tree_sum_functions(&tree);
		assert_non_null(sums);
		check_limits(&tree, sums);
		check_functions(&tree, sums);
		free(sums);
		call_tree_deinit(&tree);
	}
}

// A tree and itself: everything twice.
static void test_merge_random(void **state)
{
	struct call_tree_limit limit = no_limit();
	struct call_tree tree, view;
	uint64_t *samples;
	unsigned int seed = 8;

	(void)state;
	make_random(&tree, &seed);
	assert_null(call_tree_merge(&tree, &tree, &limit, &view, &samples));
	check_order(&view);
	check_sums(&view);
	assert_int_equal(view.nodes[0].total.samples,
			 tree.nodes[0].total.samples);
	for (uint32_t i = 0; i < view.node_count; i++)
		assert_int_equal(samples[i], view.nodes[i].self.samples);
	free(samples);
	call_tree_deinit(&view);
	call_tree_deinit(&tree);
}

static void test_compact(void **state)
{
	struct call_tree tree;

	(void)state;
	make_example(&tree);
	assert_null(call_tree_compact(&tree));
	assert_int_equal(tree.function_count, 6);
	expect(&tree, NULL, "all0(a0(b5(e0(b4 )c3 ))d0(b0(c2 )))");
	call_tree_deinit(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_invert),
		cmocka_unit_test(test_sandwich),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_merge_random),
		cmocka_unit_test(test_compact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
