// SPDX-License-Identifier: Apache-2.0
#include "schema/read/call_tree.h"

#include <string.h>

#include "schema/read/call_threads.h"
#include "schema/read/excerpt.h"
#include "schema/sql.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

static void load(struct excerpt *excerpt, struct profile **profile,
		 enum call_tree_order order)
{
	fixture_make("a.db");
	*profile = fixture_open_profile("a.db");
	fixture_succeed(excerpt_load(excerpt, *profile, order, TALLY_BY_THREAD));
}

static void print_node(const struct call_tree *tree, uint32_t index, FILE *out)
{
	const struct call_node *node = &tree->nodes[index];

	fprintf(out, "%u %s %u+%u self %lu total %lu doubt %lu\n", node->parent,
		tree->functions[node->function].name, node->first_child,
		node->child_count, (unsigned long)node->self.samples,
		(unsigned long)node->total.samples,
		(unsigned long)node->doubtful_samples);
	assert_int_equal(node->self.weight,
			 node->self.samples * FIXTURE_PERIOD_NS);
	assert_int_equal(node->total.weight,
			 node->total.samples * FIXTURE_PERIOD_NS);
}

static void expect_nodes(const struct call_tree *tree, const char *expected)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (uint32_t i = 0; i < tree->node_count; i++)
		print_node(tree, i, out);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

// Two lines of run are one node; the heaviest stands first.
static void test_heavy_first(void **state)
{
	struct excerpt excerpt;
	struct call_tree *tree = &excerpt.tree;
	struct profile *profile;

	(void)state;
	load(&excerpt, &profile, CALL_TREE_HEAVY_FIRST);
	expect_nodes(tree, "0 all 1+3 self 0 total 11 doubt 0\n"
			    "0 main_c 4+1 self 0 total 9 doubt 0\n"
			    "0 [no stack] 5+0 self 1 total 1 doubt 0\n"
			    "0 start_thread 5+0 self 1 total 1 doubt 1\n"
			    "1 run 5+2 self 0 total 9 doubt 0\n"
			    "4 fib 7+1 self 2 total 5 doubt 0\n"
			    "4 qsort 8+1 self 0 total 4 doubt 0\n"
			    "5 fib 9+0 self 3 total 3 doubt 0\n"
			    "6 do_syscall_64 9+0 self 4 total 4 doubt 0\n");
	assert_int_equal(tree->bare_node, 2);
	excerpt_deinit(&excerpt);
	profile_close(profile);
}

static void test_by_name(void **state)
{
	struct excerpt excerpt;
	struct call_tree *tree = &excerpt.tree;
	struct profile *profile;

	(void)state;
	load(&excerpt, &profile, CALL_TREE_BY_NAME);
	assert_string_equal(tree->functions[tree->nodes[1].function].name,
			    "[no stack]");
	assert_string_equal(tree->functions[tree->nodes[2].function].name,
			    "main_c");
	assert_int_equal(tree->bare_node, 1);
	excerpt_deinit(&excerpt);
	profile_close(profile);
}

static void test_lines(void **state)
{
	struct excerpt excerpt;
	struct call_tree *tree = &excerpt.tree;
	struct profile *profile;

	(void)state;
	load(&excerpt, &profile, CALL_TREE_HEAVY_FIRST);
	assert_int_equal(tree->line_count, 4);
	// run: line 5 in 5 samples, line 6 in 4.
	assert_int_equal(tree->lines[0].node, 4);
	assert_int_equal(tree->lines[0].line, 5);
	assert_int_equal(tree->lines[0].samples, 5);
	assert_int_equal(tree->lines[1].line, 6);
	assert_int_equal(tree->lines[3].node, 7);
	assert_int_equal(tree->lines[3].line, 12);
	excerpt_deinit(&excerpt);
	profile_close(profile);
}

static uint32_t find_function(const struct call_tree *tree, const char *name)
{
	for (uint32_t i = 0; i < tree->function_count; i++)
		if (strcmp(tree->functions[i].name, name) == 0)
			return i;
	fail_msg("no function %s", name);
	return 0;
}

static void test_recursion_counts_once(void **state)
{
	struct excerpt excerpt;
	struct call_tree *tree = &excerpt.tree;
	struct profile *profile;
	_cleanup_free_ struct call_sum *sums = NULL;
	uint32_t fib;

	(void)state;
	load(&excerpt, &profile, CALL_TREE_HEAVY_FIRST);
	sums = call_tree_sum_functions(tree);
	assert_non_null(sums);
	fib = find_function(tree, "fib");
	assert_int_equal(sums[fib].self.samples, 5);
	assert_int_equal(sums[fib].total.samples, 5);
	assert_int_equal(sums[find_function(tree, "run")].total.samples, 9);
	fixture_expect(profile,
		       "SELECT self_samples, total_samples FROM v_function "
		       "WHERE function = 'fib'",
		       "5,5\n");
	excerpt_deinit(&excerpt);
	profile_close(profile);
}

static void test_prune(void **state)
{
	struct excerpt excerpt;
	struct call_tree *tree = &excerpt.tree;
	struct profile *profile;
	uint64_t least;

	(void)state;
	load(&excerpt, &profile, CALL_TREE_HEAVY_FIRST);
	fixture_succeed(call_tree_prune(tree, 9, &least));
	assert_int_equal(least, 0);
	fixture_succeed(call_tree_prune(tree, 6, &least));
	assert_int_equal(least, 4);
	expect_nodes(tree, "0 all 1+1 self 2 total 11 doubt 0\n"
			    "0 main_c 2+1 self 0 total 9 doubt 0\n"
			    "1 run 3+2 self 0 total 9 doubt 0\n"
			    "2 fib 7+0 self 5 total 5 doubt 0\n"
			    "2 qsort 5+1 self 0 total 4 doubt 0\n"
			    "4 do_syscall_64 9+0 self 4 total 4 doubt 0\n");
	assert_int_equal(tree->bare_node, 0);
	assert_int_equal(tree->line_count, 3);
	excerpt_deinit(&excerpt);
	profile_close(profile);
}

/** All nodes of one deep stack weigh the same: the outer ones stay. */
static void test_prune_deep(void **state)
{
	enum { DEPTH = 1000, KEPT = 100 };
	struct call_tree tree = { .node_count = DEPTH };
	uint64_t least;

	(void)state;
	tree.nodes = calloc(DEPTH, sizeof(*tree.nodes));
	assert_non_null(tree.nodes);
	for (uint32_t i = 0; i < DEPTH; i++)
		tree.nodes[i] = (struct call_node){
			.parent = i ? i - 1 : 0,
			.first_child = i + 1 < DEPTH ? i + 1 : 0,
			.child_count = i + 1 < DEPTH,
			.self.samples = i + 1 < DEPTH ? 0 : 7,
			.total.samples = 7,
		};
	fixture_succeed(call_tree_prune(&tree, KEPT, &least));
	assert_int_equal(least, 7);
	assert_int_equal(tree.node_count, KEPT);
	assert_int_equal(tree.nodes[KEPT - 2].child_count, 1);
	assert_int_equal(tree.nodes[KEPT - 1].child_count, 0);
	assert_int_equal(tree.nodes[KEPT - 1].parent, KEPT - 2);
	assert_int_equal(tree.nodes[KEPT - 1].self.samples, 7);
	free(tree.nodes);
}

static void expect_thread(const struct call_thread *thread, const char *name,
			  uint64_t samples, size_t shares)
{
	assert_string_equal(thread->name, name);
	assert_int_equal(thread->samples, samples);
	assert_int_equal(thread->share_count, shares);
}

static void test_threads(void **state)
{
	struct call_threads threads;
	struct excerpt excerpt;
	struct call_tree *tree = &excerpt.tree;
	struct profile *profile;

	(void)state;
	load(&excerpt, &profile, CALL_TREE_HEAVY_FIRST);
	fixture_succeed(call_threads_load(&threads, tree,
					  profile_database(profile),
					  &excerpt.tally, 10));
	assert_int_equal(threads.count, 2);
	expect_thread(&threads.threads[0], "main", 9, 3);
	assert_int_equal(threads.threads[0].tid, 100);
	assert_string_equal(threads.threads[0].process, "app");
	expect_thread(&threads.threads[1], "worker", 2, 2);
	assert_int_equal(threads.threads[1].shares[0].node, tree->bare_node);
	assert_int_equal(threads.threads[1].shares[1].self.samples, 1);
	assert_int_equal(threads.threads[1].shares[1].doubtful_samples, 1);
	call_threads_deinit(&threads);
	fixture_succeed(call_threads_load(&threads, tree,
					  profile_database(profile),
					  &excerpt.tally, 1));
	assert_int_equal(threads.count, 2);
	expect_thread(&threads.threads[1], "1 more threads", 2, 2);
	assert_int_equal(threads.threads[1].tid, 0);
	call_threads_deinit(&threads);
	excerpt_deinit(&excerpt);
	profile_close(profile);
}

// A forged file: rows that point nowhere, to themselves, or in circles, and
// numbers that are none.
static void test_damaged(void **state)
{
	static const char sql[] =
		"PRAGMA foreign_keys = OFF;"
		"UPDATE callsite SET parent_id = id WHERE id = 2;"
		"UPDATE callsite SET parent_id = 99 WHERE id = 3;"
		"UPDATE callsite SET frame_id = 77 WHERE id = 5;"
		"UPDATE frame SET function_id = -1 WHERE id = 4;"
		"UPDATE function SET kind_id = 1234, first_line = -7,"
		" source_file_id = 55;"
		"UPDATE callsite SET self_samples = -5, total_ns = -1"
		" WHERE id = 1;"
		"UPDATE sample SET thread_id = 4711 WHERE id % 2 = 0";
	struct call_threads threads;
	struct excerpt excerpt;
	struct call_tree *tree = &excerpt.tree;
	struct profile *profile;
	sqlite3 *database;

	(void)state;
	fixture_make("a.db");
	assert_int_equal(sqlite3_open("a.db", &database), SQLITE_OK);
	fixture_succeed(sql_run(database, sql));
	sqlite3_close(database);
	profile = fixture_open_profile("a.db");
	fixture_succeed(excerpt_load(&excerpt, profile, CALL_TREE_HEAVY_FIRST,
				     TALLY_BY_THREAD));
	assert_true(tree->node_count < 9);
	fixture_succeed(call_threads_load(&threads, tree,
					  profile_database(profile),
					  &excerpt.tally, 10));
	call_threads_deinit(&threads);
	excerpt_deinit(&excerpt);
	profile_close(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_heavy_first),
		FIXTURE_TEST(test_by_name),
		FIXTURE_TEST(test_lines),
		FIXTURE_TEST(test_recursion_counts_once),
		FIXTURE_TEST(test_prune),
		FIXTURE_TEST(test_prune_deep),
		FIXTURE_TEST(test_threads),
		FIXTURE_TEST(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
