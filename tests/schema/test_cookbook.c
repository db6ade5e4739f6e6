// SPDX-License-Identifier: Apache-2.0
// Every ```sql block of schema/README.md runs as a user would run it, in brindle
// query and in the sqlite3 shell, and finds something: in a recording, and in a
// store with several sessions.
#include <string.h>
#include <sys/stat.h>

#include "schema/read/profile.h"
#include "tests/cmocka.h"
#include "tests/schema/store_fixture.h"

static char *read_whole(const char *path)
{
	FILE *file = fopen(path, "r");
	struct stat status;
	char *text;

	if (!file || fstat(fileno(file), &status) < 0)
		fail_msg("cannot open %s", path);
	text = calloc(1, (size_t)status.st_size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)status.st_size, file),
			 status.st_size);
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

static void run(struct profile *profile, const char *sql, bool finds)
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
	if (finds && count_lines(rows) < 3)
		fail_msg("no rows from\n%s", sql);
}

static size_t offset_of(const char *text, const char *part)
{
	const char *found = strstr(text, part);

	assert_non_null(found);
	return (size_t)(found - text);
}

// All queries also go to @shell, a file, if it is not NULL. How many there are;
// of those in the part about stores, @in_part.
static int each_query(struct profile *profile, bool part_finds, FILE *shell,
		      int *in_part)
{
	static const char begin[] = "\n```sql\n", end[] = "\n```\n";
	static const char part[] = "\n### A store that goes on\n";
	static const char after[] = "\n### About the file\n";
	char *text = read_whole(SCHEMA_README);
	size_t from = offset_of(text, part), until = offset_of(text, after);
	int count = 0;

	*in_part = 0;
	for (char *at = text; (at = strstr(at, begin)); count++) {
		char *sql = at + strlen(begin);
		char *stop = strstr(sql, end);
		size_t offset = (size_t)(sql - text);
		bool in = offset > from && offset < until;

		assert_non_null(stop);
		*stop = '\0';
		*in_part += in;
		run(profile, sql, part_finds || !in);
		if (shell)
			fprintf(shell, "%s\n", sql);
		at = stop + 1;
	}
	free(text);
	return count;
}

static void test_of_recording(void **state)
{
	struct profile *profile;
	int in_part;

	(void)state;
	fixture_make("a.db");
	profile = fixture_open_profile("a.db");
	assert_true(each_query(profile, false, NULL, &in_part) >= 50);
	profile_close(profile);
}

static void test_of_store(void **state)
{
	FILE *shell = fopen("queries.sql", "w");
	struct profile *profile;
	int in_part;

	(void)state;
	assert_non_null(shell);
	store_fixture_make("a.db");
	profile = fixture_open_profile("a.db");
	each_query(profile, true, shell, &in_part);
	assert_true(in_part >= 25);
	profile_close(profile);
	assert_int_equal(fclose(shell), 0);
	if (system("command -v sqlite3 >/dev/null") == 0)
		assert_int_equal(system("sqlite3 -readonly -bail a.db "
					"<queries.sql >/dev/null"),
				 0);
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
		{ "v_process", "process_id,pid,process,command_line,executable,"
			       "python_version,user,uid,cgroup,container,unit,"
			       "start_ns" },
		{ "v_incident", "incident_id,kind,wall_ns,end_wall_ns,seconds,"
				"detail,start_id,end_id,session_id" },
		{ "v_vitals", "vitals_id,wall_ns,samples,proven,unproven,lost,"
			      "dropped,frequency_hz,own_cpu_ns,"
			      "own_memory_bytes,processes,threads,store_bytes,"
			      "lost_records" },
		{ "v_rollup_10s", "rollup_id,wall_ns,event,thread_id,"
				  "callsite_id,samples,weight,weight_unit,"
				  "event_id" },
		{ "v_rollup_10min", "rollup_id,wall_ns,event,thread_id,"
				    "callsite_id,samples,weight,weight_unit,"
				    "event_id" },
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
		FIXTURE_TEST(test_of_recording),
		FIXTURE_TEST(test_of_store),
		FIXTURE_TEST(test_promised_columns),
		FIXTURE_TEST(test_plain_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
