// SPDX-License-Identifier: Apache-2.0
// What befalls the file of a store that goes on, and how it gets over that.
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "schema/sql.h"
#include "schema/store/store_parts.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"
#include "tests/schema/long_store.h"

static void expect(const char *path, const char *sql, const char *expected)
{
	struct profile *profile = fixture_open_profile(path);

	fixture_expect(profile, sql, expected);
	profile_close(profile);
}

static void add_second(struct long_store *long_store, int second)
{
	struct long_place place = {
		.thread = "main",
		.function = "f",
		.depth = 4,
		.weight = FIXTURE_PERIOD_NS,
	};

	for (int i = 0; i < 100; i++)
		long_store_add(long_store, second + i * 0.01, &place);
}

static struct error *try_second(struct long_store *long_store, int second)
{
	add_second(long_store, second);
	return store_commit(long_store->store);
}

static void run_seconds(struct long_store *long_store, int from, int until)
{
	for (int second = from; second < until; second++)
		fixture_succeed(try_second(long_store, second));
}

static int64_t sample_count(const char *path)
{
	struct profile *profile = fixture_open_profile(path);
	_cleanup_free_ char *text =
		fixture_query(profile, "SELECT count(*) FROM sample");

	profile_close(profile);
	return strtoll(text, NULL, 10);
}

static char *set_aside_name(void)
{
	glob_t found;
	char *name;

	assert_int_equal(glob("a.db.corrupt-*Z", 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	name = strdup(found.gl_pathv[0]);
	globfree(&found);
	return name;
}

static void overwrite(const char *path, off_t offset, size_t size)
{
	_cleanup_free_ char *noise = malloc(size);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0 && noise);
	memset(noise, 0xa5, size);
	assert_int_equal(pwrite(fd, noise, size, offset), size);
}

static void make_store(void)
{
	struct long_store long_store = { 0 };

	long_store_open(&long_store, "a.db", 0);
	run_seconds(&long_store, 0, 50);
	long_store_close(&long_store, 51);
}

// Opens what is damaged: a new store is there at once, and the old one kept.
static void expect_set_aside(const char *reason)
{
	struct long_store long_store = { 0 };
	uint64_t start_ns = monotonic_ns();
	_cleanup_free_ char *name = NULL;

	long_store_open(&long_store, "a.db", 100);
	assert_true(monotonic_ns() - start_ns < 2 * NS_PER_SEC);
	name = set_aside_name();
	assert_non_null(long_store.note);
	assert_non_null(strstr(long_store.note, name));
	if (!strstr(long_store.note, reason))
		fail_msg("'%s' does not say '%s'", long_store.note, reason);
	fixture_succeed(try_second(&long_store, 100));
	long_store_close(&long_store, 102);
	assert_int_equal(sample_count("a.db"), 100);
	expect("a.db", "SELECT kind FROM incident", "corrupt\n");
	assert_int_equal(unlink(name), 0);
	assert_int_equal(unlink("a.db"), 0);
}

static void test_damaged_before(void **state)
{
	(void)state;
	make_store();
	overwrite("a.db", 0, 100);
	expect_set_aside("header");
	make_store();
	assert_int_equal(truncate("a.db", 20000), 0);
	expect_set_aside("cut off");
	make_store();
	overwrite("a.db", 100, 3900);
	expect_set_aside("malformed");
	make_store();
	overwrite("a.db", 4096, 100000);
	expect_set_aside("malformed");
}

static size_t count_files(const char *pattern)
{
	glob_t found = { .gl_pathc = 0 };
	size_t count = glob(pattern, 0, NULL, &found) ? 0 : found.gl_pathc;

	globfree(&found);
	return count;
}

// A disk that damages all that it is given does not fill up with it.
static void test_damaged_often(void **state)
{
	struct long_store long_store = { 0 };

	(void)state;
	fixture_write_file("a.db.corrupt-20200101T000000Z", "1", 1);
	fixture_write_file("a.db.corrupt-20200101T000000Z-wal", "1", 1);
	fixture_write_file("a.db.corrupt-20200102T000000Z", "2", 1);
	fixture_write_file("a.db.corrupt-20200103T000000Z", "3", 1);
	fixture_write_file("a.db.corrupt-mine", "4", 1);
	fixture_write_file("aa.db.corrupt-20200101T000000Z", "5", 1);
	for (int i = 0; i < 2; i++) {
		make_store();
		overwrite("a.db", 0, 100);
		long_store_open(&long_store, "a.db", 100);
		assert_non_null(strstr(long_store.note, "oldest"));
		long_store_close(&long_store, 102);
		assert_int_equal(unlink("a.db"), 0);
	}
	assert_int_equal(count_files("a.db.corrupt-*Z"), 3);
	assert_int_equal(count_files("a.db.corrupt-2020010*"), 1);
	assert_int_equal(count_files("a.db.corrupt-20200103T000000Z"), 1);
	assert_int_equal(count_files("a.db.corrupt-mine"), 1);
	assert_int_equal(count_files("aa.db.*"), 1);
}

// No other file is moved by a wrong path.
static void test_foreign_file(void **state)
{
	struct long_store long_store = { 0 };
	struct store *store;
	char *note = NULL;

	(void)state;
	fixture_write_file("a.db", "precious", 8);
	long_store_init(&long_store, 0);
	fixture_fail(store_continue("a.db", &long_store.session,
				    &long_store.limits, &store, &note),
		     ERROR_PERMISSION, "is not a brindle store");
	assert_int_equal(mkdir("folder", 0700), 0);
	fixture_fail(store_continue("folder", &long_store.session,
				    &long_store.limits, &store, &note),
		     ERROR_USAGE, "is a directory");
}

// Pages go bad under the writer's hands.
static void test_damaged_while_writing(void **state)
{
	struct long_store long_store = { 0 };
	uint32_t era;
	uint64_t start_ns;
	_cleanup_free_ char *name = NULL;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	run_seconds(&long_store, 0, 50);
	era = store_era(long_store.store);
	fixture_succeed(sql_run(long_store.store->database,
				"PRAGMA wal_checkpoint(TRUNCATE);"
				"PRAGMA cache_size = 0"));
	overwrite("a.db", 4096, 200000);
	start_ns = monotonic_ns();
	for (int second = 50; store_era(long_store.store) == era; second++) {
		assert_true(second < 60);
		error_destroy(try_second(&long_store, second));
	}
	assert_true(monotonic_ns() - start_ns < 2 * NS_PER_SEC);
	name = set_aside_name();
	run_seconds(&long_store, 60, 70);
	long_store_close(&long_store, 71);
	assert_int_equal(sample_count("a.db"), 1000);
	expect("a.db", "SELECT count(*) FROM v_sample WHERE thread = 'main' "
		       "AND wall_ns / 1000000000 BETWEEN 1700000060 AND "
		       "1700000069",
	       "1000\n");
	expect("a.db", "SELECT group_concat(DISTINCT kind) FROM (SELECT kind "
		       "FROM incident ORDER BY kind)",
	       "corrupt,gap\n");
}

static void check_new_file(struct long_store *long_store, uint32_t era)
{
	int second = 50;

	while (store_era(long_store->store) == era) {
		assert_true(second < 55);
		error_destroy(try_second(long_store, second++));
	}
	run_seconds(long_store, second, 70);
	long_store_close(long_store, 71);
	assert_in_range(sample_count("a.db"), 1500, 2000);
	expect("a.db", "SELECT count(*) FROM v_sample WHERE thread = 'main' "
		       "AND wall_ns / 1000000000 = 1700000060",
	       "100\n");
	expect("a.db", "SELECT count(*) FROM incident WHERE kind = 'gap'",
	       "1\n");
	expect("a.db", "PRAGMA integrity_check", "ok\n");
	expect("a.db", "PRAGMA foreign_key_check", "");
}

static void test_deleted(void **state)
{
	struct long_store long_store = { 0 };
	uint32_t era;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	run_seconds(&long_store, 0, 50);
	era = store_era(long_store.store);
	assert_int_equal(unlink("a.db"), 0);
	check_new_file(&long_store, era);
}

// Somebody puts a copy of last week back.
static void test_replaced(void **state)
{
	struct long_store long_store = { 0 };
	uint32_t era;

	(void)state;
	make_store();
	assert_int_equal(rename("a.db", "old.db"), 0);
	long_store_open(&long_store, "a.db", 0);
	run_seconds(&long_store, 0, 50);
	era = store_era(long_store.store);
	assert_int_equal(rename("old.db", "a.db"), 0);
	fixture_succeed(try_second(&long_store, 50));
	assert_int_not_equal(store_era(long_store.store), era);
	run_seconds(&long_store, 51, 70);
	long_store_close(&long_store, 71);
	assert_int_equal(sample_count("a.db"), 5000 + 1900);
	expect("a.db", "SELECT count(*) FROM session", "2\n");
	expect("a.db", "PRAGMA integrity_check", "ok\n");
	expect("a.db", "PRAGMA foreign_key_check", "");
}

// Neither its folder nor its file can be made again for a while.
static void test_deleted_with_its_folder(void **state)
{
	struct long_store long_store = { 0 };
	uint32_t era;
	int second = 50;

	(void)state;
	assert_int_equal(mkdir("folder", 0700), 0);
	long_store_open(&long_store, "folder/a.db", 0);
	run_seconds(&long_store, 0, 50);
	era = store_era(long_store.store);
	assert_int_equal(system("rm -rf folder"), 0);
	while (second < 53)
		fixture_fail(try_second(&long_store, second++),
			     ERROR_NOT_FOUND, "write store");
	assert_int_equal(mkdir("folder", 0700), 0);
	long_store.store->start_over_ns = 0;
	fixture_succeed(try_second(&long_store, second++));
	assert_int_not_equal(store_era(long_store.store), era);
	run_seconds(&long_store, second, 60);
	long_store_close(&long_store, 61);
	assert_int_equal(sample_count("folder/a.db"), 600);
}

static void test_foreign_lock(void **state)
{
	struct long_store long_store = { 0 };
	sqlite3 *other;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	run_seconds(&long_store, 0, 5);
	assert_int_equal(sqlite3_open("a.db", &other), SQLITE_OK);
	fixture_succeed(sql_run(other, "BEGIN EXCLUSIVE"));
	for (int second = 5; second < 12; second++)
		fixture_fail(try_second(&long_store, second), ERROR_SYSTEM,
			     "locked");
	assert_int_equal(store_pending(long_store.store), 700);
	sqlite3_close(other);
	fixture_succeed(try_second(&long_store, 12));
	assert_int_equal(store_pending(long_store.store), 0);
	long_store_close(&long_store, 13);
	assert_int_equal(sample_count("a.db"), 1300);
	expect("a.db",
	       "SELECT kind, start_id / 1000000000, end_id / 1000000000, "
	       "detail LIKE '%locked%' FROM incident",
	       "storage,5,12,1\n");
}

static void limit_files(rlim_t bytes)
{
	const struct rlimit limit = { bytes, RLIM_INFINITY };

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_oldest_are_given_up(void **state)
{
	struct long_store long_store = { 0 };

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	long_store_open(&long_store, "a.db", 0);
	run_seconds(&long_store, 0, 5);
	long_store.store->pending_max = 1000;
	limit_files(1);
	for (int second = 5; second < 30; second++)
		error_destroy(try_second(&long_store, second));
	limit_files(RLIM_INFINITY);
	fixture_succeed(try_second(&long_store, 30));
	long_store_close(&long_store, 31);
	expect("a.db", "SELECT count(*) BETWEEN 1400 AND 1500, max(id) / "
		       "1000000000 FROM sample",
	       "1,30\n");
	expect("a.db",
	       "SELECT count(*), min(start_id) / 1000000000, max(end_id) / "
	       "1000000000 BETWEEN 19 AND 21, detail LIKE '%% samples given "
	       "up: %%' FROM incident WHERE kind = 'gap'",
	       "1,5,1,1\n");
	// What the outcomes and the gap say adds up to what was sampled.
	expect("a.db",
	       "SELECT (SELECT count(*) FROM sample) + (SELECT value FROM "
	       "v_health WHERE name = 'dropped_by_storage'), (SELECT count(*) "
	       "FROM sample) = (SELECT sum(samples) FROM outcome), (SELECT "
	       "CAST(detail AS INTEGER) = (SELECT value FROM v_health WHERE "
	       "name = 'dropped_by_storage') FROM incident WHERE kind = 'gap')",
	       "3100,1,1\n");
}

static void mount_small(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mkdir("small", 0700) < 0 ||
	    mount("tmpfs", "small", "tmpfs", 0, "size=2m") < 0)
		skip();
}

static void fill_disk(void)
{
	_cleanup_close_ int fd =
		open("small/filler", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	static const char zeros[4096];

	assert_true(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
}

// The disk fills up and is freed again and again, at any instant of a commit.
static void test_full_disk(void **state)
{
	struct long_store long_store = { 0 };
	int second = 0, failed = 0;

	(void)state;
	mount_small();
	long_store_open(&long_store, "small/a.db", 0);
	for (int round = 0; round < 40; round++) {
		run_seconds(&long_store, second, second + round % 3 + 1);
		second += round % 3 + 1;
		fill_disk();
		for (int i = 0; i < 8; i++) {
			struct error *error =
				try_second(&long_store, second++);

			failed += error != NULL;
			error_destroy(error);
		}
		assert_int_equal(unlink("small/filler"), 0);
		fixture_succeed(try_second(&long_store, second++));
		assert_int_equal(store_pending(long_store.store), 0);
	}
	assert_true(failed > 20);
	long_store_close(&long_store, second);
	assert_int_equal(sample_count("small/a.db"), second * 100);
	expect("small/a.db", "PRAGMA integrity_check", "ok\n");
	expect("small/a.db",
	       "SELECT count(*) FROM incident WHERE kind = 'gap'", "0\n");
	umount2("small", MNT_DETACH);
}

// All that waits is not written again and again for nothing.
static void test_full_disk_is_awaited(void **state)
{
	struct long_store long_store = { 0 };
	int second = 0, changes;

	(void)state;
	mount_small();
	long_store_open(&long_store, "small/a.db", 0);
	run_seconds(&long_store, 0, 5);
	fill_disk();
	for (second = 5; second < 300 && !long_store.store->failures; second++)
		error_destroy(try_second(&long_store, second));
	assert_int_equal(long_store.store->failures, 1);
	changes = sqlite3_total_changes(long_store.store->database);
	for (int i = 0; i < 50; i++)
		fixture_fail(try_second(&long_store, second++), ERROR_SYSTEM,
			     "full");
	assert_int_equal(sqlite3_total_changes(long_store.store->database),
			 changes);
	assert_true(store_pending(long_store.store) >= 5000);
	assert_int_equal(unlink("small/filler"), 0);
	fixture_succeed(try_second(&long_store, second++));
	assert_int_equal(store_pending(long_store.store), 0);
	long_store_close(&long_store, second);
	assert_int_equal(sample_count("small/a.db"), second * 100);
	expect("small/a.db",
	       "SELECT count(*), (max(end_id) - min(start_id)) / 1000000000 "
	       ">= 50 FROM incident WHERE kind = 'storage'",
	       "1,1\n");
	umount2("small", MNT_DETACH);
}

static void test_read_only(void **state)
{
	struct long_store long_store = { 0 };
	int second = 0;

	(void)state;
	mount_small();
	long_store_open(&long_store, "small/a.db", 0);
	run_seconds(&long_store, 0, 5);
	// Files open for writing keep a file system from being read-only, as
	// long as nobody forces it; the next connection meets it.
	store_disconnect(long_store.store);
	assert_int_equal(close(long_store.store->lock_fd), 0);
	long_store.store->lock_fd = -1;
	assert_int_equal(mount(NULL, "small", NULL, MS_REMOUNT | MS_RDONLY,
			       NULL),
			 0);
	for (second = 5; second < 10; second++)
		error_destroy(try_second(&long_store, second));
	assert_int_equal(store_pending(long_store.store), 500);
	assert_int_equal(mount(NULL, "small", NULL, MS_REMOUNT, NULL), 0);
	fixture_succeed(try_second(&long_store, second++));
	long_store_close(&long_store, second);
	assert_int_equal(sample_count("small/a.db"), 1100);
	umount2("small", MNT_DETACH);
}

// Someone reads for minutes in one transaction.
static void test_long_reader(void **state)
{
	struct long_store long_store = { 0 };
	sqlite3 *reader;
	int second = 5;
	struct error *error = NULL;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	run_seconds(&long_store, 0, second);
	long_store.store->log_frames_max = 1000;
	assert_int_equal(sqlite3_open("a.db", &reader), SQLITE_OK);
	fixture_succeed(sql_run(reader, "BEGIN; SELECT count(*) FROM sample"));
	while (!error) {
		assert_true(second < 2000);
		error = try_second(&long_store, second++);
		// As if ten seconds were over.
		if (long_store.store->reader_since_ns > 1)
			long_store.store->reader_since_ns -= 10 * NS_PER_SEC;
		long_store.store->last_commit_ns -= 11 * NS_PER_SEC;
	}
	fixture_fail(error, ERROR_BUSY, "a reader has kept its transaction");
	assert_true(store_log_bytes(long_store.store) < 1400 * 4120);
	assert_true(store_pending(long_store.store) > 0);
	fixture_succeed(sql_run(reader, "COMMIT"));
	fixture_succeed(try_second(&long_store, second++));
	assert_int_equal(store_pending(long_store.store), 0);
	fixture_succeed(try_second(&long_store, second++));
	sqlite3_close(reader);
	long_store_close(&long_store, second);
	assert_int_equal(sample_count("a.db"), second * 100);
	expect("a.db",
	       "SELECT count(*), max(end_id IS NOT NULL) FROM incident "
	       "WHERE kind = 'reader'",
	       "1,1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_damaged_before),
		FIXTURE_TEST(test_damaged_often),
		FIXTURE_TEST(test_foreign_file),
		FIXTURE_TEST(test_damaged_while_writing),
		FIXTURE_TEST(test_deleted),
		FIXTURE_TEST(test_replaced),
		FIXTURE_TEST(test_deleted_with_its_folder),
		FIXTURE_TEST(test_foreign_lock),
		FIXTURE_TEST(test_oldest_are_given_up),
		FIXTURE_TEST(test_full_disk),
		FIXTURE_TEST(test_full_disk_is_awaited),
		FIXTURE_TEST(test_read_only),
		FIXTURE_TEST(test_long_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
