// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "schema/sql.h"
#include "schema/store/store.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

static const struct store_session session = { .frequency_hz = 99 };

static void refuse(const char *path, enum error_code code, const char *text)
{
	struct store *store;

	fixture_fail(store_open(path, &session, &store), code, text);
}

static bool exists(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

static void make_database(const char *path, const char *sql)
{
	_cleanup_database_ sqlite3 *database = NULL;

	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	fixture_succeed(sql_run(database, sql));
}

static void test_foreign_files_stay(void **state)
{
	char text[8] = { 0 };
	FILE *file;

	(void)state;
	fixture_write_file("thesis.txt", "precious", 8);
	refuse("thesis.txt", ERROR_USAGE, "not a brindle profile");
	file = fopen("thesis.txt", "r");
	assert_int_equal(fread(text, 1, 8, file), 8);
	fclose(file);
	assert_memory_equal(text, "precious", 8);

	make_database("other.db", "CREATE TABLE t (a)");
	refuse("other.db", ERROR_USAGE, "not a brindle profile");
	make_database("other.db", "INSERT INTO t VALUES (1)");
}

static void test_places_without_a_file(void **state)
{
	(void)state;
	refuse(".", ERROR_USAGE, "is a directory");
	refuse("/dev/null", ERROR_USAGE, "not a regular file");
	refuse("absent/a.db", ERROR_NOT_FOUND, "folder 'absent'");
	refuse("/proc/a.db", ERROR_NOT_FOUND, "folder '/proc'");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	refuse("fifo", ERROR_USAGE, "not a regular file");
}

// Nobody's rights, for to root every folder is writable.
static void test_unwritable_folder(void **state)
{
	struct store *store;
	struct error *error;
	pid_t child;
	int status;

	(void)state;
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(mkdir("closed", 0555), 0);
	child = fork();
	if (child == 0) {
		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(1);
		error = store_open("closed/a.db", &session, &store);
		_exit(error && error->code == ERROR_PERMISSION &&
				      strstr(error->message, "folder 'closed'") ?
			      0 :
			      2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_empty_file_is_nobodys(void **state)
{
	struct store *store;

	(void)state;
	fixture_write_file("a.db", "", 0);
	fixture_succeed(store_open("a.db", &session, &store));
	store_destroy(store);
}

static void test_replaces_a_profile(void **state)
{
	struct profile *profile;
	struct store *store;

	(void)state;
	fixture_make("a.db");
	fixture_succeed(store_open("a.db", &session, &store));
	fixture_succeed(store_close(store, 0));
	profile = fixture_open_profile("a.db");
	fixture_expect(profile, "SELECT count(*) FROM sample", "0\n");
	profile_close(profile);
}

// A recorder that was killed leaves its log; it must not flow into the next.
static void test_replaces_a_killed_one(void **state)
{
	struct profile *profile;
	struct store *store;

	(void)state;
	store = fixture_open_store("a.db");
	fixture_fill(store);
	fixture_succeed(store_commit(store));
	assert_int_equal(system("cp a.db b.db; cp a.db-wal b.db-wal"), 0);
	store_destroy(store);

	profile = fixture_open_profile("b.db");
	fixture_expect(profile, "SELECT count(*) FROM sample", "11\n");
	profile_close(profile);
	assert_int_equal(system("cp a.db b.db; cp a.db-wal b.db-wal"
				" 2>/dev/null; true"),
			 0);
	store = fixture_open_store("b.db");
	fixture_succeed(store_close(store, 0));
	profile = fixture_open_profile("b.db");
	fixture_expect(profile, "SELECT count(*) FROM sample", "0\n");
	fixture_expect(profile, "PRAGMA integrity_check", "ok\n");
	profile_close(profile);
}

static void test_running_recording_is_left_alone(void **state)
{
	struct store *store;
	struct profile *profile;

	(void)state;
	store = fixture_open_store("a.db");
	fixture_fill(store);
	refuse("a.db", ERROR_USAGE, "is in use");
	fixture_succeed(store_close(store, 0));
	profile = fixture_open_profile("a.db");
	fixture_expect(profile, "SELECT count(*) FROM sample", "11\n");
	profile_close(profile);
}

static void test_a_reader_keeps_what_it_reads(void **state)
{
	struct profile *profile;

	(void)state;
	fixture_make("a.db");
	profile = fixture_open_profile("a.db");
	store_destroy(fixture_open_store("a.db"));
	fixture_expect(profile, "SELECT count(*) FROM sample", "11\n");
	profile_close(profile);
}

static void test_follows_links(void **state)
{
	struct stat status;

	(void)state;
	fixture_make("a.db");
	assert_int_equal(symlink("a.db", "link.db"), 0);
	fixture_make("link.db");
	assert_int_equal(lstat("link.db", &status), 0);
	assert_true(S_ISLNK(status.st_mode));
}

static void test_damaged_profile_is_replaced(void **state)
{
	(void)state;
	fixture_make("a.db");
	assert_int_equal(truncate("a.db", 5000), 0);
	fixture_make("a.db");
	profile_close(fixture_open_profile("a.db"));
}

static void test_nothing_else_stays(void **state)
{
	(void)state;
	fixture_make("a.db");
	refuse("absent/a.db", ERROR_NOT_FOUND, "");
	assert_false(exists("a.db-wal"));
	assert_int_equal(system("test \"$(ls)\" = a.db"), 0);
}

static void test_removed_while_recording(void **state)
{
	struct store *store;

	(void)state;
	store = fixture_open_store("a.db");
	fixture_fill(store);
	assert_int_equal(unlink("a.db"), 0);
	fixture_fail(store_close(store, 0), ERROR_NOT_FOUND, "removed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_foreign_files_stay),
		FIXTURE_TEST(test_places_without_a_file),
		FIXTURE_TEST(test_unwritable_folder),
		FIXTURE_TEST(test_empty_file_is_nobodys),
		FIXTURE_TEST(test_replaces_a_profile),
		FIXTURE_TEST(test_replaces_a_killed_one),
		FIXTURE_TEST(test_running_recording_is_left_alone),
		FIXTURE_TEST(test_a_reader_keeps_what_it_reads),
		FIXTURE_TEST(test_follows_links),
		FIXTURE_TEST(test_damaged_profile_is_replaced),
		FIXTURE_TEST(test_nothing_else_stays),
		FIXTURE_TEST(test_removed_while_recording),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
