// SPDX-License-Identifier: Apache-2.0
#include "tests/cmocka.h"

#include "daemon/process/command_line.h"

#include <string.h>

// @arguments: with '|' for NUL.
static const char *format(const char *arguments, enum command_line_keep keep,
			  const char *secrets)
{
	static char text[COMMAND_LINE_MAX];
	struct command_line_policy policy = {
		.keep = keep,
		.secrets = secrets,
	};
	char bytes[512];
	size_t size = strlen(arguments);

	for (size_t i = 0; i < size; i++)
		bytes[i] = arguments[i] == '|' ? '\0' : arguments[i];
	command_line_format(&policy, bytes, size, text);
	return text;
}

static void test_joined(void **state)
{
	(void)state;
	assert_string_equal(format("python3|-m|http.server|", 0, NULL),
			    "python3 -m http.server");
	assert_string_equal(format("a||b|", 0, NULL), "a  b");
	assert_string_equal(format("nginx: worker process|||||", 0, NULL),
			    "nginx: worker process");
	assert_string_equal(format("no end", 0, NULL), "no end");
	assert_string_equal(format("", 0, NULL), "");
	assert_string_equal(format("|||", 0, NULL), "");
}

static void test_kept_by_policy(void **state)
{
	(void)state;
	assert_string_equal(format("mysql|-u|root|", COMMAND_LINE_PROGRAM, NULL),
			    "mysql");
	assert_string_equal(format("mysql|-u|root|", COMMAND_LINE_NONE, NULL), "");
}

static void test_secrets_masked(void **state)
{
	static const char *const cases[][2] = {
		{ "x|--password=hunter2|-v|", "x --password=*** -v" },
		{ "x|--password|hunter2|-v|", "x --password *** -v" },
		{ "x|--Db-PassWord=hunter2 too|-v|", "x --Db-PassWord=*** -v" },
		{ "env|API_KEY=hunter2|y|", "env API_KEY=*** y" },
		{ "x|--token|hunter2 too|z|", "x --token *** z" },
		{ "x|--token|", "x --token" },
		{ "sh|-c|mysql --password=hunter2 -u me|",
		  "sh -c mysql --password=***" },
		{ "sh|-c|tool  --token hunter2|y|",
		  "sh -c tool  --token *** y" },
		{ "curl|-H|Authorization: Bearer hunter2|u|",
		  "curl -H Authorization:*** u" },
		{ "psql|postgres://me:hunter2@db/x|",
		  "psql postgres://me:***@db/x" },
		{ "psql|postgres://me@db:5432/x|",
		  "psql postgres://me@db:5432/x" },
		{ "get|http://h/p@q:r|", "get http://h/p@q:r" },
		{ "passwd|root|", "passwd root" },
		{ "x|--verbose=1|", "x --verbose=1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(format(cases[i][0], COMMAND_LINE_ALL,
					   command_line_secrets),
				    cases[i][1]);
	assert_string_equal(format("x|--password=hunter2|", 0, NULL),
			    "x --password=hunter2");
	assert_string_equal(format("x|--pin=1|--PIN-2=2|--spin=3|", 0,
				   "  --pin* a*b*c "),
			    "x --pin=*** --PIN-2=*** --spin=3");
	assert_string_equal(format("aXbYbZc=1|ab=2|", 0, "a*b*c"),
			    "aXbYbZc=*** ab=2");
	assert_string_equal(format("x|--pin=1|-pin|2|--spin=3|PIN=4|--|", 0,
				   "pin"),
			    "x --pin=*** -pin *** --spin=3 PIN=*** --");
}

static void test_cut_at_the_limit(void **state)
{
	struct command_line_policy policy = { .keep = COMMAND_LINE_ALL };
	char bytes[3 * COMMAND_LINE_MAX], text[COMMAND_LINE_MAX];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i += 100)
		bytes[i] = '\0';
	command_line_format(&policy, bytes, sizeof(bytes), text);
	assert_int_equal(strlen(text), COMMAND_LINE_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_joined),
		cmocka_unit_test(test_kept_by_policy),
		cmocka_unit_test(test_secrets_masked),
		cmocka_unit_test(test_cut_at_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
