// SPDX-License-Identifier: Apache-2.0
// Every ```sql block of schema/README.md runs as a user would run it, and finds
// something in a small profile.
#include <string.h>

#include "schema/profile.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

static char *read_whole(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		fail_msg("cannot open %s", path);
	assert_true(getdelim(&text, &size, '\0', file) > 0);
	fclose(file);
	return text;
}

static size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; (text = strchr(text, '\n')); text++)
		count++;
	return count;
}

static void run(struct profile *profile, const char *sql)
{
	_cleanup_free_ char *rows = NULL;
	size_t size;
	FILE *out = open_memstream(&rows, &size);
	struct error *error;

	assert_non_null(out);
	error = profile_query(profile, sql, QUERY_TABLE, out);
	fclose(out);
	if (error)
		fail_msg("%s\n%s", sql, error->message);
	if (count_lines(rows) < 3)
		fail_msg("no rows from\n%s", sql);
}

static void test_cookbook(void **state)
{
	static const char begin[] = "\n```sql\n", end[] = "\n```\n";
	_cleanup_free_ char *text = read_whole(SCHEMA_README);
	struct profile *profile;
	int count = 0;

	(void)state;
	fixture_make("a.db");
	profile = fixture_open_profile("a.db");
	for (char *at = text; (at = strstr(at, begin)); count++) {
		char *sql = at + strlen(begin);
		char *stop = strstr(sql, end);

		assert_non_null(stop);
		*stop = '\0';
		run(profile, sql);
		at = stop + 1;
	}
	assert_true(count >= 15);
	profile_close(profile);
}

// The promise: these columns, in this order, before any others.
static void test_promised_columns(void **state)
{
	static const char *const views[][2] = {
		{ "v_sample", "sample_id,time_ns,wall_ns,process,pid,thread,"
			      "tid,cpu,event,weight_ns,callsite_id,trust,"
			      "trust_reason,walk_end" },
		{ "v_frame_of_callsite", "callsite_id,depth,kind,function,file,"
					 "line,module,status" },
		{ "v_function", "function,file,module,kind,self_samples,"
				"total_samples,self_ns,total_ns" },
		{ "v_folded", "stack,samples,time_ns" },
		{ "v_health", "name,value,meaning" },
	};
	struct profile *profile;

	(void)state;
	fixture_make("a.db");
	profile = fixture_open_profile("a.db");
	for (size_t i = 0; i < sizeof(views) / sizeof(*views); i++) {
		_cleanup_free_ char *sql = NULL, *columns = NULL;

		assert_true(asprintf(&sql,
				     "SELECT group_concat(name) FROM "
				     "(SELECT name FROM pragma_table_info('%s')"
				     " ORDER BY cid)",
				     views[i][0]) > 0);
		columns = fixture_query(profile, sql);
		if (strncmp(columns, views[i][1], strlen(views[i][1])) != 0)
			fail_msg("%s has %s", views[i][0], columns);
	}
	profile_close(profile);
}

// Nothing of ours is needed to read a profile.
static void test_plain_shell(void **state)
{
	(void)state;
	if (system("command -v sqlite3 >/dev/null") != 0) {
		print_message("no sqlite3 shell here\n");
		skip();
	}
	fixture_make("a.db");
	assert_int_equal(system("sqlite3 -bail a.db '"
				"SELECT count(*) FROM v_sample;"
				"SELECT count(*) FROM v_frame_of_callsite;"
				"SELECT count(*) FROM v_function;"
				"SELECT count(*) FROM v_folded;"
				"SELECT count(*) FROM v_callsite;"
				"SELECT count(*) FROM v_line;"
				"SELECT count(*) FROM v_health' >/dev/null"),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_cookbook),
		FIXTURE_TEST(test_promised_columns),
		FIXTURE_TEST(test_plain_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
