// SPDX-License-Identifier: Apache-2.0
// A store that goes on: sessions, eras, what other files at its path do to it.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "schema/profile_file.h"
#include "schema/sql.h"
#include "schema/store/store_lock.h"
#include "schema/store/store_state.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"
#include "tests/schema/long_store.h"

static void expect_file(const char *path, const char *sql, const char *expected)
{
	struct profile *profile = fixture_open_profile(path);

	fixture_expect(profile, sql, expected);
	profile_close(profile);
}

static void test_new(void **state)
{
	struct long_store long_store = { 0 };

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	long_store_sample(&long_store, 1.0, "f", 1);
	long_store_close(&long_store, 2.0);
	expect_file("a.db",
		    "SELECT time_ns, wall_ns, process, thread, event, weight "
		    "FROM v_sample",
		    "6000000000,1700000001000000000,app,main,cpu-clock,"
		    "10000000\n");
	expect_file("a.db",
		    "SELECT id, end_id, start_id, length(boot_id) FROM session",
		    "1,2000000000,0,36\n");
	expect_file("a.db", "PRAGMA auto_vacuum", "2\n");
	expect_file("a.db", "SELECT id, session_id, start_id FROM era",
		    "1,1,0\n");
}

// The second session is an hour later by the wall clock, and its host started
// anew meanwhile.
static void test_restart(void **state)
{
	struct long_store long_store = { 0 };

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	long_store_sample(&long_store, 1.0, "f", 1);
	long_store_close(&long_store, 2.0);
	long_store.start_ns = 77;
	long_store_open(&long_store, "a.db", 3600);
	long_store_sample(&long_store, 3601.0, "f", 1);
	long_store_sample(&long_store, 3602.0, "g", 1);
	long_store_close(&long_store, 3603.0);
	expect_file("a.db",
		    "SELECT sample_id, time_ns, wall_ns, session_id, stack "
		    "FROM v_sample JOIN (SELECT callsite_id, "
		    "group_concat(function) AS stack FROM v_frame_of_callsite "
		    "GROUP BY 1) USING (callsite_id) ORDER BY 1",
		    "1000000000,6000000000,1700000001000000000,1,f\n"
		    "3601000000000,1000000077,1700003601000000000,2,f\n"
		    "3602000000000,2000000077,1700003602000000000,2,g\n");
	// Names are the same rows, places are not.
	expect_file("a.db", "SELECT count(*), max(id) FROM function", "2,2\n");
	expect_file("a.db", "SELECT count(*), max(id) FROM frame", "3,3\n");
	expect_file("a.db", "SELECT count(*) FROM event", "1\n");
	expect_file("a.db",
		    "SELECT kind, start_id, end_id FROM incident",
		    "off,2000000000,3600000000000\n");
	expect_file("a.db", "SELECT value FROM v_health WHERE name = 'samples'",
		    "2\n");
	expect_file("a.db", "SELECT first_callsite_id FROM era", "1\n2\n");
}

// A wall clock that went back, as on a board without a battery.
static void test_wall_goes_back(void **state)
{
	struct long_store long_store = { 0 };

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	long_store_sample(&long_store, 1.0, "f", 1);
	long_store_close(&long_store, 2.0);
	long_store_open(&long_store, "a.db", -50000);
	long_store_sample(&long_store, -49999.0, "f", 1);
	long_store_close(&long_store, -49998.0);
	expect_file("a.db", "SELECT sample_id, wall_ns FROM v_sample",
		    "1000000000,1700000001000000000\n"
		    "3000000001,1699950001000000000\n");
}

// Locks the file for longer than a commit would wait; says when it has.
static void lock_for_a_while(const char *path, int said)
{
	sqlite3 *database;

	if (sqlite3_open(path, &database) ||
	    sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL))
		_exit(1);
	if (write(said, "1", 1) != 1)
		_exit(1);
	usleep(300000);
	_exit(0);
}

static void test_locked_at_the_start(void **state)
{
	struct long_store long_store = { 0 };
	int pipe_fds[2], status;
	char byte;
	pid_t pid;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	long_store_sample(&long_store, 1.0, "f", 1);
	long_store_close(&long_store, 2.0);
	assert_int_equal(pipe(pipe_fds), 0);
	pid = fork();
	if (pid == 0)
		lock_for_a_while("a.db", pipe_fds[1]);
	close(pipe_fds[1]);
	assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
	long_store_open(&long_store, "a.db", 60);
	long_store_close(&long_store, 61);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(pipe_fds[0]);
}

static void test_killed(void **state)
{
	struct long_store long_store = { 0 };

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	long_store_sample(&long_store, 1.0, "f", 1);
	store_incident(long_store.store, "rate", FIXTURE_START_NS, 0, "slow");
	fixture_succeed(store_commit(long_store.store));
	store_destroy(long_store.store);
	long_store_open(&long_store, "a.db", 60);
	long_store_close(&long_store, 61);
	expect_file("a.db", "SELECT id, end_id FROM session",
		    "1,\n2,61000000000\n");
	expect_file("a.db", "SELECT kind, start_id, end_id FROM incident "
			    "ORDER BY id",
		    "rate,0,1000000000\noff,1000000000,60000000000\n");
}

static void test_second_writer(void **state)
{
	struct long_store long_store = { 0 };
	struct store *second;
	char *note = NULL;
	pid_t holder;
	char pid[32];

	(void)state;
	fixture_succeed(store_lock_holder("a.db", &holder));
	assert_int_equal(holder, 0);
	long_store_open(&long_store, "a.db", 0);
	fixture_succeed(store_lock_holder("a.db", &holder));
	assert_int_equal(holder, getpid());
	// Also when the file was taken away.
	assert_int_equal(unlink("a.db"), 0);
	snprintf(pid, sizeof(pid), "process %d is writing it", (int)getpid());
	fixture_fail(store_continue("a.db", &long_store.session,
				    &long_store.limits, &second, &note),
		     ERROR_BUSY, pid);
	store_destroy(long_store.store);
	fixture_succeed(store_lock_holder("a.db", &holder));
	assert_int_equal(holder, 0);
	long_store_open(&long_store, "a.db", 0);
	long_store_close(&long_store, 1);
}

// Its log holds what it holds, and is nobody else's to make or to read.
static void test_modes(void **state)
{
	static const char *const names[] = { "a.db-wal", "a.db-shm" };
	struct long_store long_store = { 0 };
	struct stat status;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	long_store_close(&long_store, 1);
	assert_int_equal(chmod("a.db", 0600), 0);
	assert_int_not_equal(access("a.db-wal", F_OK), 0);
	long_store_open(&long_store, "a.db", 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(stat(names[i], &status), 0);
		assert_int_equal(status.st_mode & 0777, 0600);
	}
	long_store_close(&long_store, 3);
}

static void copy_data(const char *name, const char *to)
{
	char *command = NULL;

	assert_true(asprintf(&command, "cp '%s/%s' %s", SCHEMA_DATA, name,
			     to) > 0);
	assert_int_equal(system(command), 0);
	free(command);
}

// A store of before rollups had threads that stand for several.
static void check_version_4(void)
{
	struct long_store long_store = { 0 };

	copy_data("version_4.db", "a.db");
	{
		_cleanup_database_ sqlite3 *database = NULL;

		assert_int_equal(sqlite3_open("a.db", &database), SQLITE_OK);
		fixture_succeed(sql_run(database, "INSERT INTO vitals VALUES "
					"(9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0)"));
	}
	long_store_open(&long_store, "a.db", 1400);
	for (int second = 1400; second < 1450; second++) {
		long_store_sample(&long_store, second, "f", 1);
		fixture_succeed(store_commit(long_store.store));
	}
	long_store_close(&long_store, 1450);
	expect_file("a.db", "SELECT session_id, count(*) FROM v_sample "
			    "GROUP BY 1",
		    "1,650\n2,50\n");
	// What it did not count is not known.
	expect_file("a.db",
		    "SELECT lost, lost_records IS NULL FROM v_vitals",
		    "4,1\n");
	expect_file("a.db", "SELECT sum(samples), max(threads) FROM rollup_10s",
		    "680,\n");
	expect_file("a.db", "PRAGMA integrity_check", "ok\n");
	expect_file("a.db", "PRAGMA foreign_key_check", "");
}

static void check_migrated(const char *name)
{
	struct long_store long_store = { 0 };
	int64_t age;

	copy_data(name, "a.db");
	// The samples are of when the file was made.
	{
		_cleanup_database_ sqlite3 *database = NULL;

		assert_int_equal(sqlite3_open("a.db", &database), SQLITE_OK);
		fixture_succeed(sql_integer(
			database, "SELECT start_wall_ns FROM session", &age));
	}
	long_store_open(&long_store, "a.db",
			(age - (int64_t)FIXTURE_WALL_NS) / 1e9 + 60);
	long_store_sample(&long_store, long_store.start + 1, "f", 1);
	long_store_close(&long_store, long_store.start + 2);
	expect_file("a.db",
		    "SELECT session_id, count(*), sum(weight) FROM v_sample "
		    "GROUP BY 1",
		    "1,34,343434340\n2,1,10000000\n");
	expect_file("a.db", "SELECT sum(samples) FROM v_folded WHERE stack "
			    "LIKE '%;builtin_sorted;%'",
		    "24\n");
	expect_file("a.db", "PRAGMA auto_vacuum", "2\n");
	expect_file("a.db", "PRAGMA integrity_check", "ok\n");
	expect_file("a.db", "PRAGMA foreign_key_check", "");
	assert_int_equal(unlink("a.db"), 0);
}

static void test_older_versions(void **state)
{
	(void)state;
	check_migrated("version_1.db");
	check_migrated("version_2.db");
	check_version_4();
}

static void test_newer_version(void **state)
{
	struct long_store long_store = { 0 };
	struct store *store;
	char *note = NULL;

	(void)state;
	fixture_make("a.db");
	{
		_cleanup_database_ sqlite3 *database = NULL;

		assert_int_equal(sqlite3_open("a.db", &database), SQLITE_OK);
		fixture_succeed(sql_run(database, "PRAGMA user_version = 99"));
	}
	long_store_init(&long_store, 0);
	fixture_fail(store_continue("a.db", &long_store.session,
				    &long_store.limits, &store, &note),
		     ERROR_UNSUPPORTED, "it has schema 99");
}

// Has the lock until its parent has gone or says so; tells when.
static pid_t start_writer(int fds[2])
{
	bool existed;
	char byte;
	pid_t pid;
	int fd;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	pid = fork();
	if (pid)
		return read(fds[0], &byte, 1) == 1 ? pid : -1;
	close(fds[0]);
	if (!store_lock_take("a.db", 0, &fd, &existed))
		(void)!write(fds[1], "", 1);
	(void)!read(fds[1], &byte, 1);
	_exit(0);
}

// A writer of which the kernel keeps something that will never write: its lock is
// nobody's, for who knows that, and nobody else's.
static void test_lock_of_the_ended(void **state)
{
	int fds[2], fd, other;
	pid_t writer, holder;
	bool existed;

	(void)state;
	writer = start_writer(fds);
	assert_true(writer > 0);
	fixture_fail(store_lock_take("a.db", 0, &fd, &existed), ERROR_BUSY,
		     "is writing it");
	fixture_fail(store_lock_take("a.db", getpid(), &fd, &existed),
		     ERROR_BUSY, "is writing it");
	fixture_succeed(store_lock_take("a.db", writer, &fd, &existed));
	assert_true(existed);
	fixture_succeed(store_lock_holder("a.db", &holder));
	assert_int_equal(holder, getpid());
	fixture_fail(store_lock_take("a.db", writer, &other, &existed),
		     ERROR_BUSY, "is writing it");
	close(fds[0]);
	close(fds[1]);
	waitpid(writer, NULL, 0);
	fixture_fail(store_lock_take("a.db", 0, &other, &existed), ERROR_BUSY,
		     "is writing it");
	close(fd);
	fixture_succeed(store_lock_take("a.db", 0, &other, &existed));
	close(other);
}

// A restart follows on a kill at once: the kernel may not be done with it.
static void test_lock_of_the_dying(void **state)
{
	int fds[2], fd;
	pid_t writer, killer;
	bool existed;

	(void)state;
	writer = start_writer(fds);
	assert_true(writer > 0);
	killer = fork();
	if (!killer) {
		poll(NULL, 0, 50);
		kill(writer, SIGKILL);
		_exit(0);
	}
	fixture_succeed(store_lock_take("a.db", 0, &fd, &existed));
	close(fd);
	close(fds[0]);
	close(fds[1]);
	waitpid(writer, NULL, 0);
	waitpid(killer, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_new),
		FIXTURE_TEST(test_restart),
		FIXTURE_TEST(test_wall_goes_back),
		FIXTURE_TEST(test_locked_at_the_start),
		FIXTURE_TEST(test_lock_of_the_ended),
		FIXTURE_TEST(test_lock_of_the_dying),
		FIXTURE_TEST(test_killed),
		FIXTURE_TEST(test_second_writer),
		FIXTURE_TEST(test_modes),
		FIXTURE_TEST(test_older_versions),
		FIXTURE_TEST(test_newer_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
