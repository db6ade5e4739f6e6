// SPDX-License-Identifier: Apache-2.0
// A store that goes on, whose writer is killed at any instant, again and again:
// nothing that was committed is lost. BRINDLE_KILLS says how often.
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "schema/sql.h"
#include "schema/store/store_state.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"
#include "tests/schema/long_store.h"

enum {
	TICK_SAMPLES = 40,
	LIFE_SECONDS = 2000, // of store time, for each writer
	DELAY_US_MAX = 40000,
	WHOLE_CHECK_EVERY = 25,
};

#if defined(__SANITIZE_ADDRESS__)
enum { KILLS = 30, OPEN_MS_MAX = 3000 };
#else
enum { KILLS = 200, OPEN_MS_MAX = 300 };
#endif

// What a writer tells before it dies.
struct promise {
	_Atomic uint64_t committed; // ticks
	_Atomic uint64_t open_ns;   // how long opening took
};

static void add_tick(struct long_store *long_store, double second)
{
	char name[32];
	struct long_place place = {
		.thread = "main",
		.function = name,
		.depth = 5,
		.weight = FIXTURE_PERIOD_NS,
	};

	for (int i = 0; i < TICK_SAMPLES; i++) {
		snprintf(name, sizeof(name), "f%d",
			 ((int)second * 7 + i) % 400);
		long_store_add(long_store, second + i * 0.02, &place);
	}
}

static void write_until_killed(int life, struct promise *promise)
{
	struct long_store long_store = { 0 };
	uint64_t start_ns = monotonic_ns();
	double start = life * (double)LIFE_SECONDS;

	long_store_open(&long_store, "a.db", start);
	atomic_store(&promise->open_ns, monotonic_ns() - start_ns);
	// Everything but the samples is pruned all the time.
	long_store.limits.sample_seconds = 1000000000;
	long_store.limits.rollup_10s_seconds = 30;
	long_store.limits.rollup_10min_seconds = 700;
	store_set_limits(long_store.store, &long_store.limits);
	long_store.store->era_rows_max = 150;
	long_store.store->era_callsites_max = 150;
	for (int tick = 0; tick < LIFE_SECONDS; tick++) {
		add_tick(&long_store, start + tick);
		fixture_succeed(store_commit(long_store.store));
		atomic_store(&promise->committed, (uint64_t)tick + 1);
	}
}

static int64_t number(struct profile *profile, const char *sql)
{
	_cleanup_free_ char *text = fixture_query(profile, sql);

	return strtoll(text, NULL, 10);
}

static int64_t samples_of_life(struct profile *profile, int life)
{
	_cleanup_free_ char *sql = NULL;

	assert_true(asprintf(&sql,
			     "SELECT count(*) FROM sample WHERE id >= %d * "
			     "1000000000 AND id < %d * 1000000000",
			     life * LIFE_SECONDS,
			     (life + 1) * LIFE_SECONDS) > 0);
	return number(profile, sql);
}

static void check_whole(struct profile *profile)
{
	fixture_expect(profile, "PRAGMA integrity_check", "ok\n");
	fixture_expect(profile,
		       "SELECT count(*) FROM pragma_foreign_key_check WHERE "
		       "\"table\" NOT IN ('sample', 'rollup_10s', "
		       "'rollup_10min')",
		       "0\n");
	fixture_expect(profile,
		       "SELECT row_count = (SELECT count(*) FROM sample) "
		       "FROM level WHERE name = 'sample'",
		       "1\n");
	// Each ten seconds that are rolled up and kept are those of the samples.
	fixture_expect(profile,
		       "WITH span(at, samples) AS (SELECT id >> 20, "
		       "sum(samples) FROM rollup_10s WHERE id >> 20 < (SELECT "
		       "done_id / 1000000000 FROM level WHERE name = "
		       "'rollup_10s') AND id >> 20 >= (SELECT kept_id / "
		       "1000000000 FROM level WHERE name = 'rollup_10s') "
		       "GROUP BY 1) SELECT count(*) FROM span WHERE samples <> "
		       "(SELECT count(*) FROM sample WHERE sample.id >= at * "
		       "1000000000 AND sample.id < (at + 10) * 1000000000)",
		       "0\n");
}

static void check(int life, const struct promise *promise, int64_t *total)
{
	struct profile *profile = fixture_open_profile("a.db");
	uint64_t promised = atomic_load(&promise->committed) * TICK_SAMPLES;
	int64_t samples = samples_of_life(profile, life);

	assert_in_range(samples, promised, promised + TICK_SAMPLES);
	assert_int_equal(samples % TICK_SAMPLES, 0);
	*total += samples;
	if (life % WHOLE_CHECK_EVERY == 0) {
		assert_int_equal(number(profile, "SELECT count(*) FROM sample"),
				 *total);
		check_whole(profile);
	}
	profile_close(profile);
}

static void live_and_die(int life, struct promise *promise)
{
	unsigned int delay = (unsigned int)life * 7919u % DELAY_US_MAX;
	pid_t child = fork();

	if (child == 0) {
		write_until_killed(life, promise);
		_exit(1);
	}
	// The first one makes the file, which is looked at below.
	while (life == 0 && !atomic_load(&promise->committed))
		usleep(100);
	usleep(delay);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static int kills_wanted(void)
{
	const char *text = getenv("BRINDLE_KILLS");

	return text ? atoi(text) : KILLS;
}

static void test_killed(void **state)
{
	struct promise *promise = mmap(NULL, sizeof(*promise),
				       PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int kills = kills_wanted(), slow = 0;
	int64_t total = 0;

	(void)state;
	assert_true(promise != MAP_FAILED);
	for (int life = 0; life < kills; life++) {
		atomic_store(&promise->committed, 0);
		live_and_die(life, promise);
		check(life, promise, &total);
		slow += atomic_load(&promise->open_ns) >
			OPEN_MS_MAX * NS_PER_MS;
	}
	print_message("%d writers killed, %lld samples kept\n", kills,
		      (long long)total);
	// The machine may be busy with something else now and then.
	assert_in_range(slow, 0, kills / 20);
	munmap(promise, sizeof(*promise));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
