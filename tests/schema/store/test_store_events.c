// SPDX-License-Identifier: Apache-2.0
// What a store keeps besides samples of one event: other events, labels, locks,
// incidents, clocks and vitals.
#include <stdio.h>

#include "base/clock.h"
#include "schema/store/store_state.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"
#include "tests/schema/long_store.h"

static void expect(const char *sql, const char *expected)
{
	struct profile *profile = fixture_open_profile("a.db");

	fixture_expect(profile, sql, expected);
	profile_close(profile);
}

static void add(struct long_store *long_store, double second,
		const char *function, int64_t event_id, uint64_t weight)
{
	const struct long_place place = {
		.thread = "main",
		.function = function,
		.event_id = event_id,
		.weight = weight,
	};

	long_store_add(long_store, second, &place);
}

static void test_events_apart(void **state)
{
	struct long_store long_store = { 0 };
	int64_t faults, sleeps;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	faults = store_event(long_store.store, "page-faults", "faults", 10);
	sleeps = store_event(long_store.store, "off-cpu", "ns", 1);
	assert_true(faults > 0 && sleeps > 0 && faults != sleeps);
	assert_int_equal(faults, store_event(long_store.store, "page-faults",
					     "faults", 10));
	add(&long_store, 1, "f", 0, FIXTURE_PERIOD_NS);
	add(&long_store, 2, "f", STORE_MAIN_EVENT, FIXTURE_PERIOD_NS);
	add(&long_store, 3, "f", faults, 10);
	add(&long_store, 4, "f", faults, 7);
	add(&long_store, 5, NULL, 0, FIXTURE_PERIOD_NS);
	add(&long_store, 6, NULL, faults, 10);
	add(&long_store, 7, NULL, sleeps, 123456789);
	long_store_close(&long_store, 8);
	expect("SELECT event, function, self_samples, self_ns, self_weight, "
	       "weight_unit FROM v_function ORDER BY 1, 2",
	       "cpu-clock,f,2,20000000,20000000,ns\n"
	       "off-cpu,[no stack],1,123456789,123456789,ns\n"
	       "page-faults,[no stack],1,,10,faults\n"
	       "page-faults,f,2,,17,faults\n");
	expect("SELECT event, stack, samples, time_ns, weight FROM v_folded "
	       "ORDER BY 1, 2",
	       "cpu-clock,[no stack],1,10000000,10000000\n"
	       "cpu-clock,f,2,20000000,20000000\n"
	       "off-cpu,[no stack],1,123456789,123456789\n"
	       "page-faults,[no stack],1,,10\n"
	       "page-faults,f,2,,17\n");
	expect("SELECT event, weight, weight_unit, weight_ns FROM v_sample "
	       "ORDER BY sample_id",
	       "cpu-clock,10000000,ns,10000000\n"
	       "cpu-clock,10000000,ns,10000000\n"
	       "page-faults,10,faults,\n"
	       "page-faults,7,faults,\n"
	       "cpu-clock,10000000,ns,10000000\n"
	       "page-faults,10,faults,\n"
	       "off-cpu,123456789,ns,123456789\n");
}

// A session with another main event: the first row is not it.
static void test_other_main_event(void **state)
{
	struct long_store long_store = { 0 };
	struct store *store;
	char *note = NULL;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	add(&long_store, 1, "f", 0, FIXTURE_PERIOD_NS);
	long_store_close(&long_store, 2);
	long_store_init(&long_store, 10);
	long_store.session.event = "cycles";
	long_store.session.start_monotonic_ns = FIXTURE_START_NS;
	long_store.session.start_wall_ns = FIXTURE_WALL_NS + 10 * NS_PER_SEC;
	long_store.start_ns = FIXTURE_START_NS;
	fixture_succeed(store_continue("a.db", &long_store.session,
				       &long_store.limits, &store, &note));
	long_store.store = store;
	add(&long_store, 11, "f", 0, FIXTURE_PERIOD_NS);
	add(&long_store, 12, NULL, STORE_MAIN_EVENT, FIXTURE_PERIOD_NS);
	long_store_close(&long_store, 13);
	expect("SELECT event, weight FROM v_sample ORDER BY sample_id",
	       "cpu-clock,10000000\ncycles,10000000\ncycles,10000000\n");
}

static void test_too_many_events(void **state)
{
	struct long_store long_store = { 0 };
	char name[32];
	int64_t last = 0;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "e%d", i);
		last = store_event(long_store.store, name, "calls", 1);
		assert_true(last > STORE_MAIN_EVENT);
		add(&long_store, i + 1, "f", last, 1);
	}
	long_store_close(&long_store, 300);
	expect("SELECT event, weight_unit, count(*) FROM v_sample GROUP BY 1 "
	       "HAVING count(*) > 1",
	       "[more events],mixed,138\n");
}

static void test_labels(void **state)
{
	struct long_store long_store = { 0 };
	struct store_process_labels labels = {
		.command_line = "/usr/bin/app --secret \xff",
		.executable = "/usr/bin/app",
		.python_version = "3.12",
		.cgroup = "/system.slice/app.service",
		.unit = "app.service",
		.user = "alice",
		.uid = 1000,
	};
	int64_t process;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	add(&long_store, 1, "f", 0, 1);
	process = store_process(long_store.store, 100, 7, "app");
	store_label_process(long_store.store, process, &labels);
	fixture_succeed(store_commit(long_store.store));
	// Later more is known; what is not is left as it was.
	labels = (struct store_process_labels){
		.container = NULL,
		.executable = "/usr/bin/app2",
		.uid = -1,
	};
	store_label_process(long_store.store, process, &labels);
	long_store_close(&long_store, 2);
	expect("SELECT command_line, executable, python_version, user, uid, "
	       "cgroup, container, unit FROM v_sample",
	       "/usr/bin/app --secret \xef\xbf\xbd,/usr/bin/app2,3.12,alice,"
	       "1000,/system.slice/app.service,,app.service\n");
	expect("SELECT process, unit, user FROM v_process",
	       "app,app.service,alice\n");
}

static void test_gil(void **state)
{
	struct long_store long_store = { 0 };
	struct store_sample sample = {
		.weight = FIXTURE_PERIOD_NS,
		.gil = STORE_GIL_HELD,
		.walk_end = "root",
	};
	int64_t process, holder, waiter;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	process = store_process(long_store.store, 1, 1, "p");
	holder = store_thread(long_store.store, process, 1, 1, "holder");
	waiter = store_thread(long_store.store, process, 2, 1, "waiter");
	for (int i = 0; i < 40; i++) {
		bool waits = i % 2;

		sample.time_ns = long_store_time(&long_store, i + 1);
		sample.thread_id = waits ? waiter : holder;
		sample.gil = waits ? STORE_GIL_WAITING : STORE_GIL_HELD;
		sample.gil_holder_thread_id = waits ? holder : 0;
		store_add_sample(long_store.store, &sample);
	}
	long_store_close(&long_store, 50);
	expect("SELECT s.thread, s.gil, holder.name, count(*) FROM v_sample s "
	       "LEFT JOIN thread holder ON holder.id = s.gil_holder_thread_id "
	       "GROUP BY 1, 2, 3",
	       "holder,held,,20\nwaiter,waiting,holder,20\n");
	expect("SELECT name, value FROM v_health WHERE name LIKE 'gil%'",
	       "gil_held,20\ngil_waiting,20\n");
}

static void test_incidents(void **state)
{
	struct long_store long_store = { 0 };
	struct store *store;
	int64_t id;

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	store = long_store.store;
	id = store_incident(store, "rate", long_store_time(&long_store, 1), 0,
			    "99 Hz, then 49");
	assert_int_equal(id, store_incident(store, "rate",
					    long_store_time(&long_store, 2), 0,
					    "99 Hz, then 49"));
	// What comes back within seconds goes on.
	for (int i = 0; i < 50; i++) {
		store_incident(store, "lost", long_store_time(&long_store, i),
			       long_store_time(&long_store, i + 0.5), "some");
		fixture_succeed(store_commit(store));
	}
	store_incident(store, "lost", long_store_time(&long_store, 80),
		       long_store_time(&long_store, 81), "some");
	store_end_incident(store, id, long_store_time(&long_store, 90));
	long_store_close(&long_store, 100);
	expect("SELECT kind, wall_ns - 1700000000000000000, end_wall_ns - "
	       "1700000000000000000, seconds, detail FROM v_incident ORDER BY "
	       "start_id, 1",
	       "lost,0,49500000000,49.5,some\n"
	       "rate,1000000000,90000000000,89.0,99 Hz, then 49\n"
	       "lost,80000000000,81000000000,1.0,some\n");
}

// What counts something is never one with what counted as many.
static void test_told(void **state)
{
	struct long_store long_store = { 0 };

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	for (int i = 0; i < 3; i++)
		store_tell(long_store.store, "lost",
			   long_store_time(&long_store, i),
			   long_store_time(&long_store, i + 0.5), "7 records");
	long_store_close(&long_store, 10);
	expect("SELECT kind, seconds, detail FROM v_incident",
	       "lost,0.5,7 records\nlost,0.5,7 records\nlost,0.5,7 records\n");
}

// Steps of an hour to and fro: the order of samples is kept, and each has the
// wall time of its moment.
static void test_clock_steps(void **state)
{
	struct long_store long_store = { 0 };

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	for (int i = 1; i <= 1000; i++) {
		uint64_t wall = FIXTURE_WALL_NS + (uint64_t)i * NS_PER_SEC +
				(i % 2 ? 3600 * NS_PER_SEC : 0);

		store_clock(long_store.store, long_store_time(&long_store, i),
			    wall, i % 2 ? "step" : "suspend");
		add(&long_store, i + 0.5, "f", 0, 1);
		if (i % 300 == 0)
			fixture_succeed(store_commit(long_store.store));
	}
	long_store_close(&long_store, 1001);
	expect("SELECT count(*), count(DISTINCT time_ns), sum(wall_ns = "
	       "1700000000500000000 + time_ns / 1000000000 * 1000000000 - "
	       "5000000000 + (time_ns / 1000000000 - 5) % 2 * 3600000000000) "
	       "FROM v_sample",
	       "1000,1000,1000\n");
	expect("SELECT max(sample_id) FROM v_sample", "1000500000000\n");
}

static void test_vitals(void **state)
{
	struct long_store long_store = { 0 };
	struct store_vitals vitals = {
		.samples = 1,
		.proven = 2,
		.unproven = 3,
		.lost = 4,
		.lost_records = 10,
		.dropped = 5,
		.frequency_hz = 99,
		.own_cpu_ns = 6,
		.own_memory_bytes = 7,
		.processes = 8,
		.threads = 9,
	};

	(void)state;
	long_store_open(&long_store, "a.db", 0);
	vitals.monotonic_ns = long_store_time(&long_store, 10);
	store_add_vitals(long_store.store, &vitals);
	long_store_close(&long_store, 20);
	expect("SELECT wall_ns, samples, proven, unproven, lost, dropped, "
	       "frequency_hz, own_cpu_ns, own_memory_bytes, processes, "
	       "threads, store_bytes > 4096, lost_records FROM v_vitals",
	       "1700000010000000000,1,2,3,4,5,99,6,7,8,9,1,10\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_events_apart),
		FIXTURE_TEST(test_other_main_event),
		FIXTURE_TEST(test_too_many_events),
		FIXTURE_TEST(test_labels),
		FIXTURE_TEST(test_gil),
		FIXTURE_TEST(test_incidents),
		FIXTURE_TEST(test_clock_steps),
		FIXTURE_TEST(test_vitals),
		FIXTURE_TEST(test_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
