// SPDX-License-Identifier: Apache-2.0
#include "schema/read/guide.h"

#include <stdlib.h>
#include <string.h>

#include "schema/read/schema_comment.h"
#include "tests/cmocka.h"

static bool is(struct guide_text text, const char *expected)
{
	return text.size == strlen(expected) &&
	       memcmp(text.at, expected, text.size) == 0;
}

static void test_recipes(void **state)
{
	const char *at = guide_begin();
	struct guide_recipe recipe;
	int count = 0, with_about = 0;

	(void)state;
	while (guide_next_recipe(&at, &recipe)) {
		if (count == 0) {
			assert_true(is(recipe.section, "Cookbook"));
			assert_true(is(recipe.title,
				       "The hottest functions, with their "
				       "share of all samples"));
			assert_true(is(recipe.about, ""));
		}
		assert_true(recipe.title.size > 5 && recipe.title.size < 120);
		assert_true(recipe.sql.size > 20);
		assert_null(memmem(recipe.sql.at, recipe.sql.size, "```", 3));
		with_about += recipe.about.size > 0;
		count++;
	}
	assert_true(count >= 50);
	assert_true(with_about >= 5);
}

static void test_columns(void **state)
{
	(void)state;
	assert_true(is(guide_column("v_sample", "wall_ns"),
		       "the kernel's own time of the sample; the same since "
		       "the epoch"));
	assert_true(is(guide_column("v_sample", "cpu"), "where it ran"));
	assert_true(is(guide_column("v_function", "kind"),
		       "`python`, `native`, `kernel` or `other`"));
	assert_int_equal(guide_column("v_sample", "wall").size, 0);
	assert_int_equal(guide_column("v_sam", "cpu").size, 0);
	assert_int_equal(guide_column("sample", "cpu").size, 0);
	assert_int_equal(guide_column("", "").size, 0);
}

static void expect(char *text, const char *expected)
{
	if (expected)
		assert_string_equal(text, expected);
	else
		assert_null(text);
	free(text);
}

static void test_comments(void **state)
{
	static const char sql[] = "CREATE TABLE user (\n"
				  "\t-- Whose processes\n"
				  "\t-- were they?\n"
				  "\tid INTEGER PRIMARY KEY, -- uid  \n"
				  "\tname TEXT DEFAULT '--no', -- in words\n"
				  "\tidle TEXT\n"
				  ") STRICT";

	(void)state;
	expect(schema_comment_of_table(sql), "Whose processes were they?");
	expect(schema_comment_of_column(sql, "id"), "uid");
	expect(schema_comment_of_column(sql, "name"), "in words");
	expect(schema_comment_of_column(sql, "idle"), NULL);
	expect(schema_comment_of_column(sql, "nam"), NULL);
	expect(schema_comment_of_table("CREATE TABLE t (a)"), NULL);
	expect(schema_comment_of_table(""), NULL);
	expect(schema_comment_of_table("x\n--"), "");
	expect(schema_comment_of_column("x\n", ""), NULL);
	expect(schema_comment_of_column("x\na 'b -- c", "a"), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recipes),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_comments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
