// SPDX-License-Identifier: Apache-2.0
// What the dashboard is told, of a recording and of a store whose numbers are
// known. SQLite's JSON functions read the answers.
#include "web/api/api.h"

#include <string.h>

#include "schema/sql.h"
#include "tests/cmocka.h"
#include "tests/schema/store_fixture.h"

enum { PARAMS_MAX = 8 };

struct world {
	struct api_host host;
	struct profile *profile;
	sqlite3 *reader; /* of JSON */
	int64_t now_ns;
	char *answer; /* owned; the latest */
	bool lasting;
};

static void open_world(struct world *world, const char *path, bool live)
{
	*world = (struct world){
		.host = { .database = path, .live = live },
		.now_ns = (int64_t)FIXTURE_WALL_NS,
	};
	world->profile = fixture_open_profile(path);
	assert_int_equal(sqlite3_open(":memory:", &world->reader), SQLITE_OK);
}

static void close_world(struct world *world)
{
	profile_close(world->profile);
	sqlite3_close(world->reader);
	free(world->answer);
}

static const struct api_route *find_route(const char *name)
{
	for (const struct api_route *route = api_routes; route->path; route++)
		if (strcmp(strrchr(route->path, '/') + 1, name) == 0)
			return route;
	fail_msg("no route %s", name);
	return NULL;
}

// "from=@1&to=now": as a query has it, nothing escaped.
static size_t split(char *query, struct api_param *params)
{
	size_t count = 0;
	char *rest = query, *part;

	while ((part = strsep(&rest, "&")) && *part) {
		char *value = strchr(part, '=');

		assert_non_null(value);
		assert_true(count < PARAMS_MAX);
		*value++ = '\0';
		params[count++] = (struct api_param){ part, value };
	}
	return count;
}

static struct error *ask(struct world *world, const char *name,
			 const char *query)
{
	_cleanup_free_ char *copy = strdup(query);
	struct api_param params[PARAMS_MAX];
	struct api_call call = {
		.host = &world->host,
		.profile = world->profile,
		.params = params,
		.now_ns = world->now_ns,
	};
	struct error *error;
	size_t size;

	free(world->answer);
	call.out = open_memstream(&world->answer, &size);
	assert_non_null(call.out);
	call.param_count = split(copy, params);
	error = find_route(name)->answer(&call);
	fclose(call.out);
	free(call.file_name);
	world->lasting = call.lasting;
	return error;
}

// What @expression says of the answer, which is `said` in it.
static void expect(struct world *world, const char *expression,
		   const char *expected)
{
	_cleanup_statement_ sqlite3_stmt *row = NULL;
	char sql[512];

	snprintf(sql, sizeof(sql),
		 "SELECT %s FROM (SELECT ?1 AS said)", expression);
	fixture_succeed(sql_prepare(world->reader, sql, &row));
	sqlite3_bind_text(row, 1, world->answer, -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(row, 0) ?: "null",
			    expected);
}

static void change(const char *path, const char *sql)
{
	sqlite3 *writer;

	assert_int_equal(sqlite3_open(path, &writer), SQLITE_OK);
	fixture_succeed(sql_run(writer, sql));
	sqlite3_close(writer);
}

static void expect_answer(struct world *world, const char *name,
			  const char *query, const char *expression,
			  const char *expected)
{
	fixture_succeed(ask(world, name, query));
	expect(world, expression, expected);
}

static const struct {
	const char *name, *query;
} questions[] = {
	{ "status", "" },
	{ "timeline", "buckets=2&rows=0" },
	{ "flame", "threads=1&lines=1" },
	{ "flame", "view=bottomup&max_nodes=1" },
	{ "flame", "group=process&threads=1&lines=1" },
	{ "flame", "group=user,tid&view=bottomup" },
	{ "top", "sort=total&limit=1" },
	{ "sandwich", "function=fib" },
	{ "diff", "a_to=@1700000000.5" },
	{ "diff", "sort=total&limit=1&max_nodes=1&drop=import" },
	{ "chart", "pid=100&tid=100" },
	{ "heatmap", "columns=1&rows=200" },
	{ "lines", "file=/app.py" },
	{ "files", "only=python" },
	{ "processes", "limit=1" },
	{ "threads", "" },
	{ "labels", "" },
	{ "gil", "" },
	{ "offcpu", "" },
	{ "schema", "" },
	{ "cookbook", "" },
};

static void test_all_are_json(void **state)
{
	struct world world;

	(void)state;
	fixture_make("a.db");
	open_world(&world, "a.db", false);
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++)
		expect_answer(&world, questions[i].name, questions[i].query,
			      "json_valid(said)", "1");
	close_world(&world);
}

static void test_recording(void **state)
{
	struct world world;

	(void)state;
	fixture_make("a.db");
	open_world(&world, "a.db", false);
	expect_answer(&world, "status", "",
		      "said -> '$.samples' || ' ' || (said -> '$.unproven')",
		      "11 2");
	expect_answer(&world, "top", "limit=2",
		      "said -> '$.rows[0].name' || (said -> '$.rows[0].self')",
		      "\"fib\"{\"samples\":5,\"weight\":50000000}");
	expect(&world, "said -> '$.samples'", "11");
	expect_answer(&world, "top", "function=/^fib$/",
		      "json_array_length(said, '$.rows')", "1");
	expect_answer(&world, "flame", "show=qsort",
		      "said -> '$.samples' || (said -> '$.selection.filters')",
		      "4\"show 'qsort'\"");
	expect_answer(&world, "sandwich", "function=fib",
		      "said -> '$.function.total.samples' || "
		      "(said -> '$.callers.functions.names') || "
		      "(said -> '$.callees.functions.names')",
		      "5[\"fib\",\"run\",\"main_c\"][\"fib\"]");
	expect_answer(&world, "processes", "",
		      "said -> '$.rows[0].process' || "
		      "(said -> '$.rows[0].proven') || ' ' || "
		      "(said -> '$.rows[0].unproven') || ' ' || "
		      "(said -> '$.rows[0].native')",
		      "\"app\"9 0 2");
	expect_answer(&world, "threads", "",
		      "said -> '$.rows[1].thread' || "
		      "(said -> '$.rows[1].samples')",
		      "\"worker\"2");
	expect_answer(&world, "labels", "", "said -> '$.thread[0].value'",
		      "\"main\"");
	expect_answer(&world, "heatmap", "",
		      "(said -> '$.samples') || (said -> '$.cell_unit')",
		      "11\"us\"");
	expect_answer(&world, "chart", "pid=100&tid=101",
		      "said -> '$.samples.count'", "2");
	close_world(&world);
}

// fib calls itself from line 11 and is at 12: 11 is in both stacks once.
static void test_lines(void **state)
{
	struct world world;

	(void)state;
	fixture_make("a.db");
	open_world(&world, "a.db", false);
	expect_answer(&world, "lines", "file=/app.py",
		      "(SELECT group_concat((value ->> '$.line') || ' ' || "
		      "(value ->> '$.self.samples') || '/' || "
		      "(value ->> '$.total.samples'), ', ') "
		      "FROM json_each(said, '$.rows'))",
		      "5 0/5, 6 0/4, 11 2/5, 12 3/3");
	expect(&world, "said -> '$.source' || (said -> '$.note')",
	       "null\"This server does not show source files.\"");
	expect_answer(&world, "files", "",
		      "said -> '$.rows[0]'",
		      "{\"file\":\"/app.py\","
		      "\"self\":{\"samples\":5,\"weight\":50000000},"
		      "\"total\":{\"samples\":9,\"weight\":90000000}}");
	fixture_fail(ask(&world, "lines", "file=/etc/passwd"), ERROR_NOT_FOUND,
		     "no function of the file");
	close_world(&world);
}

// All ways to count the same samples come to the same.
static void test_sums(void **state)
{
	static const struct {
		const char *name, *query, *expression;
	} sums[] = {
		{ "timeline", "from=@1&buckets=50", "said -> '$.all.samples'" },
		{ "timeline", "from=@1&by=thread",
		  "(SELECT sum(value ->> '$.samples') "
		  "FROM json_each(said, '$.rows'))" },
		{ "flame", "from=@1", "said -> '$.samples'" },
		{ "flame", "from=@1&group=user,tid", "said -> '$.samples'" },
		{ "top", "from=@1&limit=1000",
		  "(SELECT sum(value ->> '$.self.samples') "
		  "FROM json_each(said, '$.rows'))" },
		{ "processes", "from=@1",
		  "(SELECT sum(value ->> '$.samples') "
		  "FROM json_each(said, '$.rows'))" },
		{ "processes", "from=@1",
		  "(SELECT sum((value ->> '$.proven') + "
		  "(value ->> '$.unproven') + (value ->> '$.native')) "
		  "FROM json_each(said, '$.rows'))" },
		{ "threads", "from=@1",
		  "(SELECT sum(value ->> '$.samples') "
		  "FROM json_each(said, '$.rows'))" },
		{ "labels", "from=@1",
		  "(SELECT sum(value ->> '$.samples') "
		  "FROM json_each(said, '$.process'))" },
	};
	char expected[32];
	struct world world;

	(void)state;
	snprintf(expected, sizeof(expected), "%d",
		 STORE_SESSIONS * STORE_SECONDS * STORE_RATE);
	store_fixture_make("s.db");
	open_world(&world, "s.db", false);
	for (size_t i = 0; i < sizeof(sums) / sizeof(*sums); i++)
		expect_answer(&world, sums[i].name, sums[i].query,
			      sums[i].expression, expected);
	close_world(&world);
}

// The second session is of the same boot, and its processes and threads are those
// of the first: each is one.
static void test_eras(void **state)
{
	static const char one[] =
		"UPDATE session SET boot_id = 'b';"
		"UPDATE process SET pid = pid - 1000 WHERE pid >= 1000;"
		"UPDATE thread SET tid = tid - 1000 WHERE tid >= 1000;";
	const int each = STORE_SESSIONS * STORE_SECONDS * STORE_RATE / 2;
	char expected[64];
	struct world world;

	(void)state;
	store_fixture_make("e.db");
	change("e.db", one);
	open_world(&world, "e.db", false);
	snprintf(expected, sizeof(expected), "2 %d %d 3 1", each, each);
	expect_answer(&world, "processes", "from=@1",
		      "(said -> '$.count') || ' ' || "
		      "(said -> '$.rows[0].samples') || ' ' || "
		      "(said -> '$.rows[1].samples') || ' ' || "
		      "(SELECT group_concat(value ->> '$.threads', ' ') FROM "
		      "(SELECT value FROM json_each(said, '$.rows') ORDER BY "
		      "value ->> '$.process'))", expected);
	expect_answer(&world, "threads", "from=@1",
		      "(said -> '$.count') || ' ' || (SELECT "
		      "max(value ->> '$.threads') FROM json_each(said, '$.rows'))",
		      "4 1");
	expect_answer(&world, "gil", "from=@1",
		      "(SELECT count(*) = count(DISTINCT value ->> '$.tid') "
		      "FROM json_each(said, '$.rows'))", "1");
	close_world(&world);
}

// How many parts a second has follows from how far samples are apart.
static void test_heatmap_rows(void **state)
{
	const char *form = "(said -> '$.rows') || ' ' || (said -> '$.most') || "
			   "(said -> '$.cell_unit')";
	static const struct {
		const char *query, *says; /* the rows, and the fullest cell */
	} wanted[] = {
		{ "columns=5", "2 1000000\"us\"" },
		{ "columns=5&rows=4", "4 750000\"us\"" },
		{ "columns=5&event=off-cpu", "50 1\"samples\"" },
	};
	struct world world;

	(void)state;
	store_fixture_make("s.db");
	change("s.db", "UPDATE event SET period = 250000000 "
		       "WHERE name = 'cpu-clock'");
	open_world(&world, "s.db", false);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		expect_answer(&world, "heatmap", wanted[i].query, form,
			      wanted[i].says);
	close_world(&world);
}

// The last quarter of an hour, as long as nothing else is asked for.
static void test_live(void **state)
{
	int64_t end_s = (int64_t)(FIXTURE_WALL_NS / 1000000000) +
			2 * STORE_SECONDS + STORE_OFF_SECONDS;
	char expected[32], query[128];
	struct world world;

	(void)state;
	store_fixture_make("s.db");
	open_world(&world, "s.db", true);
	world.now_ns = end_s * 1000000000;
	snprintf(expected, sizeof(expected), "%d", 900 * STORE_RATE);
	expect_answer(&world, "flame", "", "said -> '$.samples'", expected);
	assert_false(world.lasting);
	expect_answer(&world, "heatmap", "", "said -> '$.samples'", expected);
	expect_answer(&world, "diff", "",
		      "said -> '$.a.samples' || ' ' || "
		      "((said -> '$.b.samples') = (said -> '$.a.samples'))",
		      "3600 1");
	expect_answer(&world, "offcpu", "", "said -> '$.count' > 0", "1");
	expect_answer(&world, "gil", "",
		      "said -> '$.rows[0].waiting' > 0", "1");
	expect_answer(&world, "status", "", "said -> '$.live'", "true");
	snprintf(query, sizeof(query), "from=@%lld&to=@%lld",
		 (long long)end_s - 300, (long long)end_s - 200);
	fixture_succeed(ask(&world, "top", query));
	assert_true(world.lasting);
	snprintf(query, sizeof(query), "from=@%lld&to=@%lld",
		 (long long)end_s - 300, (long long)end_s - 1);
	fixture_succeed(ask(&world, "top", query));
	assert_false(world.lasting);
	close_world(&world);
}

static void test_diff(void **state)
{
	int64_t middle_s = (int64_t)(FIXTURE_WALL_NS / 1000000000) +
			   STORE_SECONDS + 30;
	char query[128];
	struct world world;

	(void)state;
	store_fixture_make("s.db");
	open_world(&world, "s.db", false);
	snprintf(query, sizeof(query), "a_from=@1&a_to=@%lld&b_from=@%lld",
		 (long long)middle_s, (long long)middle_s);
	expect_answer(&world, "diff", query,
		      "(SELECT group_concat(value ->> '$.name', ' ') "
		      "FROM json_each(said, '$.functions') WHERE key < 2 "
		      "AND value ->> '$.verdict' = 'significant')",
		      "compute spin");
	expect(&world, "said -> '$.graph.nodes.before' IS NOT NULL", "1");
	snprintf(query, sizeof(query),
		 "a_from=@1&b_from=@1&b_process=worker&show=/^spin$/");
	expect_answer(&world, "diff", query,
		      "said -> '$.a.samples' = (said -> '$.b.samples')", "1");
	expect(&world, "said ->> '$.b.label'", "@1 to now, process worker");
	close_world(&world);
}

static void test_refused(void **state)
{
	static const struct {
		const char *name, *query, *text;
	} wrong[] = {
		{ "top", "limit=0", "limit: a number from 1 to 1000" },
		{ "top", "limit=1001", "limit" },
		{ "top", "limit=+5", "limit" },
		{ "top", "limit=99999999999999999999", "limit" },
		{ "top", "sort=name", "sort" },
		{ "top", "function=/(/", "function" },
		{ "top", "from=tomorrow", "from: " },
		{ "top", "from=now&to=-1h", "ends before it begins" },
		{ "top", "event=nothing", "no event 'nothing'" },
		{ "flame", "only=java", "only" },
		{ "flame", "max_nodes=1000001", "max_nodes" },
		{ "flame", "lines=2", "lines" },
		{ "flame", "group=color", "there are process, pid" },
		{ "export", "format=folded&group=process,", "group" },
		{ "timeline", "buckets=2001", "buckets" },
		{ "timeline", "rows=21", "rows" },
		{ "timeline", "by=user", "by" },
		{ "heatmap", "columns=3601", "columns" },
		{ "sandwich", "", "function: is needed" },
		{ "lines", "", "file: is needed" },
		{ "chart", "pid=1", "tid: is needed" },
		{ "chart", "pid=x&tid=1", "pid" },
		{ "diff", "a_from=now&a_to=-1h", "a_from and a_to" },
		{ "export", "format=doc", "format" },
	};
	struct world world;

	(void)state;
	fixture_make("a.db");
	open_world(&world, "a.db", false);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		fixture_fail(ask(&world, wrong[i].name, wrong[i].query),
			     ERROR_USAGE, wrong[i].text);
	fixture_fail(ask(&world, "top", "process=nobody"), ERROR_NOT_FOUND,
		     "nobody");
	fixture_fail(ask(&world, "sandwich", "function=nothing"),
		     ERROR_NOT_FOUND, "nothing");
	close_world(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_all_are_json), FIXTURE_TEST(test_recording),
		FIXTURE_TEST(test_lines),	 FIXTURE_TEST(test_sums),
		FIXTURE_TEST(test_eras),
		FIXTURE_TEST(test_heatmap_rows),
		FIXTURE_TEST(test_live),	 FIXTURE_TEST(test_diff),
		FIXTURE_TEST(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
