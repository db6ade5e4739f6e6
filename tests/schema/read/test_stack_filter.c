// SPDX-License-Identifier: Apache-2.0
#include "schema/read/stack_filter.h"

#include <string.h>

#include "schema/read/excerpt.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

struct lines {
	FILE *out;
	unsigned int depth;
};

static void enter(const struct call_tree *tree, uint32_t index, void *context)
{
	const struct call_node *node = &tree->nodes[index];
	struct lines *lines = context;

	fprintf(lines->out, "%*s%s %lu/%lu%s\n", (int)lines->depth++, "",
		tree->functions[node->function].name,
		(unsigned long)node->self.samples,
		(unsigned long)node->total.samples,
		node->doubtful_samples ? "?" : "");
}

static void leave(const struct call_tree *tree, uint32_t index, void *context)
{
	struct lines *lines = context;

	(void)tree;
	(void)index;
	lines->depth--;
}

static void expect_tree(const struct call_tree *tree, const char *expected)
{
	char *text;
	size_t size;
	struct lines lines = { .out = open_memstream(&text, &size) };

	assert_non_null(lines.out);
	call_tree_walk(tree, enter, leave, &lines);
	fclose(lines.out);
	assert_string_equal(text, expected);
	free(text);
}

// Whoever looks at the samples by thread sees what the tree has.
static void expect_tally(const struct excerpt *excerpt)
{
	uint64_t samples = 0;

	for (size_t i = 0; i < excerpt->tally.count; i++)
		samples += excerpt->tally.entries[i].samples;
	assert_int_equal(samples, excerpt->tree.nodes[0].total.samples);
	assert_int_equal(samples, excerpt->tally.samples);
}

static void expect(const struct stack_filter_options *options,
		   const char *expected)
{
	struct profile *profile = fixture_open_profile("a.db");
	struct stack_filter *filter;
	struct excerpt excerpt;

	fixture_succeed(stack_filter_create(options, &filter));
	profile_filter(profile, filter);
	fixture_succeed(excerpt_load(&excerpt, profile, CALL_TREE_HEAVY_FIRST,
				     TALLY_BY_THREAD));
	expect_tree(&excerpt.tree, expected);
	expect_tally(&excerpt);
	excerpt_deinit(&excerpt);
	profile_close(profile);
}

static const char everything[] = "all 0/11\n"
				 " main_c 0/9\n"
				 "  run 0/9\n"
				 "   fib 2/5\n"
				 "    fib 3/3\n"
				 "   qsort 0/4\n"
				 "    do_syscall_64 4/4\n"
				 " [no stack] 1/1\n"
				 " start_thread 1/1?\n";

static void test_whole_stacks(void **state)
{
	static const char sorting[] = "all 0/4\n"
				      " main_c 0/4\n"
				      "  run 0/4\n"
				      "   qsort 0/4\n"
				      "    do_syscall_64 4/4\n";

	(void)state;
	fixture_make("a.db");
	expect(&(struct stack_filter_options){ 0 }, everything);
	expect(&(struct stack_filter_options){ .show = "QSort" }, sorting);
	expect(&(struct stack_filter_options){ .show = "/^q.*t$/" }, sorting);
	expect(&(struct stack_filter_options){ .show = "main_c",
					       .hide = "fib" }, sorting);
	expect(&(struct stack_filter_options){ .hide = "main_c" },
	       "all 0/2\n [no stack] 1/1\n start_thread 1/1?\n");
	expect(&(struct stack_filter_options){ .show = "no stack" },
	       "all 0/1\n [no stack] 1/1\n");
	expect(&(struct stack_filter_options){ .show = "nothing" },
	       "all 0/0\n");
}

// A frame that is left out counts for its caller; two fib in one stack stay two.
static void test_frames(void **state)
{
	(void)state;
	fixture_make("a.db");
	expect(&(struct stack_filter_options){ .only = "python" },
	       "all 0/9\n run 4/9\n  fib 2/5\n   fib 3/3\n");
	expect(&(struct stack_filter_options){ .only = "kernel" },
	       "all 0/4\n do_syscall_64 4/4\n");
	expect(&(struct stack_filter_options){ .only = "native,kernel" },
	       "all 0/10\n"
	       " main_c 5/9\n"
	       "  qsort 0/4\n"
	       "   do_syscall_64 4/4\n"
	       " start_thread 1/1?\n");
	expect(&(struct stack_filter_options){ .only = "other" },
	       "all 0/1\n [no stack] 1/1\n");
	expect(&(struct stack_filter_options){ .only = "python",
					       .show = "qsort" },
	       "all 0/4\n run 4/4\n");
}

static struct stack_filter_verdict judge(const char *drop, const char *name,
					 enum store_kind kind,
					 const char *file, const char *module)
{
	const struct stack_filter_options options = { .drop = drop };
	struct stack_filter *filter;
	struct stack_filter_verdict verdict;

	fixture_succeed(stack_filter_create(&options, &filter));
	verdict = stack_filter_judge(filter, name, kind, file, module);
	stack_filter_destroy(filter);
	return verdict;
}

static void test_presets(void **state)
{
	static const char library[] = "/usr/lib/libpython3.12.so.1.0";
	static const char frozen[] = "<frozen importlib._bootstrap>";
	static const char both[] = "interpreter,import";

	(void)state;
	assert_false(judge("interpreter", "dict_get", STORE_NATIVE, NULL,
			   library).kept);
	assert_false(judge("interpreter", "main", STORE_NATIVE, NULL,
			   "/usr/bin/python3.11").kept);
	assert_true(judge("interpreter", "qsort", STORE_NATIVE, NULL,
			  "/usr/lib/libc.so.6").kept);
	assert_true(judge("interpreter", "scan", STORE_NATIVE, NULL,
			  "/lib/_json.cpython-312.so").kept);
	assert_true(judge("interpreter", "run", STORE_PYTHON, "/python/a.py",
			  NULL).kept);
	assert_true(judge("interpreter", "_find", STORE_PYTHON, frozen,
			  NULL).kept);
	assert_false(judge("import", "_find", STORE_PYTHON, frozen, NULL).kept);
	assert_true(judge("import", "dict_get", STORE_NATIVE, NULL,
			  library).kept);
	assert_false(judge(both, "_find", STORE_PYTHON, frozen, NULL).kept);
	assert_true(judge(both, "run", STORE_PYTHON, "/a.py", NULL).of_kind);
}

static void refuse(const struct stack_filter_options *options,
		   const char *text)
{
	struct stack_filter *filter = NULL;

	fixture_fail(stack_filter_create(options, &filter), ERROR_USAGE, text);
}

// What a stranger may send must neither cost much nor be taken for something
// else.
static void test_refused(void **state)
{
	char text[PATTERN_BYTES_MAX + 2];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	refuse(&(struct stack_filter_options){ .show = text }, "show: ");
	refuse(&(struct stack_filter_options){ .hide = "/(/" }, "hide: ");
	refuse(&(struct stack_filter_options){
		       .show = "/((a{50}){50}){50}/" }, "braces");
	refuse(&(struct stack_filter_options){ .show = "/a{9999}/" }, "50");
	refuse(&(struct stack_filter_options){ .show = "/a{1,99}/" }, "50");
	refuse(&(struct stack_filter_options){ .show = "/(a*)*\\1/" },
	       "reference");
	refuse(&(struct stack_filter_options){ .only = "python,java" },
	       "java");
	refuse(&(struct stack_filter_options){ .drop = "kernel" }, "kernel");
}

static void test_nothing_asked(void **state)
{
	const struct stack_filter_options options = { .show = "", .only = "" };
	struct stack_filter *filter = (struct stack_filter *)&options;

	(void)state;
	fixture_succeed(stack_filter_create(&options, &filter));
	assert_null(filter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_whole_stacks),
		FIXTURE_TEST(test_frames),
		cmocka_unit_test(test_presets),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nothing_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
