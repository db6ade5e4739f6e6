// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/merge.h"

#include "base/clock.h"
#include "tests/cmocka.h"
#include "tests/daemon/pipeline/fake_cpu.h"

#include <poll.h>
#include <string.h>

enum { PID = 100, CPUS = 3, RING_BYTES = 1 << 18, ROUND = 10 };

#define LATER (UINT64_C(1) << 40)

struct rings {
	struct fake_cpu cpu[CPUS];
	struct merge merge;
};

static int set_up(void **state)
{
	struct rings *rings = calloc(1, sizeof(*rings));

	if (!rings || merge_init(&rings->merge, arch_native(), CPUS))
		return -1;
	for (unsigned int i = 0; i < CPUS; i++) {
		fake_cpu_init(&rings->cpu[i], i, RING_BYTES);
		rings->merge.sources[i].perf = &rings->cpu[i].perf;
		rings->merge.sources[i].capture = &rings->cpu[i].capture;
	}
	*state = rings;
	return 0;
}

static int tear_down(void **state)
{
	struct rings *rings = *state;

	for (int i = 0; i < CPUS; i++)
		fake_cpu_deinit(&rings->cpu[i]);
	merge_deinit(&rings->merge);
	free(rings);
	return 0;
}

static struct fake_task at(uint64_t time_ns)
{
	return (struct fake_task){ PID, PID, time_ns };
}

static void scan_all(struct rings *rings)
{
	for (int i = 0; i < CPUS; i++)
		fake_scan(&rings->cpu[i]);
}

// The record that comes next is of @time_ns; 0: there is none.
static void expect(struct rings *rings, uint64_t time_ns)
{
	struct merge_source *source = merge_next(&rings->merge);

	if (!time_ns) {
		assert_null(source);
		return;
	}
	assert_non_null(source);
	assert_int_equal(source->record.time_ns, time_ns);
}

static void records_come_in_time_order(void **state)
{
	struct rings *rings = *state;
	uint64_t time, last = 0, count = 0;
	struct merge_source *source;

	srandom(3);
	for (time = 1; time <= 3000; time++) {
		struct fake_cpu *cpu = &rings->cpu[random() % CPUS];

		if (random() % 2)
			fake_sample(cpu, at(time), 5);
		else
			fake_switch(cpu, at(time), true);
	}
	scan_all(rings);
	merge_begin(&rings->merge, LATER);
	while ((source = merge_next(&rings->merge))) {
		assert_true(source->record.time_ns > last);
		last = source->record.time_ns;
		count++;
	}
	merge_end(&rings->merge);
	assert_int_equal(count, 3000);
	assert_int_equal(rings->merge.broken_records, 0);
	for (int i = 0; i < CPUS; i++)
		assert_int_equal(rings->cpu[i].page.data_tail,
				 rings->cpu[i].page.data_head);
}

static void kinds_follow_the_event(void **state)
{
	struct rings *rings = *state;
	struct merge_source *source;

	fake_sample(&rings->cpu[0], at(1), 5);
	fake_proof(&rings->cpu[0], at(2), 6);
	fake_switch(&rings->cpu[0], at(3), false);
	scan_all(rings);
	merge_begin(&rings->merge, LATER);
	source = merge_next(&rings->merge);
	assert_int_equal(source->kind, PERF_KIND_TIMER);
	assert_int_equal(source->record.sample.regs[0], 5);
	source = merge_next(&rings->merge);
	assert_int_equal(source->kind, PERF_KIND_PROOF);
	assert_int_equal(source->record.sample.regs[0], 6);
	source = merge_next(&rings->merge);
	assert_int_equal(source->kind, PERF_KIND_OTHER);
	assert_false(source->record.switched.out);
	expect(rings, 0);
}

static void what_has_not_settled_waits(void **state)
{
	struct rings *rings = *state;
	uint64_t now = LATER;

	fake_sample(&rings->cpu[0], at(now - MERGE_SETTLE_NS - 1), 5);
	fake_sample(&rings->cpu[0], at(now - MERGE_SETTLE_NS), 5);
	scan_all(rings);
	merge_begin(&rings->merge, now);
	assert_int_equal(rings->merge.safe_ns, now - MERGE_SETTLE_NS);
	expect(rings, now - MERGE_SETTLE_NS - 1);
	expect(rings, 0);
	merge_end(&rings->merge);
	assert_true(rings->cpu[0].page.data_tail <
		    rings->cpu[0].page.data_head);
	merge_begin(&rings->merge, now + 1);
	expect(rings, now - MERGE_SETTLE_NS);
	expect(rings, 0);
	merge_end(&rings->merge);
}

/** And with it, in every ring, all that is younger. */
static void what_was_not_scanned_waits(void **state)
{
	struct rings *rings = *state;
	uint64_t pokes;

	fake_sample(&rings->cpu[0], at(10), 5);
	scan_all(rings);
	fake_sample(&rings->cpu[0], at(20), 5);
	fake_switch(&rings->cpu[1], at(15), true);
	fake_switch(&rings->cpu[1], at(25), true);
	fake_scan(&rings->cpu[1]);
	merge_begin(&rings->merge, LATER);
	assert_int_equal(rings->merge.safe_ns, 20);
	expect(rings, 10);
	expect(rings, 15);
	expect(rings, 0);
	merge_end(&rings->merge);
	// The capture thread is told that there is something to scan.
	assert_int_equal(read(rings->cpu[0].capture.wake_fd, &pokes,
			      sizeof(pokes)), sizeof(pokes));
	assert_int_equal(pokes, 1);
	scan_all(rings);
	merge_begin(&rings->merge, LATER);
	expect(rings, 20);
	expect(rings, 25);
	expect(rings, 0);
	merge_end(&rings->merge);
	assert_int_equal(rings->merge.broken_records, 0);
}

// Nobody is woken for them, and their room is the kernel's only once the
// capture thread has passed.
static void only_samples_wait_for_their_scan(void **state)
{
	struct rings *rings = *state;
	struct pollfd poke = { .fd = rings->cpu[0].capture.wake_fd,
			       .events = POLLIN };
	uint64_t tail = perf_ring_tail(&rings->cpu[0].ring);

	fake_switch(&rings->cpu[0], at(10), true);
	merge_begin(&rings->merge, LATER);
	expect(rings, 10);
	expect(rings, 0);
	merge_end(&rings->merge);
	assert_int_equal(perf_ring_tail(&rings->cpu[0].ring), tail);
	fake_switch(&rings->cpu[0], at(20), true);
	fake_sample(&rings->cpu[0], at(30), 5);
	fake_switch(&rings->cpu[0], at(40), true);
	// Too young to wonder where the capture thread is.
	merge_begin(&rings->merge, 30 + MERGE_SETTLE_NS);
	expect(rings, 20);
	expect(rings, 0);
	merge_end(&rings->merge);
	assert_int_equal(poll(&poke, 1, 0), 0);
	scan_all(rings);
	merge_begin(&rings->merge, LATER);
	expect(rings, 30);
	expect(rings, 40);
	expect(rings, 0);
	merge_end(&rings->merge);
	assert_int_equal(perf_ring_tail(&rings->cpu[0].ring),
			 perf_ring_head(&rings->cpu[0].ring));
}

static void a_round_that_is_stopped_goes_on_in_the_next(void **state)
{
	struct rings *rings = *state;

	for (uint64_t time = 1; time <= 6; time++)
		fake_switch(&rings->cpu[time % CPUS], at(time), true);
	scan_all(rings);
	merge_begin(&rings->merge, LATER);
	expect(rings, 1);
	expect(rings, 2);
	merge_stop(&rings->merge);
	expect(rings, 0);
	expect(rings, 0);
	merge_end(&rings->merge);
	// Nothing may be judged that what is left could contradict.
	assert_int_equal(rings->merge.safe_ns, 3);
	merge_begin(&rings->merge, LATER);
	assert_false(rings->merge.stopped);
	for (uint64_t time = 3; time <= 6; time++)
		expect(rings, time);
	merge_stop(&rings->merge);
	expect(rings, 0);
	merge_end(&rings->merge);
	assert_int_equal(rings->merge.safe_ns, LATER - MERGE_SETTLE_NS);
}

static void a_record_that_makes_no_sense_is_counted(void **state)
{
	struct rings *rings = *state;
	// A sample of an event that nobody opened.
	const uint64_t strange[] = { PERF_RECORD_SAMPLE | UINT64_C(32) << 48,
				     4711, 0, 0 };

	fake_sample(&rings->cpu[0], at(1), 5);
	fake_write(&rings->cpu[0], strange, sizeof(strange));
	fake_sample(&rings->cpu[0], at(2), 5);
	scan_all(rings);
	merge_begin(&rings->merge, LATER);
	expect(rings, 1);
	expect(rings, 2);
	expect(rings, 0);
	merge_end(&rings->merge);
	assert_int_equal(rings->merge.broken_records, 1);
}

/** Without a size, the next record cannot be found. */
static void after_a_broken_size_the_rest_is_given_up(void **state)
{
	static const uint64_t sizes[] = { 0, 8, 20, 65528 };
	struct rings *rings = *state;

	for (uint64_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t broken[] = { PERF_RECORD_SAMPLE | sizes[i] << 48, 0 };
		uint64_t time = 10 * (i + 1);

		fake_sample(&rings->cpu[0], at(time), 5);
		fake_write(&rings->cpu[0], broken, sizeof(broken));
		fake_sample(&rings->cpu[0], at(time + 1), 5);
		fake_sample(&rings->cpu[1], at(time + 2), 5);
		scan_all(rings);
		merge_begin(&rings->merge, LATER);
		expect(rings, time);
		expect(rings, time + 2);
		expect(rings, 0);
		merge_end(&rings->merge);
		assert_int_equal(rings->merge.broken_records, i + 1);
		assert_int_equal(rings->cpu[0].page.data_tail,
				 rings->cpu[0].page.data_head);
	}
}

/** Many rounds, so that records lie across the end of the rings. */
static void records_wrap(void **state)
{
	struct rings *rings = *state;
	uint64_t time = 1, expected = 1;
	struct merge_source *source;

	while (rings->cpu[0].page.data_head < 5 * RING_BYTES) {
		for (int i = 0; i < ROUND; i++, time++)
			fake_sample(&rings->cpu[time % CPUS], at(time), time);
		scan_all(rings);
		merge_begin(&rings->merge, LATER);
		while ((source = merge_next(&rings->merge))) {
			const uint64_t *regs = source->record.sample.regs;
			unsigned int last = arch_native()->perf_count - 1;

			assert_int_equal(source->record.time_ns, expected);
			assert_int_equal(regs[0], expected);
			assert_int_equal(regs[last], expected);
			expected++;
		}
		merge_end(&rings->merge);
	}
	assert_int_equal(expected, time);
}

static void a_ring_without_room_is_noticed(void **state)
{
	struct rings *rings = *state;
	uint64_t before = monotonic_ns();

	merge_begin(&rings->merge, LATER);
	expect(rings, 0);
	merge_end(&rings->merge);
	assert_int_equal(rings->merge.full_ns, 0);
	while (rings->cpu[1].page.data_head <
	       RING_BYTES - rings->merge.record_bytes + 1)
		fake_switch(&rings->cpu[1], at(5), true);
	scan_all(rings);
	merge_begin(&rings->merge, LATER);
	assert_true(rings->merge.full_ns >= before);
	while (merge_next(&rings->merge))
		continue;
	merge_end(&rings->merge);
	before = rings->merge.full_ns;
	merge_begin(&rings->merge, LATER);
	merge_end(&rings->merge);
	assert_int_equal(rings->merge.full_ns, before);
}

// Room that was given back at the end of a round tells nothing of before.
static void a_ring_full_within_a_round_is_noticed(void **state)
{
	struct rings *rings = *state;

	fake_switch(&rings->cpu[1], at(5), true);
	scan_all(rings);
	merge_begin(&rings->merge, LATER);
	while (merge_next(&rings->merge))
		continue;
	assert_int_equal(rings->merge.full_ns, 0);
	while (rings->cpu[1].page.data_head <
	       RING_BYTES - rings->merge.record_bytes + 1)
		fake_switch(&rings->cpu[1], at(5), true);
	merge_end(&rings->merge);
	assert_true(rings->merge.full_ns > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(records_come_in_time_order),
		TEST(kinds_follow_the_event),
		TEST(what_has_not_settled_waits),
		TEST(what_was_not_scanned_waits),
		TEST(only_samples_wait_for_their_scan),
		TEST(a_round_that_is_stopped_goes_on_in_the_next),
		TEST(a_record_that_makes_no_sense_is_counted),
		TEST(after_a_broken_size_the_rest_is_given_up),
		TEST(records_wrap),
		TEST(a_ring_without_room_is_noticed),
		TEST(a_ring_full_within_a_round_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
