// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/spill_thread.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "tests/cmocka.h"
#include "tests/daemon/pipeline/fake_cpu.h"

#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { PID = 100, CPUS = 2, RING_BYTES = 1 << 16, RINGS = 8, WAIT_S = 10 };

#define LATER (UINT64_C(1) << 40)

struct rings {
	struct fake_cpu cpu[CPUS];
	struct merge merge;
	struct spill_thread *spiller;
	uint64_t written;
};

static int set_up(void **state)
{
	struct rings *rings = calloc(1, sizeof(*rings));

	if (!rings || merge_init(&rings->merge, arch_native(), CPUS))
		return -1;
	rings->merge.record_bytes = 1024;
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

	spill_thread_stop(rings->spiller);
	for (int i = 0; i < CPUS; i++)
		fake_cpu_deinit(&rings->cpu[i]);
	merge_deinit(&rings->merge);
	free(rings);
	return 0;
}

static void start_at(struct rings *rings, unsigned int look_ms, sem_t *filling)
{
	struct spill_options options = { .opener = &opener_direct,
					 .bytes = CPUS * RINGS * RING_BYTES,
					 .look_ms = look_ms,
					 .realtime = true,
					 .filling = filling };

	assert_null(spill_thread_start(&rings->merge, &options,
				       &rings->spiller));
	spill_thread_set_worker(rings->spiller, gettid());
}

static void start(struct rings *rings)
{
	start_at(rings, 1, NULL);
}

// The kernel would throw away what finds no room. Room comes in time, or never.
static void write_sample(struct rings *rings, struct fake_cpu *cpu)
{
	struct fake_task task = { PID, PID, ++rings->written };
	const struct timespec pause = { .tv_nsec = 100000 };
	uint64_t until = monotonic_ns() + WAIT_S * NS_PER_SEC;

	while (!perf_ring_has_room(&cpu->ring, rings->merge.record_bytes)) {
		assert_true(monotonic_ns() < until);
		nanosleep(&pause, NULL);
	}
	fake_sample(cpu, task, 5);
	fake_scan(cpu);
}

static void expect_all(struct rings *rings)
{
	struct merge_source *source;
	uint64_t count = 0;

	merge_begin(&rings->merge, LATER);
	while ((source = merge_next(&rings->merge)))
		assert_int_equal(source->record.time_ns, ++count);
	merge_end(&rings->merge);
	assert_int_equal(count, rings->written);
	assert_int_equal(rings->merge.broken_records, 0);
}

/** However long it takes over a record that it has in hand. */
static void a_ring_has_room_while_the_worker_is_busy(void **state)
{
	struct rings *rings = *state;
	uint64_t regs;

	write_sample(rings, &rings->cpu[0]);
	merge_begin(&rings->merge, LATER);
	regs = merge_next(&rings->merge)->record.sample.regs[0];
	start(rings);
	while (perf_ring_head(&rings->cpu[0].ring) <
	       (RINGS - 1) * RING_BYTES) {
		write_sample(rings, &rings->cpu[0]);
		write_sample(rings, &rings->cpu[1]);
	}
	// What it has in hand is its own.
	assert_int_equal(rings->merge.current->record.sample.regs[0], regs);
	assert_int_equal(rings->merge.current->record.time_ns, 1);
	expect_all(rings);
	assert_true(merge_source_is_drained(&rings->merge.sources[0]));
}

static void rings_that_are_read_in_time_are_left_alone(void **state)
{
	struct rings *rings = *state;
	const struct timespec pause = { .tv_nsec = 5000000 };

	start(rings);
	for (int i = 0; i < 20; i++)
		write_sample(rings, &rings->cpu[i % CPUS]);
	nanosleep(&pause, NULL);
	expect_all(rings);
	assert_int_equal(rings->merge.sources[0].spill.moved_bytes, 0);
	assert_int_equal(rings->merge.full_ns, 0);
}

/** What fills a ring between two looks: a burst of context switches. */
static void a_ring_that_fills_up_is_looked_at_at_once(void **state)
{
	struct rings *rings = *state;
	const struct perf_ring *ring = &rings->cpu[0].ring;
	sem_t filling;

	assert_int_equal(sem_init(&filling, 0, 0), 0);
	start_at(rings, 3600 * 1000, &filling);
	while (perf_ring_head(ring) < (RINGS - 1) * RING_BYTES) {
		write_sample(rings, &rings->cpu[0]);
		if (perf_ring_is_filling(ring))
			sem_post(&filling);
	}
	expect_all(rings);
	spill_thread_stop(take_ptr(rings->spiller));
	sem_destroy(&filling);
}

static bool may_be_realtime(void)
{
	struct sched_param one = { .sched_priority = 1 }, none = { 0 };

	if (sched_setscheduler(0, SCHED_RR, &one))
		return false;
	sched_setscheduler(0, SCHED_OTHER, &none);
	return true;
}

static void wait_for_policy(int policy)
{
	uint64_t until = monotonic_ns() + WAIT_S * NS_PER_SEC;

	while (sched_getscheduler(0) != policy)
		assert_true(monotonic_ns() < until);
}

/** For a part of the time, and for nothing when it is not behind any more. */
static void a_worker_that_is_behind_is_helped(void **state)
{
	const int helped = SCHED_RR | SCHED_RESET_ON_FORK;
	struct rings *rings = *state;
	int nice = getpriority(PRIO_PROCESS, 0);

	if (!may_be_realtime()) {
		print_message("no real-time priority here\n");
		skip();
	}
	start(rings);
	while (!ring_spill_waiting(&rings->merge.sources[0].spill))
		write_sample(rings, &rings->cpu[0]);
	wait_for_policy(helped);
	wait_for_policy(SCHED_OTHER);
	wait_for_policy(helped);
	expect_all(rings);
	wait_for_policy(SCHED_OTHER);
	assert_int_equal(getpriority(PRIO_PROCESS, 0), nice);
	spill_thread_stop(take_ptr(rings->spiller));
	assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_ring_has_room_while_the_worker_is_busy),
		TEST(a_ring_that_fills_up_is_looked_at_at_once),
		TEST(a_worker_that_is_behind_is_helped),
		TEST(rings_that_are_read_in_time_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
