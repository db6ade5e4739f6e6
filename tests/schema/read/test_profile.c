// SPDX-License-Identifier: Apache-2.0
// Files that are no profile, or no longer one.
#include "schema/read/profile.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "schema/profile_file.h"
#include "schema/sql.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

static void refuse(const char *path, enum error_code code, const char *text)
{
	struct profile *profile;

	fixture_fail(profile_open(path, &profile), code, text);
}

static void change(const char *path, const char *sql)
{
	_cleanup_database_ sqlite3 *database = NULL;

	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	fixture_succeed(sql_run(database, sql));
}

static void test_absent(void **state)
{
	(void)state;
	refuse("a.db", ERROR_NOT_FOUND, "`brindle record");
	refuse("no/a.db", ERROR_NOT_FOUND, "`brindle record");
	assert_int_equal(system("test -z \"$(ls)\""), 0);
}

static void test_not_ours(void **state)
{
	(void)state;
	fixture_write_file("text", "hello", 5);
	refuse("text", ERROR_BAD_DATA, "'text' is not a brindle profile");
	fixture_write_file("empty", "", 0);
	refuse("empty", ERROR_BAD_DATA, "is empty");
	refuse(".", ERROR_USAGE, "is a directory");
	change("other.db", "CREATE TABLE t (a)");
	refuse("other.db", ERROR_BAD_DATA, "but not a brindle profile");
}

static void test_newer_and_broken_versions(void **state)
{
	(void)state;
	fixture_make("a.db");
	change("a.db", "PRAGMA user_version = 1000");
	refuse("a.db", ERROR_UNSUPPORTED, "newer brindle: it has schema 1000");
	change("a.db", "PRAGMA user_version = 0");
	refuse("a.db", ERROR_BAD_DATA, "no schema");
	change("a.db", "PRAGMA user_version = -3");
	refuse("a.db", ERROR_BAD_DATA, "no schema");
}

// A profile of before is read through a copy, and stays as it is.
static void test_older(void **state)
{
	struct profile *profile;
	struct profile_file before, after;

	(void)state;
	assert_int_equal(system("cp '" SCHEMA_DATA "/version_1.db' a.db"), 0);
	assert_int_equal(chmod("a.db", 0400), 0);
	fixture_succeed(profile_file_inspect("a.db", &before));
	profile = fixture_open_profile("a.db");
	fixture_expect(profile, "SELECT count(*) FROM v_sample", "34\n");
	profile_close(profile);
	fixture_succeed(profile_file_inspect("a.db", &after));
	assert_memory_equal(&before, &after, sizeof(before));
}

static void test_views_missing(void **state)
{
	(void)state;
	fixture_make("a.db");
	change("a.db", "DROP VIEW v_function");
	refuse("a.db", ERROR_BAD_DATA, "views are missing");
}

static void test_cut_off(void **state)
{
	struct stat status;

	(void)state;
	fixture_make("a.db");
	assert_int_equal(stat("a.db", &status), 0);
	for (off_t size = status.st_size - 1; size > 100; size -= 5000) {
		assert_int_equal(truncate("a.db", size), 0);
		refuse("a.db", ERROR_BAD_DATA, "is cut off");
	}
	assert_int_equal(truncate("a.db", 50), 0);
	refuse("a.db", ERROR_BAD_DATA, "not a brindle profile");
}

// Whatever the bytes are: an error or rows, never a crash or an endless loop.
static void read_all(const char *path)
{
	static const char *const queries[] = {
		"SELECT * FROM v_function",
		"SELECT * FROM v_folded",
		"SELECT * FROM v_sample",
		"SELECT * FROM v_health",
		"SELECT * FROM v_frame_of_callsite LIMIT 10000",
	};
	struct profile *profile;
	struct error *error = profile_open(path, &profile);
	FILE *out = fopen("/dev/null", "w");

	assert_non_null(out);
	for (size_t i = 0; !error && i < sizeof(queries) / sizeof(*queries); i++)
		error_destroy(
			profile_query(profile, queries[i], QUERY_JSON, out));
	fclose(out);
	if (!error)
		profile_close(profile);
	error_destroy(error);
}

static void test_flipped_bytes(void **state)
{
	_cleanup_free_ unsigned char *bytes = NULL;
	struct stat status;
	size_t size;
	FILE *file;

	(void)state;
	fixture_make("a.db");
	assert_int_equal(stat("a.db", &status), 0);
	size = (size_t)status.st_size;
	bytes = malloc(size);
	file = fopen("a.db", "r");
	assert_true(bytes && file);
	assert_int_equal(fread(bytes, 1, size, file), size);
	fclose(file);
	srandom(1);
	for (int round = 0; round < 300; round++) {
		size_t at[8];
		unsigned char old[8];

		for (int i = 0; i < 8; i++) {
			at[i] = (size_t)random() % size;
			old[i] = bytes[at[i]];
			bytes[at[i]] = (unsigned char)random();
		}
		fixture_write_file("b.db", bytes, size);
		read_all("b.db");
		for (int i = 8; i-- > 0;)
			bytes[at[i]] = old[i];
	}
}

// A tree whose nodes are their own parents would be climbed for ever.
static void test_hostile_tree(void **state)
{
	struct profile *profile;

	(void)state;
	fixture_make("a.db");
	change("a.db", "UPDATE callsite SET parent_id = 1 WHERE id = 1;"
		       "UPDATE callsite SET parent_id = 6 WHERE id = 2;"
		       "UPDATE callsite SET self_samples = 1");
	profile = fixture_open_profile("a.db");
	fixture_expect(profile, "SELECT count(*) > 0 FROM v_frame_of_callsite",
		       "1\n");
	fixture_expect(profile, "SELECT count(*) > 0 FROM v_folded", "1\n");
	profile_close(profile);
}

static void test_strange_names(void **state)
{
	static const char *const paths[] = {
		"a?mode=rw.db", "file:x.db", "100%.db", "a#b.db", ":memory:",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		char path[64];

		snprintf(path, sizeof(path), "./%s", paths[i]);
		fixture_make(path);
		profile_close(fixture_open_profile(path));
	}
}

static void drop_privileges(void)
{
	if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
		_exit(2);
}

static int status_of_child(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

// 0: the fixture's samples are there, 3: the error said what to do.
static int read_unprivileged(const char *path)
{
	struct profile *profile;
	struct error *error;
	_cleanup_free_ char *rows = NULL;
	pid_t child = fork();

	if (child)
		return status_of_child(child);
	drop_privileges();
	error = profile_open(path, &profile);
	if (error)
		_exit(strstr(error->message, "-wal' to a folder") ? 3 : 4);
	rows = fixture_query(profile, "SELECT count(*) FROM v_sample");
	_exit(strcmp(rows, "11\n") == 0 ? 0 : 5);
}

static void test_read_only_folder(void **state)
{
	struct store *store;

	(void)state;
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(mkdir("d", 0755), 0);
	fixture_make("d/a.db");
	assert_int_equal(chmod("d", 0555), 0);
	assert_int_equal(read_unprivileged("d/a.db"), 0);

	// Cut short by a kill: with its log, and without (all was in the file).
	assert_int_equal(chmod("d", 0755), 0);
	store = fixture_open_store("d/b.db");
	fixture_fill(store);
	fixture_succeed(store_commit(store));
	assert_int_equal(system("cp d/b.db-wal d/c.db-wal; cp d/b.db d/c.db; "
				"cp d/a.db d/e.db"),
			 0);
	store_destroy(store);
	change("d/e.db", "PRAGMA journal_mode = WAL");
	unlink("d/e.db-wal");
	unlink("d/e.db-shm");
	assert_int_equal(chmod("d", 0555), 0);
	assert_int_equal(read_unprivileged("d/c.db"), 3);
	assert_int_equal(read_unprivileged("d/e.db"), 0);
	assert_int_equal(chmod("d", 0755), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_absent),
		FIXTURE_TEST(test_not_ours),
		FIXTURE_TEST(test_newer_and_broken_versions),
		FIXTURE_TEST(test_older),
		FIXTURE_TEST(test_views_missing),
		FIXTURE_TEST(test_cut_off),
		FIXTURE_TEST(test_flipped_bytes),
		FIXTURE_TEST(test_hostile_tree),
		FIXTURE_TEST(test_strange_names),
		FIXTURE_TEST(test_read_only_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
