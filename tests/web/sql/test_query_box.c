// SPDX-License-Identifier: Apache-2.0
#include "web/sql/query_box.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "schema/read/guide.h"
#include "tests/cmocka.h"
#include "tests/schema/store_fixture.h"
#include "tests/web/sql/ask_box.h"

static void test_results(void **state)
{
	struct query_box *box = start();

	(void)state;
	expect(box, "SELECT 1 AS a, 'x' AS b, 2.5, NULL, x'0aff', 1 << 60 AS big",
	       "{\"rows\":[[1,\n\"x\",\n2.5,\nnull,\n\"0aff\",\n"
	       "\"1152921504606846976\"]],\n"
	       "\"columns\":[{\"name\":\"a\",\n\"type\":\"integer\"},\n"
	       "{\"name\":\"b\",\n\"type\":\"text\"},\n"
	       "{\"name\":\"2.5\",\n\"type\":\"real\"},\n"
	       "{\"name\":\"NULL\",\n\"type\":\"null\"},\n"
	       "{\"name\":\"x'0aff'\",\n\"type\":\"blob\"},\n"
	       "{\"name\":\"big\",\n\"type\":\"integer\"}],\n"
	       "\"row_count\":1,\n\"truncated\":false");
	expect_csv(box, "SELECT function, self_samples FROM v_function "
			"WHERE self_samples > 3",
		   "function,self_samples\r\nfib,5\r\ndo_syscall_64,4\r\n");
	expect_csv(box, "SELECT sum(self_samples) FROM v_function",
		   "sum(self_samples)\r\n10\r\n");
	query_box_stop(box);
}

// What a spreadsheet would compute; numbers are numbers.
static void test_formulas(void **state)
{
	struct query_box *box = start();

	(void)state;
	expect_csv(box, "SELECT '=cmd|x' AS a, '+1', '-1', '@a', char(9), -1 "
			"AS b, 'a,\"b\"', '=\"'",
		   "a,'+1','-1','@a',char(9),b,\"'a,\"\"b\"\"'\","
		   "\"'=\"\"'\"\r\n"
		   "'=cmd|x,'+1,'-1,'@a,'\t,-1,\"a,\"\"b\"\"\","
		   "\"'=\"\"\"\r\n");
	query_box_stop(box);
}

static void test_functions(void **state)
{
	struct query_box *box = start();

	(void)state;
	expect_csv(box, "SELECT fmt_dur(1500000000) AS d, 'fib' REGEXP '^f.b$' "
			"AS r", "d,r\r\n1.50 s,1\r\n");
	expect_csv(box, "SELECT stack_text(callsite_id) AS s FROM v_callsite "
			"WHERE function = 'qsort'", "s\r\nmain_c;run;qsort\r\n");
	refuse(box, "SELECT 'a' REGEXP '('");
	query_box_stop(box);
}

static void test_parameters(void **state)
{
	const struct query_param params[] = {
		{ .name = "a", .type = QUERY_PARAM_INTEGER, .integer = -7 },
		{ .name = "b", .type = QUERY_PARAM_TEXT, .text = "x'y" },
		{ .name = "c", .type = QUERY_PARAM_REAL, .real = 0.5 },
		{ .name = "d", .type = QUERY_PARAM_NULL },
	};
	struct query_question question = {
		.sql = "SELECT :a AS a, @b AS b, $c AS c, :d AS d",
		.params = params, .param_count = 4,
		.format = QUERY_ANSWER_CSV,
	};
	struct query_box *box = start();

	(void)state;
	expect_question(box, &question, "a,b,c,d\r\n-7,x'y,0.5,\r\n");
	question.sql = "SELECT :a";
	struct query *query;
	fixture_succeed(query_submit(box, &question, &query));
	const struct query_answer *answer = wait_for(query);
	assert_int_equal(answer->status, 400);
	assert_non_null(strstr(answer->detail, "'b'"));
	query_close(query);
	query_box_stop(box);
}

// The fixture has a sample each 100 ms from 0 on.
static void test_selection(void **state)
{
	struct query_question question = {
		.sql = "SELECT sum(self_samples) AS n FROM v_function",
		.format = QUERY_ANSWER_CSV,
		.selection = { .from = "@1700000000",
			       .until = "@1700000000.25" },
	};
	struct query_box *box = start();

	(void)state;
	expect_question(box, &question, "n\r\n3\r\n");
	question.selection = (struct selection_options){ .thread = "nobody" };
	struct query *query;
	fixture_succeed(query_submit(box, &question, &query));
	assert_int_equal(wait_for(query)->status, 400);
	query_close(query);
	query_box_stop(box);
}

static void test_rows_left_out(void **state)
{
	struct query_question question = {
		.sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
		       "FROM n) SELECT i FROM n",
		.max_rows = 2,
	};
	struct query_box *box = start();

	(void)state;
	expect_question(box, &question,
			"{\"rows\":[[1],\n[2]],\n\"columns\":[{\"name\":\"i\","
			"\n\"type\":\"integer\"}],\n\"row_count\":2,\n"
			"\"truncated\":true");
	query_box_stop(box);
}

// A row that is larger than the result may be, and many that are together.
static void test_bytes_left_out(void **state)
{
	static const char *const queries[] = {
		"SELECT zeroblob(4000000), zeroblob(4000000), zeroblob(4000000)",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
		" SELECT printf('%.*c', 1000000, 'x') FROM n",
	};
	struct query_box *box = start();

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct query_question question = {
			.sql = queries[i], .timeout_ms = PATIENCE_MS,
		};
		const struct query_answer *answer;
		struct query *query;

		fixture_succeed(query_submit(box, &question, &query));
		answer = wait_for(query);
		if (answer->status != 200)
			fail_msg("%s", answer->detail);
		assert_true(answer->size < (8 << 20) + 1000);
		_cleanup_free_ char *text = text_of(answer);
		assert_non_null(strstr(text, "\"truncated\":true"));
		query_close(query);
	}
	query_box_stop(box);
}

static void test_only_reading(void **state)
{
	static const char *const queries[] = {
		"DELETE FROM sample", "UPDATE sample SET cpu = 1",
		"INSERT INTO kind VALUES (9, 'x')", "REPLACE INTO kind VALUES (0, '')",
		"DROP TABLE sample", "DROP VIEW v_sample", "CREATE TABLE t (a)",
		"CREATE TEMP TABLE t (a)", "CREATE TEMP VIEW v AS SELECT 1",
		"CREATE TEMP TRIGGER t AFTER INSERT ON sample BEGIN SELECT 1; END",
		"CREATE VIRTUAL TABLE t USING fts5(a)", "ALTER TABLE kind ADD b",
		"CREATE INDEX i ON sample (cpu)", "REINDEX", "ANALYZE",
		"ATTACH 'y.db' AS y", "ATTACH ':memory:' AS y", "DETACH main",
		"VACUUM", "VACUUM INTO 'y.db'", "PRAGMA journal_mode = DELETE",
		"PRAGMA query_only = OFF", "PRAGMA writable_schema = ON",
		"PRAGMA user_version", "PRAGMA wal_checkpoint(TRUNCATE)",
		"PRAGMA temp_store = FILE", "PRAGMA hard_heap_limit = 0",
		"PRAGMA temp_store_directory = '/tmp'", "PRAGMA optimize",
		"BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", "SAVEPOINT a",
		"RELEASE a", "EXPLAIN DELETE FROM sample",
		"SELECT load_extension('x.so')",
		"SELECT fts3_tokenizer('a', x'00')", "SELECT edit('a')",
		"SELECT writefile('y.db', 'x')", "SELECT readfile('/etc/passwd')",
		"SELECT * FROM fsdir('.')", "SELECT 1; DELETE FROM sample",
		"SELECT 1; SELECT 2", "SELECT 1;;; -- c\nDROP TABLE sample",
		"", "   ", "-- nothing", ";", "SELECT", "SELECT (", "x",
		"SELECT * FROM no_such", "SELECT 1 FROM pragma_wal_checkpoint",
		"SELECT 1 FROM pragma_journal_mode('delete')",
		"WITH a AS (SELECT 1) DELETE FROM sample RETURNING id",
		"VALUES (load_extension('x'))",
	};
	struct query_box *box = start();

	(void)state;
	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++)
		refuse(box, queries[i]);
	query_box_stop(box);
}

static void test_what_may_be_read(void **state)
{
	static const char *const queries[] = {
		"SELECT * FROM v_health", "SELECT count(*) FROM v_rollup_10min",
		"SELECT * FROM json_each('[1]')", "VALUES (1)",
		"SELECT name FROM pragma_table_info('v_sample')",
		"WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM "
		"n LIMIT 9) SELECT * FROM n",
		"EXPLAIN QUERY PLAN SELECT * FROM v_sample", "SELECT 1; -- c",
		"SELECT datetime('now', 'localtime')", "SELECT sqlite_version()",
		"SELECT * FROM sqlite_schema", "SELECT 1 ORDER BY random()",
	};
	struct query_box *box = start();

	(void)state;
	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++)
		expect_status(submit(box, queries[i], PATIENCE_MS), queries[i],
			      200, 200);
	query_box_stop(box);
}

// Each runs for hours, or wants all the memory there is.
static void test_bombs(void **state)
{
	static const char *const queries[] = {
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
		" SELECT count(*) FROM n",
		"WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
		"SELECT max(i) FROM n",
		"WITH n(i) AS (VALUES (1), (2), (3), (4), (5), (6), (7), (8)) "
		"SELECT count(*) FROM n a, n b, n c, n d, n e, n f, n g, n h, "
		"n i, n j, n k, n l",
		"SELECT instr(printf('%.*c', 4000000, 'a'), "
		"printf('%.*c', 2000000, 'a') || 'b')",
		"SELECT printf('%.*c', 900000000, 'a')",
		"SELECT hex(zeroblob(400000000))",
		"SELECT length(hex(zeroblob(4000000)))",
		"SELECT replace(hex(zeroblob(1000000)), '0', "
		"hex(zeroblob(1000000)))",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
		" SELECT group_concat(i, printf('%.*c', 1000, 'x')) FROM n",
		"WITH RECURSIVE n(i, t) AS (SELECT 1, zeroblob(100000) UNION ALL"
		" SELECT i + 1, zeroblob(100000) || i FROM n) "
		"SELECT i FROM n ORDER BY t",
		"SELECT 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab' REGEXP "
		"'((((a{1,200}){1,200}){1,200}){1,200})c'",
		"SELECT count(*) FROM (SELECT json_each.value FROM json_each("
		"'[' || printf('%.*c', 100000, '[') || ']'))",
		"SELECT * FROM json_tree(printf('%.*c', 1000000, '['))",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
		" SELECT DISTINCT hex(randomblob(1000)) FROM n",
	};
	struct query_box *box = start();

	(void)state;
	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++)
		expect_stopped(box, queries[i]);
	expect_csv(box, "SELECT 1", "1\r\n1\r\n");
	query_box_stop(box);
}

// What is too large to be looked at is refused at once.
static void test_large_questions(void **state)
{
	struct query_box *box = start();
	_cleanup_free_ char *sql = calloc(1, 2 << 20);
	const struct query_question question = { .sql = sql };
	struct query *query;
	char *end;

	(void)state;
	memset(sql, ' ', 1 << 20);
	fixture_fail(query_submit(box, &question, &query), ERROR_USAGE, "bytes");
	end = stpcpy(sql, "SELECT ");
	for (int i = 0; i < 3000; i++)
		end = stpcpy(end, "(1+");
	refuse(box, sql);
	end = stpcpy(sql, "SELECT 1");
	for (int i = 0; i < 1900; i++)
		end = stpcpy(end, " UNION SELECT 1");
	refuse(box, sql);
	end = stpcpy(sql, "SELECT 1");
	for (int i = 0; i < 3000; i++)
		end = stpcpy(end, ",1");
	refuse(box, sql);
	end = stpcpy(sql, "SELECT 1");
	for (int i = 0; i < 8000; i++)
		end = stpcpy(end, "+1");
	refuse(box, sql);
	query_box_stop(box);
}

// All at once: two run, eight wait, and who comes then is told so.
static void test_many(void **state)
{
	enum { COUNT = 64 };
	static const char endless[] =
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
		" SELECT count(*) FROM n";
	struct query_box *box = start();
	struct query *queries[COUNT];
	int late = 0, busy = 0;

	(void)state;
	for (int i = 0; i < COUNT; i++)
		queries[i] = submit(box, endless, TIMEOUT_MS);
	assert_true(query_box_is_full(box));
	for (int i = COUNT; i-- > 0;) {
		int status = wait_for(queries[i])->status;

		late += status == 422;
		busy += status == 429;
		query_close(queries[i]);
	}
	assert_int_equal(late + busy, COUNT);
	assert_in_range(late, 8, 10);
	assert_false(query_box_is_full(box));
	for (int i = 0; i < 10; i++) {
		assert_false(query_box_is_full(box));
		queries[i] = submit(box, endless, TIMEOUT_MS);
	}
	assert_true(query_box_is_full(box));
	for (int i = 0; i < 10; i++)
		query_close(queries[i]);
	assert_false(query_box_is_full(box));
	expect_csv(box, "SELECT 1", "1\r\n1\r\n");
	query_box_stop(box);
}

static int count_children(pid_t parent)
{
	char path[64], text[256] = "";
	int count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent,
		 parent);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	for (char *at = text; *at; at++)
		count += *at == ' ';
	return count;
}

// The youngest child.
static pid_t keeper_of_us(void)
{
	char path[64];
	long pid = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", getpid(),
		 getpid());
	file = fopen(path, "r");
	if (!file)
		return 0;
	while (fscanf(file, "%ld", &pid) == 1)
		;
	fclose(file);
	return (pid_t)pid;
}

static void wait_for_children(pid_t keeper, int count)
{
	uint64_t until_ns = monotonic_ns() + PATIENCE_MS * NS_PER_MS;

	while (count_children(keeper) != count) {
		assert_true(monotonic_ns() < until_ns);
		usleep(1000);
	}
}

// Nobody waits for it any more.
static void test_leaving(void **state)
{
	const struct query_question question = {
		.sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
		       "FROM n) SELECT count(*) FROM n",
		.timeout_ms = 2000,
	};
	struct query_box *box = start();
	pid_t keeper = keeper_of_us();
	uint64_t begin_ns = monotonic_ns();
	struct query *query;

	(void)state;
	if (!keeper)
		skip();
	fixture_succeed(query_submit(box, &question, &query));
	wait_for_children(keeper, 1);
	query_close(query);
	wait_for_children(keeper, 0);
	assert_true(monotonic_ns() - begin_ns < 1500 * NS_PER_MS);
	expect_csv(box, "SELECT 1", "1\r\n1\r\n");
	query_box_stop(box);
}

// A keeper that is gone is an answer, too.
static void test_keeper_gone(void **state)
{
	const struct query_question question = { .sql = "SELECT 1" };
	struct query_box *box = start();
	pid_t keeper = keeper_of_us();
	struct pollfd fd = { query_box_fd(box), POLLIN, 0 };
	struct query *query = NULL;

	(void)state;
	if (!keeper)
		skip();
	kill(keeper, SIGKILL);
	assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
	fixture_fail(query_submit(box, &question, &query), ERROR_SYSTEM,
		     "keeper");
	query_box_stop(box);
}

static void test_no_database(void **state)
{
	struct query_box *box = start();
	const struct query_answer *answer;
	struct query *query;

	(void)state;
	unlink("a.db");
	query = submit(box, "SELECT 1", PATIENCE_MS);
	answer = wait_for(query);
	assert_int_equal(answer->status, 400);
	assert_non_null(strstr(answer->detail, "a.db"));
	query_close(query);
	query_box_stop(box);
}

// What the cookbook shows runs where it is shown, of a store and within limits.
static void test_recipes(void **state)
{
	const struct query_box_options options = { .database = "store.db",
						   .timeout_most_ms = 30000 };
	const char *at = guide_begin();
	struct guide_recipe recipe;
	struct query_box *box;

	(void)state;
	store_fixture_make("store.db");
	fixture_succeed(query_box_start(&options, &box));
	while (guide_next_recipe(&at, &recipe)) {
		_cleanup_free_ char *sql = guide_copy(recipe.sql);
		const struct query_question question = { .sql = sql,
							 .timeout_ms = 30000 };
		const struct query_answer *answer;
		struct query *query;

		fixture_succeed(query_submit(box, &question, &query));
		answer = wait_for(query);
		if (answer->status != 200)
			fail_msg("%s\n%s", sql, answer->detail);
		query_close(query);
	}
	query_box_stop(box);
}

// While somebody writes it.
static void test_of_growing(void **state)
{
	struct store *store = fixture_open_store("a.db");
	const struct query_box_options options = {
		.database = "a.db", .timeout_most_ms = PATIENCE_MS,
	};
	struct query_box *box;

	(void)state;
	fixture_fill(store);
	fixture_succeed(query_box_start(&options, &box));
	for (int i = 0; i < 3; i++) {
		fixture_succeed(store_commit(store));
		expect_csv(box, "SELECT count(*) AS n FROM v_sample",
			   i == 0 ? "n\r\n11\r\n" :
			   i == 1 ? "n\r\n22\r\n" : "n\r\n33\r\n");
		fixture_fill(store);
	}
	query_box_stop(box);
	fixture_succeed(store_close(store, FIXTURE_START_NS));
}

static void test_limits_asked_for(void **state)
{
	struct query_box *box = start();
	struct query_question question = { .sql = "SELECT 1",
					   .timeout_ms = PATIENCE_MS + 1 };
	struct query *query;

	(void)state;
	fixture_fail(query_submit(box, &question, &query), ERROR_USAGE,
		     "timeout_ms");
	question = (struct query_question){ .sql = "SELECT 1",
					    .max_rows = 100001 };
	fixture_fail(query_submit(box, &question, &query), ERROR_USAGE,
		     "max_rows");
	query_box_stop(box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_results),
		FIXTURE_TEST(test_formulas),
		FIXTURE_TEST(test_functions),
		FIXTURE_TEST(test_parameters),
		FIXTURE_TEST(test_selection),
		FIXTURE_TEST(test_rows_left_out),
		FIXTURE_TEST(test_bytes_left_out),
		FIXTURE_TEST(test_only_reading),
		FIXTURE_TEST(test_what_may_be_read),
		FIXTURE_TEST(test_bombs),
		FIXTURE_TEST(test_large_questions),
		FIXTURE_TEST(test_many),
		FIXTURE_TEST(test_leaving),
		FIXTURE_TEST(test_keeper_gone),
		FIXTURE_TEST(test_no_database),
		FIXTURE_TEST(test_recipes),
		FIXTURE_TEST(test_of_growing),
		FIXTURE_TEST(test_limits_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
