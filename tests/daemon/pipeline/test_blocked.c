// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/blocked.h"

#include "base/clock.h"
#include "daemon/process/opener.h"
#include "tests/cmocka.h"
#include "tests/schema/fixture.h"

#include <stdlib.h>

enum { TID = 77, OTHER = 78 };

#define START FIXTURE_START_NS
#define AT(ms) (START + (ms) * NS_PER_MS)

struct world {
	struct store *store;
	struct accounting accounting;
	struct blocked blocked;
	struct store_sample row;
	void *folder;
	struct opener opener;
	uint64_t switches; /* what the kernel says of the thread */
	bool runs;
	unsigned int looks;
};

static ssize_t status_text(void *state, enum opener_text which, pid_t pid,
			   pid_t tid, char *ret, size_t size)
{
	struct world *world = state;

	assert_int_equal(which, OPENER_TEXT_STATUS);
	assert_int_equal(pid, tid);
	world->looks++;
	return snprintf(ret, size, "Name:\twaiter\nState:\t%s\n"
			"voluntary_ctxt_switches:\t%llu\n"
			"nonvoluntary_ctxt_switches:\t7\n",
			world->runs ? "R (running)" : "S (sleeping)",
			(unsigned long long)world->switches);
}

static const struct opener_ops status_ops = { .text = status_text };

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	int64_t process;

	if (!world || fixture_enter_folder(&world->folder) < 0)
		return -1;
	world->store = fixture_open_store("x.db");
	process = store_process(world->store, TID, START, "waiter");
	world->row = (struct store_sample){
		.event_id = store_event(world->store, "off-cpu", "ns", 1),
		.thread_id = store_thread(world->store, process, TID, START,
					  "waiter"),
		.trust = STORE_TRUST_NATIVE,
		.walk_end = "root",
	};
	world->opener = (struct opener){ .ops = &status_ops, .state = world };
	blocked_init(&world->blocked, &world->opener, world->store,
		     &world->accounting);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	void *folder = world->folder;

	blocked_deinit(&world->blocked);
	store_destroy(world->store);
	free(world);
	return fixture_leave_folder(&folder);
}

static struct perf_record record_at(uint32_t type, uint32_t tid,
				    uint64_t time_ns)
{
	return (struct perf_record){ .type = type, .pid = tid, .tid = tid,
				     .time_ns = time_ns };
}

static struct blocked_wait *begin(struct world *world, uint32_t tid,
				  uint64_t time_ns)
{
	struct perf_record record =
		record_at(PERF_RECORD_SAMPLE, tid, time_ns);

	world->accounting.delivered++;
	return blocked_begin(&world->blocked, &record);
}

static void settle(struct world *world, struct blocked_wait *wait)
{
	struct store_sample row = world->row;

	row.time_ns = wait->start_ns;
	blocked_settle(&world->blocked, wait, &row);
}

static void switches(struct world *world, uint32_t tid, uint64_t time_ns,
		     bool out, bool preempted)
{
	struct perf_record record =
		record_at(PERF_RECORD_SWITCH, tid, time_ns);

	record.switched.out = out;
	record.switched.preempted = preempted;
	blocked_take_record(&world->blocked, &record);
}

// Sampled as it goes, and settled.
static struct blocked_wait *goes(struct world *world, uint64_t time_ns)
{
	struct blocked_wait *wait = begin(world, TID, time_ns);

	switches(world, TID, time_ns + 1000, true, false);
	settle(world, wait);
	return wait;
}

static void comes(struct world *world, uint64_t time_ns)
{
	switches(world, TID, time_ns, false, false);
}

static void expect(struct world *world, const char *sql, const char *expected)
{
	struct profile *profile;

	fixture_succeed(store_close(world->store, AT(1000000)));
	world->store = NULL;
	profile = fixture_open_profile("x.db");
	fixture_expect(profile, sql, expected);
	profile_close(profile);
}

#define ROWS "SELECT time_ns / 1000000 - 5000, weight / 1000000 FROM v_sample"

static void a_wait_lasts_until_it_is_switched_in(void **state)
{
	struct world *world = *state;

	goes(world, AT(10));
	switches(world, OTHER, AT(20), false, false);
	comes(world, AT(35));
	assert_int_equal(accounting_waiting(&world->accounting), 0);
	assert_int_equal(world->accounting.fate[SAMPLE_STORED], 1);
	expect(world, ROWS, "10,25\n");
}

static void the_end_may_come_before_the_stack_is_known(void **state)
{
	struct world *world = *state;
	struct blocked_wait *wait = begin(world, TID, AT(10));

	comes(world, AT(11));
	assert_int_equal(accounting_waiting(&world->accounting), 1);
	settle(world, wait);
	assert_int_equal(accounting_waiting(&world->accounting), 0);
	expect(world, ROWS, "10,1\n");
}

/** Ten waits of 5 ms each, two of them sampled. */
static void a_sample_stands_for_those_before_it(void **state)
{
	struct world *world = *state;

	for (unsigned int i = 0; i < 10; i++) {
		uint64_t at = AT(10 * i);

		if (i % 5 == 4)
			goes(world, at);
		else
			switches(world, TID, at, true, false);
		comes(world, at + 5 * NS_PER_MS);
	}
	expect(world, "SELECT time_ns / 1000000 - 5000, weight / 1000000, every "
	       "FROM v_sample", "40,25,5\n90,25,5\n");
}

static void nobody_waits_longer_than_the_time_that_passed(void **state)
{
	struct world *world = *state;

	for (unsigned int i = 0; i < 100; i++) {
		switches(world, TID, AT(i), true, false);
		comes(world, AT(i) + 1000);
	}
	goes(world, AT(100));
	comes(world, AT(150));
	expect(world, ROWS, "100,50\n");
}

/** 90 ms in nine short waits and 100 in one: whichever is sampled. */
static void what_a_short_wait_left_goes_to_a_long_one(void **state)
{
	struct world *world = *state;

	for (unsigned int i = 0; i < 2; i++) {
		uint64_t at = AT(1000 * i);

		switches(world, TID, at, true, false); // the long one
		comes(world, at + 100 * NS_PER_MS);
		for (unsigned int j = 0; j < 9; j++) {
			at += (j ? 50 : 150) * NS_PER_MS;
			if (j < 8)
				switches(world, TID, at, true, false);
			else
				goes(world, at);
			comes(world, at + 10 * NS_PER_MS);
		}
	}
	for (unsigned int i = 0; i < 4; i++) {
		switches(world, TID, AT(2900 + 2 * i), true, false);
		comes(world, AT(2901 + 2 * i));
	}
	goes(world, AT(3000));
	comes(world, AT(3100));
	// In all 484 ms; five times 100 would be too much of it.
	expect(world, ROWS, "550,100\n1550,100\n3000,284\n");
}

static void unrecorded_switches_count_as_others_do(void **state)
{
	struct world *world = *state;

	world->blocked.scale = 3 * 1024;
	goes(world, AT(900));
	comes(world, AT(910));
	expect(world, ROWS, "900,30\n");
}

static void a_long_wait_is_told_in_pieces(void **state)
{
	struct world *world = *state;

	goes(world, AT(0));
	blocked_store_pieces(&world->blocked, AT(9999));
	assert_int_equal(world->blocked.pieces, 0);
	blocked_store_pieces(&world->blocked, AT(10001));
	blocked_store_pieces(&world->blocked, AT(10002));
	blocked_store_pieces(&world->blocked, AT(30001));
	comes(world, AT(33000));
	assert_int_equal(world->blocked.pieces, 2);
	assert_int_equal(world->accounting.fate[SAMPLE_STORED], 1);
	expect(world, ROWS, "0,10000\n10000,20000\n30000,3000\n");
}

static void the_end_keeps_what_has_passed(void **state)
{
	struct world *world = *state;

	goes(world, AT(10));
	blocked_finish(&world->blocked, AT(110));
	comes(world, AT(500));
	expect(world, ROWS, "10,100\n");
}

static void off(struct world *world, uint64_t time_ns)
{
	blocked_before_gap(&world->blocked, time_ns - 1000);
	blocked_begin_gap(&world->blocked, time_ns);
}

static void a_wait_is_followed_over_gaps(void **state)
{
	struct world *world = *state;

	goes(world, AT(10));
	off(world, AT(20));
	blocked_end_gap(&world->blocked, AT(400));
	off(world, AT(420));
	blocked_end_gap(&world->blocked, AT(800));
	comes(world, AT(810));
	assert_int_equal(world->blocked.followed, 1);
	assert_int_equal(world->blocked.unknown_ns, 0);
	expect(world, ROWS, "10,800\n");
}

/** It went on when nobody looked: until the last look it waited. */
static void an_end_in_a_gap_is_not_known(void **state)
{
	struct world *world = *state;

	goes(world, AT(10));
	off(world, AT(20));
	blocked_end_gap(&world->blocked, AT(400));
	off(world, AT(420));
	world->switches++; // ran, and waits again
	blocked_end_gap(&world->blocked, AT(800));
	comes(world, AT(810));
	assert_int_equal(world->blocked.ended_unseen, 1);
	assert_int_equal(world->blocked.unknown_ns, 380 * NS_PER_MS);
	assert_int_equal(accounting_waiting(&world->accounting), 0);
	expect(world, ROWS, "10,410\n");
}

/** Woken in a gap, and not on a CPU yet: its switch-in is to come. */
static void who_is_about_to_run_is_seen_to(void **state)
{
	struct world *world = *state;

	goes(world, AT(10));
	off(world, AT(20));
	world->runs = true;
	blocked_end_gap(&world->blocked, AT(400));
	comes(world, AT(401));
	goes(world, AT(500));
	off(world, AT(510));
	blocked_end_gap(&world->blocked, AT(600));
	switches(world, TID, AT(601), true, false); // it did run already
	expect(world, ROWS, "10,391\n500,10\n");
}

/** Who still runs when the next gap comes has done so since the first. */
static void who_runs_all_the_while_does_not_wait(void **state)
{
	struct world *world = *state;

	goes(world, AT(10));
	off(world, AT(20));
	world->runs = true;
	blocked_end_gap(&world->blocked, AT(400));
	off(world, AT(420));
	assert_int_equal(accounting_waiting(&world->accounting), 0);
	expect(world, ROWS, "10,10\n");
}

/** One that began too late to be asked about leaves its share to the next. */
static void a_wait_that_is_cut_stands_for_itself(void **state)
{
	struct world *world = *state;

	for (unsigned int i = 0; i < 4; i++) {
		switches(world, TID, AT(10 * i), true, false);
		comes(world, AT(10 * i + 5));
	}
	blocked_before_gap(&world->blocked, AT(40));
	goes(world, AT(41));
	blocked_begin_gap(&world->blocked, AT(42));
	assert_int_equal(world->blocked.cut, 1);
	blocked_end_gap(&world->blocked, AT(100));
	goes(world, AT(110));
	comes(world, AT(115));
	expect(world, "SELECT time_ns / 1000000 - 5000, weight / 1000000, every "
	       "FROM v_sample", "41,1,\n110,25,6\n");
}

static void pieces_tell_what_is_known(void **state)
{
	struct world *world = *state;

	goes(world, AT(0));
	off(world, AT(9000));
	blocked_store_pieces(&world->blocked, AT(12000));
	assert_int_equal(world->blocked.pieces, 0);
	world->switches++;
	blocked_end_gap(&world->blocked, AT(13000));
	blocked_store_pieces(&world->blocked, AT(14000));
	expect(world, ROWS, "0,9000\n");
}

/** However many wait, and however long: looks are few. */
static void looks_are_bounded(void **state)
{
	struct world *world = *state;

	for (uint32_t i = 1; i <= 1000; i++)
		settle(world, begin(world, 1000 + i, AT(1)));
	for (unsigned int i = 0; i < 50; i++) {
		off(world, AT(20 * i + 10));
		blocked_end_gap(&world->blocked, AT(20 * i + 20));
	}
	assert_in_range(world->looks, 100, 2 * BLOCKED_LOOKS_PER_SECOND);
	blocked_finish(&world->blocked, AT(2000));
	assert_int_equal(accounting_waiting(&world->accounting), 0);
}

enum { TURN_MS = 1063, SLEEP_MS = 1037, GAP_EACH_MS = 125, OPEN_MS = 10 };

// A millisecond of a thread that sleeps for one second at a time, on a host
// whose switches are recorded for 10 ms in 125.
static void live_through(struct world *world, unsigned int ms)
{
	unsigned int phase = ms % TURN_MS, window = ms % GAP_EACH_MS;

	world->switches = ms / TURN_MS;
	world->runs = phase >= SLEEP_MS;
	if (!window)
		blocked_end_gap(&world->blocked, AT(ms) - 500000);
	if (window < OPEN_MS && !phase)
		goes(world, AT(ms));
	if (window < OPEN_MS && phase == SLEEP_MS)
		comes(world, AT(ms));
	if (window == OPEN_MS)
		off(world, AT(ms) - 500000);
}

static void long_sleeps_are_told_through_short_windows(void **state)
{
	enum { TURNS = 1000 };
	struct world *world = *state;

	off(world, AT(0) - 1000000);
	world->blocked.scale = 1024 * GAP_EACH_MS / OPEN_MS;
	for (unsigned int ms = 0; ms < TURNS * TURN_MS; ms++)
		live_through(world, ms);
	blocked_finish(&world->blocked, AT(TURNS * TURN_MS));
	// 1037 seconds, less what is not known of their ends.
	expect(world, "SELECT sum(weight) / 1e9 BETWEEN 800 AND 1040, "
	       "count(*) BETWEEN 40 AND 120 FROM v_sample", "1,1\n");
}

static void a_lost_end_is_no_time(void **state)
{
	struct world *world = *state;

	goes(world, AT(10));
	blocked_doubt(&world->blocked, AT(110));
	comes(world, AT(500));
	goes(world, AT(600));
	goes(world, AT(700)); // and nobody saw it come
	comes(world, AT(710));
	assert_int_equal(world->accounting.fate[SAMPLE_DROPPED_END_LOST], 2);
	assert_int_equal(accounting_waiting(&world->accounting), 0);
	expect(world, ROWS, "700,10\n");
}

static void who_is_preempted_does_not_wait(void **state)
{
	struct world *world = *state;
	struct blocked_wait *wait = begin(world, TID, AT(10));

	switches(world, TID, AT(10) + 1000, true, true);
	settle(world, wait);
	comes(world, AT(20));
	switches(world, TID, AT(30), true, true); // not sampled either
	comes(world, AT(40));
	goes(world, AT(50));
	comes(world, AT(60));
	assert_int_equal(world->accounting.fate[SAMPLE_REJECTED_PREEMPTED], 1);
	assert_int_equal(accounting_waiting(&world->accounting), 0);
	expect(world, ROWS, "50,10\n");
}

static void threads_are_bounded(void **state)
{
	struct world *world = *state;
	unsigned int refused = 0;

	for (uint32_t i = 1; i <= BLOCKED_THREADS_MAX + 10; i++) {
		struct blocked_wait *wait = begin(world, 1000 + i, AT(i));

		if (wait)
			settle(world, wait);
		else
			refused++;
	}
	assert_int_equal(refused, 10);
	world->accounting.fate[SAMPLE_DROPPED_BLOCKED] = refused;
	blocked_finish(&world->blocked, AT(20000));
	assert_int_equal(accounting_waiting(&world->accounting), 0);
	assert_non_null(begin(world, 5, AT(20001)));
}

static void who_ends_is_forgotten(void **state)
{
	struct perf_record exit = record_at(PERF_RECORD_EXIT, TID, AT(40));
	struct world *world = *state;

	for (unsigned int i = 0; i < 5; i++) {
		switches(world, TID, AT(i), true, false);
		comes(world, AT(i) + 1000);
	}
	blocked_take_record(&world->blocked, &exit);
	goes(world, AT(50)); // another thread of that number
	comes(world, AT(60));
	expect(world, ROWS, "50,10\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_wait_lasts_until_it_is_switched_in),
		TEST(the_end_may_come_before_the_stack_is_known),
		TEST(a_sample_stands_for_those_before_it),
		TEST(nobody_waits_longer_than_the_time_that_passed),
		TEST(what_a_short_wait_left_goes_to_a_long_one),
		TEST(unrecorded_switches_count_as_others_do),
		TEST(a_long_wait_is_told_in_pieces),
		TEST(the_end_keeps_what_has_passed),
		TEST(a_wait_is_followed_over_gaps),
		TEST(an_end_in_a_gap_is_not_known),
		TEST(who_is_about_to_run_is_seen_to),
		TEST(who_runs_all_the_while_does_not_wait),
		TEST(a_wait_that_is_cut_stands_for_itself),
		TEST(pieces_tell_what_is_known),
		TEST(looks_are_bounded),
		TEST(long_sleeps_are_told_through_short_windows),
		TEST(a_lost_end_is_no_time),
		TEST(who_is_preempted_does_not_wait),
		TEST(threads_are_bounded),
		TEST(who_ends_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
