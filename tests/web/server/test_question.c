// SPDX-License-Identifier: Apache-2.0
#include "web/server/question.h"

#include "web/server/query_string.h"

#include "tests/cmocka.h"

#include <string.h>

static struct error *parse(const char *body, struct question *ret)
{
	return question_parse_body(body, strlen(body), ret);
}

static void reads_a_body(void **state)
{
	struct question question;
	const struct query_question *asked = &question.asked;

	(void)state;
	assert_null(parse("{\"sql\":\"SELECT '\\u00e9\\n'\",\"max_rows\":7,"
			  "\"timeout_ms\":500,\"from\":\"-1m\",\"to\":null,"
			  "\"params\":{\"a\":1,\"b\":1.5,\"c\":\"x\","
			  "\"d\":null,\"e\":true}}", &question));
	assert_string_equal(asked->sql, "SELECT '\xc3\xa9\n'");
	assert_int_equal(asked->max_rows, 7);
	assert_int_equal(asked->timeout_ms, 500);
	assert_string_equal(asked->selection.from, "-1m");
	assert_null(asked->selection.until);
	assert_int_equal(asked->param_count, 5);
	assert_string_equal(question.params[0].name, "a");
	assert_int_equal(question.params[0].integer, 1);
	assert_true(question.params[1].real == 1.5);
	assert_string_equal(question.params[2].text, "x");
	assert_int_equal(question.params[3].type, QUERY_PARAM_NULL);
	assert_int_equal(question.params[4].integer, 1);
	question_deinit(&question);
	assert_null(parse("{\"params\":[5,\"x\"],\"sql\":\"?\"}", &question));
	assert_int_equal(asked->param_count, 2);
	assert_null(question.params[0].name);
	question_deinit(&question);
}

static void refuses_other_bodies(void **state)
{
	static const char *const bodies[] = {
		"", "[]", "1", "{", "{\"sql\":1}", "{}", "{\"sql\":[\"a\"]}",
		"{\"sql\":\"a\",\"x\":1}",
		"{\"sql\":\"a\",\"max_rows\":0}",
		"{\"sql\":\"a\",\"max_rows\":1.5}",
		"{\"sql\":\"a\",\"timeout_ms\":99999999999}",
		"{\"sql\":\"a\",\"params\":{\"a\":[1]}}", "{\"sql\":\"a\"} x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		struct question question;
		struct error *error = parse(bodies[i], &question);

		assert_non_null(error);
		assert_int_equal(error->code, ERROR_USAGE);
		error_destroy(error);
	}
}

static void reads_an_address(void **state)
{
	static const char query[] = "sql=SELECT+:a%2c%201&:a=2&max_rows=3";
	struct question question;

	(void)state;
	assert_null(question_parse_query((struct span){ query, strlen(query) },
					 &question));
	assert_string_equal(question.asked.sql, "SELECT :a, 1");
	assert_string_equal(question.params[0].name, "a");
	assert_string_equal(question.params[0].text, "2");
	assert_int_equal(question.asked.max_rows, 3);
	question_deinit(&question);
}

static void decodes_parameters(void **state)
{
	static const char *const known[] = { "a", "b", NULL };
	static const struct {
		const char *query, *a; // NULL: refused
	} cases[] = {
		{ "a=x", "x" }, { "a=%41+%2B", "A +" }, { "b=1&a=%c3%a9",
							  "\xc3\xa9" },
		{ "a", "" }, { "&&a=1&", "1" }, { "a=b=c", "b=c" },
		{ "a=1&a=2", NULL }, { "c=1", NULL }, { "a=%", NULL },
		{ "a=%4", NULL }, { "a=%zz", NULL }, { "a=%00", NULL },
		{ "a=%ff", NULL }, { "%61=1", "1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct span span = { cases[i].query, strlen(cases[i].query) };
		struct query_string query;
		struct error *error = query_string_parse(span, known, &query);
		const char *a = NULL;

		assert_int_equal(!error, cases[i].a != NULL);
		for (size_t j = 0; !error && j < query.count; j++)
			if (!strcmp(query.params[j].name, "a"))
				a = query.params[j].value;
		if (!error) {
			assert_string_equal(a, cases[i].a);
			query_string_deinit(&query);
		}
		error_destroy(error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_body),
		cmocka_unit_test(refuses_other_bodies),
		cmocka_unit_test(reads_an_address),
		cmocka_unit_test(decodes_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
