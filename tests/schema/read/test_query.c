// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "schema/read/profile.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

static struct profile *make(void)
{
	fixture_make("a.db");
	return fixture_open_profile("a.db");
}

static void expect(struct profile *profile, const char *sql,
		   enum query_format format, const char *expected)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fixture_succeed(profile_query(profile, sql, format, out));
	fclose(out);
	if (strcmp(text, expected) != 0)
		fail_msg("%s\ngives\n%sand not\n%s", sql, text, expected);
}

static void refuse(struct profile *profile, const char *sql, const char *text)
{
	struct error *error = profile_query(profile, sql, QUERY_CSV, stdout);

	if (!error)
		fail_msg("not refused: %s", sql);
	fixture_fail(error, ERROR_USAGE, text);
}

static void test_table(void **state)
{
	struct profile *profile = make();

	(void)state;
	expect(profile,
	       "SELECT function, self_samples AS self, file FROM v_function "
	       "WHERE kind <> 'native' ORDER BY 2, 1",
	       QUERY_TABLE,
	       "function       self  file\n"
	       "-------------  ----  -------\n"
	       "run               0  /app.py\n"
	       "do_syscall_64     4  \n"
	       "fib               5  /app.py\n");
	expect(profile, "SELECT 1 AS a WHERE 0", QUERY_TABLE, "a\n-\n");
	expect(profile, "SELECT 'gr\xc3\xbc\xc3\x9f' AS a, 'b' AS b",
	       QUERY_TABLE, "a     b\n----  -\ngr\xc3\xbc\xc3\x9f  b\n");
	profile_close(profile);
}

// The names in a profile come from whoever was profiled.
static void test_table_drives_no_terminal(void **state)
{
	struct profile *profile = make();

	(void)state;
	expect(profile, "SELECT char(27, 93, 0x202e, 10) AS [a\tb]", QUERY_TABLE,
	       "a\\x09b\n-----------------\n\\x1b]\\u{202e}\\x0a\n");
	profile_close(profile);
}

static void test_long_table(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct profile *profile = make();
	size_t size, lines = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	fixture_succeed(profile_query(
		profile,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
		"LIMIT 10000) SELECT i, printf('%.*c', 200, 'x') FROM n",
		QUERY_TABLE, out));
	fclose(out);
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, 10002);
	profile_close(profile);
}

static void test_json(void **state)
{
	struct profile *profile = make();

	(void)state;
	expect(profile,
	       "SELECT 9223372036854775807 AS a, NULL AS b, 1.5 AS c, 'x' AS d "
	       "UNION ALL SELECT -1, x'00ff', 9e999, char(34, 92, 10, 7, 228)",
	       QUERY_JSON,
	       "[{\"a\":9223372036854775807,\"b\":null,\"c\":1.5,\"d\":\"x\"},\n"
	       "{\"a\":-1,\"b\":\"00ff\",\"c\":null,"
	       "\"d\":\"\\\"\\\\\\n\\u0007\xc3\xa4\"}]\n");
	expect(profile, "SELECT CAST(x'61ff62' AS TEXT) AS [\"]", QUERY_JSON,
	       "[{\"\\\"\":\"a\xef\xbf\xbd"
	       "b\"}]\n");
	expect(profile, "SELECT 1 WHERE 0", QUERY_JSON, "[]\n");
	profile_close(profile);
}

static void test_csv(void **state)
{
	struct profile *profile = make();

	(void)state;
	expect(profile,
	       "SELECT 1 AS [a,b], NULL AS c, 'x\"y' AS d, 'l1\nl2' AS e",
	       QUERY_CSV, "\"a,b\",c,d,e\r\n1,,\"x\"\"y\",\"l1\nl2\"\r\n");
	expect(profile, "SELECT 1 AS a WHERE 0", QUERY_CSV, "a\r\n");
	profile_close(profile);
}

static void test_only_reads(void **state)
{
	static const char *const writes[] = {
		"DELETE FROM sample",
		"UPDATE sample SET cpu = 1",
		"INSERT INTO health VALUES ('a', 1, 'b')",
		"REPLACE INTO health VALUES ('a', 1, 'b')",
		"CREATE TABLE t (a)",
		"CREATE TEMP TABLE t (a)",
		"CREATE TEMP VIEW t AS SELECT 1",
		"CREATE VIRTUAL TABLE temp.t USING fts5(a)",
		"DROP TABLE sample",
		"ALTER TABLE sample ADD COLUMN x",
		"ATTACH 'b.db' AS b",
		"ATTACH ':memory:' AS b",
		"DETACH main",
		"PRAGMA user_version = 7",
		"PRAGMA user_version",
		"PRAGMA writable_schema = ON",
		"PRAGMA journal_mode = DELETE",
		"PRAGMA query_only = OFF",
		"PRAGMA table_info(sample)",
		"VACUUM",
		"VACUUM INTO 'b.db'",
		"REINDEX",
		"ANALYZE",
		"BEGIN",
		"BEGIN IMMEDIATE",
		"COMMIT",
		"ROLLBACK",
		"SAVEPOINT a",
		"RELEASE a",
		"SELECT load_extension('x')",
		"SELECT fts3_tokenizer('x')",
		"SELECT * FROM pragma_journal_mode('delete')",
		"SELECT * FROM pragma_wal_checkpoint",
		"WITH a AS (SELECT 1) DELETE FROM sample",
		"WITH a AS (SELECT 1) INSERT INTO health SELECT 'a', 1, 'b'",
		"INSERT INTO health VALUES ('a', 1, 'b') RETURNING name",
		"DELETE FROM sample RETURNING id",
		"EXPLAIN DELETE FROM sample",
	};
	struct profile *profile = make();

	(void)state;
	for (size_t i = 0; i < sizeof(writes) / sizeof(*writes); i++)
		refuse(profile, writes[i], "");
	refuse(profile, "DELETE FROM sample", "can only read");
	assert_int_equal(system("test \"$(ls)\" = a.db"), 0);
	fixture_expect(profile, "SELECT count(*) FROM sample", "11\n");
	profile_close(profile);
}

static void test_one_statement(void **state)
{
	struct profile *profile = make();

	(void)state;
	refuse(profile, "SELECT 1; SELECT 2", "one statement");
	refuse(profile, "SELECT 1; DELETE FROM sample", "one statement");
	refuse(profile, "SELECT 1; nonsense", "one statement");
	refuse(profile, "SELECT 1;; -- x\n; SELECT 2", "one statement");
	refuse(profile, "", "empty");
	refuse(profile, "-- nothing", "empty");
	expect(profile, "SELECT 1 AS a; -- the end\n /* of it */ ;", QUERY_CSV,
	       "a\r\n1\r\n");
	profile_close(profile);
}

static void test_mistakes(void **state)
{
	struct profile *profile = make();

	(void)state;
	refuse(profile, "SELEC 1", "query: near \"SELEC\": syntax error");
	refuse(profile, "SELECT x FROM v_function", "no such column: x");
	refuse(profile, "SELECT * FROM absent", "no such table: absent");
	refuse(profile, "SELECT abs(-9223372036854775808)", "overflow");
	profile_close(profile);
}

// They ask the authorizer for more than the query itself does.
static void test_table_functions(void **state)
{
	struct profile *profile = make();

	(void)state;
	expect(profile, "SELECT value FROM json_each('[1,2]')", QUERY_CSV,
	       "value\r\n1\r\n2\r\n");
	expect(profile,
	       "SELECT name FROM pragma_table_info('v_health') ORDER BY cid",
	       QUERY_CSV, "name\r\nname\r\nvalue\r\nmeaning\r\n");
	expect(profile, "SELECT count(*) > 0 AS a FROM json_tree('[1]')",
	       QUERY_CSV, "a\r\n1\r\n");
	expect(profile, "SELECT count(*) > 0 AS a FROM sqlite_schema",
	       QUERY_CSV, "a\r\n1\r\n");
	expect(profile,
	       "SELECT count(*) AS a FROM (SELECT 1 UNION SELECT 2) "
	       "WHERE 1 IN (SELECT 1)",
	       QUERY_CSV, "a\r\n2\r\n");
	profile_close(profile);
}

static void test_full_output(void **state)
{
	struct profile *profile = make();
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(out);
	fixture_fail(profile_query(profile, "SELECT 1", QUERY_CSV, out),
		     ERROR_SYSTEM, "write the result");
	fclose(out);
	profile_close(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_table),
		FIXTURE_TEST(test_table_drives_no_terminal),
		FIXTURE_TEST(test_long_table),
		FIXTURE_TEST(test_json),
		FIXTURE_TEST(test_csv),
		FIXTURE_TEST(test_only_reads),
		FIXTURE_TEST(test_one_statement),
		FIXTURE_TEST(test_mistakes),
		FIXTURE_TEST(test_table_functions),
		FIXTURE_TEST(test_full_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
