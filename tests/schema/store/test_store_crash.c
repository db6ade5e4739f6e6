// SPDX-License-Identifier: Apache-2.0
// A recorder that is killed, and one whose disk is full.
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "schema/store/store.h"
#include "schema/store/store_state.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

enum { TICK_SAMPLES = 500 };

static int64_t new_stack(struct store *store, uint64_t seed)
{
	int64_t callsite = 0;
	char name[32];

	for (uint64_t depth = 0; depth < 8; depth++) {
		int64_t function;

		snprintf(name, sizeof(name), "f%d", (int)(seed >> depth & 0xff));
		function =
			store_function(store, STORE_PYTHON, name, "f.py", 1, 0);
		callsite = store_callsite(store, 0, callsite,
					  store_frame(store, function,
						      STORE_PROVEN, 1, 0));
	}
	return callsite;
}

static void add_tick(struct store *store, uint64_t tick)
{
	int64_t process = store_process(store, 1, 1, "p");
	int64_t thread = store_thread(store, process, 1, 1, "t");

	for (uint64_t i = 0; i < TICK_SAMPLES; i++) {
		uint64_t number = tick * TICK_SAMPLES + i;
		const struct store_sample sample = {
			.time_ns = FIXTURE_START_NS + number * 1000,
			.weight = FIXTURE_PERIOD_NS,
			.thread_id = thread,
			.callsite_id = new_stack(store, number * 2654435761u),
			.trust = STORE_TRUST_PROVEN,
			.walk_end = "root",
		};

		store_add_sample(store, &sample);
	}
}

static void write_until_killed(_Atomic uint64_t *committed)
{
	struct store *store = fixture_open_store("a.db");

	for (uint64_t tick = 0;; tick++) {
		add_tick(store, tick);
		fixture_succeed(store_commit(store));
		atomic_store(committed, tick + 1);
	}
}

static int64_t number(struct profile *profile, const char *sql)
{
	_cleanup_free_ char *text = fixture_query(profile, sql);

	return strtoll(text, NULL, 10);
}

static void check_whole(struct profile *profile)
{
	fixture_expect(profile, "PRAGMA integrity_check", "ok\n");
	fixture_expect(profile, "PRAGMA foreign_key_check", "");
	fixture_expect(profile,
		       "SELECT (SELECT count(*) FROM sample) = "
		       "(SELECT sum(samples) FROM v_folded), "
		       "(SELECT count(*) FROM sample) = (SELECT "
		       "sum(total_samples) FROM callsite WHERE depth = 0)",
		       "1,1\n");
}

static void kill_after(uint64_t ticks, unsigned int delay_us)
{
	_Atomic uint64_t *committed = mmap(NULL, sizeof(*committed),
					   PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct profile *profile;
	int64_t samples;
	uint64_t promised;
	pid_t child;

	assert_true(committed != MAP_FAILED);
	child = fork();
	if (child == 0) {
		write_until_killed(committed);
		_exit(1);
	}
	while (atomic_load(committed) < ticks)
		usleep(100);
	usleep(delay_us);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	promised = atomic_load(committed) * TICK_SAMPLES;
	munmap(committed, sizeof(*committed));

	profile = fixture_open_profile("a.db");
	samples = number(profile, "SELECT count(*) FROM sample");
	assert_true((uint64_t)samples >= promised);
	assert_true((uint64_t)samples <= promised + TICK_SAMPLES);
	assert_int_equal(samples % TICK_SAMPLES, 0);
	check_whole(profile);
	profile_close(profile);
}

static void test_killed(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 20; i++)
		kill_after(1 + i % 5, i * 317 % 4000);
}

static void limit_files(rlim_t bytes)
{
	const struct rlimit limit = { bytes, RLIM_INFINITY };

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static off_t size_of(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? status.st_size : 0;
}

// The limit on the size of files stands for the disk: write() fails the same
// way, and needs no privilege.
static void test_full_disk(void **state)
{
	struct store *store;
	struct error *error = NULL;
	struct profile *profile;
	uint64_t tick = 0, kept;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	store = fixture_open_store("a.db");
	add_tick(store, tick++);
	fixture_succeed(store_commit(store));
	limit_files((rlim_t)size_of("a.db-wal") + 100000);
	while (!error) {
		add_tick(store, tick++);
		error = store_commit(store);
	}
	fixture_fail(error, ERROR_SYSTEM, "write profile");
	assert_int_equal(store_pending(store), TICK_SAMPLES);
	kept = (tick - 1) * TICK_SAMPLES;

	// What was committed is there for everybody meanwhile.
	profile = fixture_open_profile("a.db");
	assert_int_equal(number(profile, "SELECT count(*) FROM sample"), kept);
	profile_close(profile);

	add_tick(store, tick++);
	error = store_commit(store);
	assert_non_null(error);
	error_destroy(error);
	assert_int_equal(store_pending(store), 2 * TICK_SAMPLES);

	limit_files(RLIM_INFINITY);
	fixture_succeed(store_commit(store));
	assert_int_equal(store_pending(store), 0);
	fixture_succeed(store_close(store, 1));
	profile = fixture_open_profile("a.db");
	assert_int_equal(number(profile, "SELECT count(*) FROM sample"),
			 tick * TICK_SAMPLES);
	check_whole(profile);
	profile_close(profile);
}

static void test_disk_stays_full(void **state)
{
	struct store *store;
	struct error *error;
	struct profile *profile;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	store = fixture_open_store("a.db");
	add_tick(store, 0);
	fixture_succeed(store_commit(store));
	store->pending_max = 1200;
	limit_files(1);
	for (uint64_t tick = 1; tick < 6; tick++) {
		add_tick(store, tick);
		error = store_commit(store);
		assert_non_null(error);
		error_destroy(error);
	}
	assert_in_range(store_pending(store), 1100, 1200);
	error = store_close(store, 1);
	assert_non_null(error);
	error_destroy(error);
	limit_files(RLIM_INFINITY);
	profile = fixture_open_profile("a.db");
	assert_int_equal(number(profile, "SELECT count(*) FROM sample"),
			 TICK_SAMPLES);
	check_whole(profile);
	profile_close(profile);
}

static void test_drops_are_counted(void **state)
{
	struct store *store;
	struct profile *profile;

	(void)state;
	store = fixture_open_store("a.db");
	store->pending_max = 100;
	add_tick(store, 0);
	fixture_succeed(store_close(store, 1));
	profile = fixture_open_profile("a.db");
	fixture_expect(profile,
		       "SELECT value FROM v_health "
		       "WHERE name = 'dropped_by_storage'",
		       "406\n");
	check_whole(profile);
	profile_close(profile);
}

// Somebody's `sqlite3` holds the lock: nothing is lost, the next tick has it.
static void test_locked(void **state)
{
	struct store *store;
	sqlite3 *other;
	struct error *error;

	(void)state;
	store = fixture_open_store("a.db");
	assert_int_equal(sqlite3_open("a.db", &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
			 SQLITE_OK);
	add_tick(store, 0);
	error = store_commit(store);
	fixture_fail(error, ERROR_SYSTEM, "locked");
	assert_int_equal(store_pending(store), TICK_SAMPLES);
	sqlite3_close(other);
	fixture_succeed(store_commit(store));
	fixture_succeed(store_close(store, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_killed),
		FIXTURE_TEST(test_full_disk),
		FIXTURE_TEST(test_disk_stays_full),
		FIXTURE_TEST(test_drops_are_counted),
		FIXTURE_TEST(test_locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
