// SPDX-License-Identifier: Apache-2.0
/* Capture threads whose read does not end, and what becomes of their CPU. */
#include "base/clock.h"
#include "daemon/capture/capture.h"
#include "tests/cmocka.h"
#include "tests/daemon/pipeline/fake_cpu.h"
#include "unwind/python/layout.h"

#include <fcntl.h>
#include <poll.h>

enum { HANGS = 4711, READS = 4712, RING_BYTES = 1 << 20, WAIT_MS = 5000 };

struct world {
	struct fake_cpu cpu;
	struct target_table *targets;
	struct capture_thread *first, *second;
	int gate[2]; // what the silent file system would answer
};

// As a page that never comes: until somebody writes to the gate.
static ssize_t read_never(void *context, uint64_t vaddr, void *ret, size_t size)
{
	const struct world *world = context;
	char byte;

	(void)vaddr, (void)ret, (void)size;
	return read(world->gate[0], &byte, 1) < 0 ? -1 : -1;
}

static ssize_t read_nothing(void *context, uint64_t vaddr, void *ret,
			    size_t size)
{
	(void)context, (void)vaddr, (void)ret, (void)size;
	return -1;
}

static void publish(struct world *world, pid_t pid, live_memory_read_fn read)
{
	struct live_memory memory = { .read = read, .context = world };
	struct python_target *python =
		python_target_create(memory, python_layout_at(0), 0x1000, 0);

	assert_non_null(python);
	assert_null(target_table_publish(world->targets, pid, 1,
					 open("/dev/null", O_RDONLY | O_CLOEXEC),
					 python));
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	const struct capture_options options = { .arch = arch_native() };

	if (!world || pipe(world->gate) ||
	    target_table_create(&world->targets))
		return -1;
	publish(world, HANGS, read_never);
	publish(world, READS, read_nothing);
	fake_cpu_init(&world->cpu, 0, RING_BYTES);
	world->first = calloc(1, sizeof(*world->first));
	world->second = calloc(1, sizeof(*world->second));
	if (!world->first || !world->second ||
	    capture_start(world->first, &world->cpu.perf, world->targets, 0,
			  &options))
		return -1;
	*state = world;
	return 0;
}

static void open_gate(struct world *world)
{
	assert_int_equal(write(world->gate[1], "12345678", 8), 8);
}

static int tear_down(void **state)
{
	struct world *world = *state;

	open_gate(world);
	while (!capture_has_ended(world->first))
		poll(NULL, 0, 1);
	capture_destroy(world->first);
	target_table_release(world->targets, 0);
	free(world->first);
	free(world->second);
	target_table_destroy(world->targets);
	fake_cpu_deinit(&world->cpu);
	close(world->gate[0]);
	close(world->gate[1]);
	free(world);
	return 0;
}

static void sample(struct world *world, uint32_t pid, uint64_t ms)
{
	fake_sample(&world->cpu,
		    (struct fake_task){ pid, pid, ms * NS_PER_MS }, 0x2000);
}

static bool give_up(struct capture_thread *capture)
{
	for (int ms = 0; ms < WAIT_MS; ms += 20) {
		if (capture_give_up_if_stuck(capture, monotonic_ns()))
			return true;
		poll(NULL, 0, 20);
	}
	return false;
}

static bool has_scanned(const struct perf_ring *ring, uint64_t position)
{
	for (int ms = 0; ms < WAIT_MS; ms++) {
		if (perf_ring_scanned(ring) == position)
			return true;
		poll(NULL, 0, 1);
	}
	return false;
}

static void another_thread_goes_on_behind_the_sample(void **state)
{
	struct world *world = *state;
	struct perf_ring *ring = &world->cpu.ring;
	uint64_t at, behind;

	sample(world, READS, 1);
	at = perf_ring_head(ring);
	sample(world, HANGS, 2);
	behind = perf_ring_head(ring);
	sample(world, READS, 3);
	capture_poke(world->first);
	assert_true(give_up(world->first));
	assert_int_equal(capture_target(world->first)->pid, HANGS);
	assert_int_equal(perf_ring_scanned(ring), at);

	assert_null(capture_succeed(world->second, world->first, 1));
	assert_true(has_scanned(ring, perf_ring_head(ring)));
	assert_int_equal(world->second->stats.stuck, 1);
	assert_int_equal(world->second->stats.stuck_at[0], at);
	assert_true(capture_stop(world->second));
	// What the first had read before it hung is not lost.
	assert_int_equal(capture_queue_peek(&world->second->queue)
				 ->ring_position, 0);
	capture_queue_pop(&world->second->queue);
	assert_int_equal(capture_queue_peek(&world->second->queue)
				 ->ring_position, behind);
	capture_destroy(world->second);
}

static void who_wakes_touches_nothing(void **state)
{
	struct world *world = *state;
	struct perf_ring *ring = &world->cpu.ring;
	uint64_t head;

	sample(world, HANGS, 1);
	capture_poke(world->first);
	assert_true(give_up(world->first));
	assert_null(capture_succeed(world->second, world->first, 1));
	head = perf_ring_head(ring);
	assert_true(has_scanned(ring, head));
	assert_true(capture_stop(world->second));
	assert_false(capture_has_ended(world->first));

	sample(world, READS, 2);
	open_gate(world);
	while (!capture_has_ended(world->first))
		poll(NULL, 0, 1);
	assert_int_equal(perf_ring_scanned(ring), head);
	assert_null(capture_queue_peek(&world->first->queue));
	assert_ptr_equal(world->targets->held[0],
			 target_table_find(world->targets, HANGS));
	capture_destroy(world->second);
}

static void stopping_does_not_wait_for_it(void **state)
{
	struct world *world = *state;
	struct perf_ring *ring = &world->cpu.ring;

	sample(world, HANGS, 1);
	sample(world, READS, 2);
	assert_false(capture_stop(world->first));
	assert_int_equal(perf_ring_scanned(ring), perf_ring_head(ring));
	assert_int_equal(world->first->stats.stuck_at[0], 0);
	assert_false(capture_stop(world->first));
}

static void slow_is_not_stuck(void **state)
{
	struct world *world = *state;

	sample(world, HANGS, 1);
	capture_poke(world->first);
	for (int ms = 0; ms < CAPTURE_STUCK_MS / 2; ms += 20) {
		assert_false(capture_give_up_if_stuck(world->first,
						      monotonic_ns()));
		poll(NULL, 0, 20);
	}
	open_gate(world);
	assert_true(has_scanned(&world->cpu.ring,
				perf_ring_head(&world->cpu.ring)));
	for (int i = 0; i < 8; i++)
		assert_false(capture_give_up_if_stuck(
			world->first, monotonic_ns() + NS_PER_SEC * i));
	assert_true(capture_stop(world->first));
}

// A banned process is not published again before it is another one.
static void a_ban_lasts_until_it_is_lifted(void **state)
{
	struct target_table *table;
	struct world world = { 0 };
	struct python_target *python;

	(void)state;
	assert_null(target_table_create(&table));
	world.targets = table;
	publish(&world, HANGS, read_nothing);
	target_table_ban(table, HANGS, 1);
	assert_null(target_table_find(table, HANGS));
	assert_true(target_table_is_banned(table, HANGS));
	python = python_target_create((struct live_memory){ read_nothing, NULL },
				      python_layout_at(0), 1, 0);
	error_destroy(target_table_publish(
		table, HANGS, 1, open("/dev/null", O_RDONLY | O_CLOEXEC),
		python));
	assert_null(target_table_find(table, HANGS));
	target_table_allow(table, HANGS);
	publish(&world, HANGS, read_nothing);
	assert_non_null(target_table_find(table, HANGS));
	target_table_restrict(table, false, true);
	assert_null(target_table_hold(table, 0, HANGS));
	target_table_restrict(table, true, false);
	assert_non_null(target_table_hold(table, 0, HANGS));
	target_table_release(table, 0);
	target_table_destroy(table);
}

static void a_pause_of_the_host_is_no_hang(void **state)
{
	struct capture_watch watch = { 0 };
	uint64_t now = NS_PER_SEC;

	(void)state;
	assert_false(capture_watch_look(&watch, 5, now));
	assert_false(capture_watch_look(&watch, 5, now += 60 * NS_PER_SEC));
	assert_false(capture_watch_look(&watch, 5, now += 50 * NS_PER_MS));
	assert_false(capture_watch_look(&watch, 6, now += 50 * NS_PER_MS));
	for (int ms = 50; ms < CAPTURE_STUCK_MS; ms += 50)
		assert_false(capture_watch_look(&watch, 6,
						now += 50 * NS_PER_MS));
	assert_true(capture_watch_look(&watch, 6, now += 50 * NS_PER_MS));
	assert_false(capture_watch_look(&watch, 0, now += 50 * NS_PER_MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			another_thread_goes_on_behind_the_sample, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(who_wakes_touches_nothing,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(stopping_does_not_wait_for_it,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(slow_is_not_stuck, set_up,
						tear_down),
		cmocka_unit_test(a_ban_lasts_until_it_is_lifted),
		cmocka_unit_test(a_pause_of_the_host_is_no_hang),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
