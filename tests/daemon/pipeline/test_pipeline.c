// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/pipeline.h"

#include "base/clock.h"
#include "tests/cmocka.h"
#include "tests/daemon/pipeline/fake_cpu.h"
#include "tests/schema/fixture.h"
#include "unwind/native/cfi_parts.h"
#include "unwind/python/binary.h"

#include <string.h>

// Above every pid that the kernel gives out, so that /proc has none of them.
enum { A = 1 << 23, B, CPUS = 2, RING_BYTES = 1 << 20, CODE = 0x10000 };

#define START FIXTURE_START_NS

struct world {
	struct fake_cpu cpu[CPUS];
	struct store *store;
	struct target_table *targets;
	struct pipeline pipeline;
	char *folder;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	void *folder;

	if (!world || fixture_enter_folder(&folder) < 0)
		return -1;
	world->folder = folder;
	world->store = fixture_open_store("x.db");
	fixture_succeed(target_table_create(&world->targets));
	fixture_succeed(pipeline_init(&world->pipeline, arch_native(),
				      &opener_direct,
				      world->store, world->targets, CPUS));
	for (unsigned int i = 0; i < CPUS; i++) {
		fake_cpu_init(&world->cpu[i], i, RING_BYTES);
		world->pipeline.merge.sources[i].perf = &world->cpu[i].perf;
		world->pipeline.merge.sources[i].capture =
			&world->cpu[i].capture;
	}
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	void *folder = world->folder;

	pipeline_deinit(&world->pipeline);
	target_table_destroy(world->targets);
	store_destroy(world->store);
	for (int i = 0; i < CPUS; i++)
		fake_cpu_deinit(&world->cpu[i]);
	free(world);
	return fixture_leave_folder(&folder);
}

static struct fake_task task(uint32_t pid, uint32_t tid, uint64_t ms)
{
	return (struct fake_task){ pid, tid, START + ms * NS_PER_MS };
}

static void scan_all(struct world *world)
{
	for (int i = 0; i < CPUS; i++)
		fake_scan(&world->cpu[i]);
}

// Takes everything and looks at the profile.
static void finish(struct world *world, const char *sql, const char *expected)
{
	struct profile *profile;

	scan_all(world);
	pipeline_drain(&world->pipeline, START + NS_PER_SEC);
	fixture_succeed(store_close(world->store, START + NS_PER_SEC));
	world->store = NULL;
	profile = fixture_open_profile("x.db");
	fixture_expect(profile, sql, expected);
	profile_close(profile);
}

/** An exec on one CPU comes before the samples after it on another. */
static void a_sample_belongs_to_who_ran_then(void **state)
{
	struct world *world = *state;
	struct fake_cpu *cpu = world->cpu;

	fake_comm(&cpu[1], task(A, A, 1), "first", true);
	fake_sample(&cpu[0], task(A, A, 2), 0);
	fake_comm(&cpu[1], task(A, A, 3), "second", true);
	fake_sample(&cpu[0], task(A, A, 4), 0);
	fake_exit(&cpu[1], task(A, A, 5));
	fake_sample(&cpu[0], task(A, A, 5), 0); // on its way out
	fake_fork(&cpu[1], task(B, B, 0), task(A, A, 6));
	fake_comm(&cpu[1], task(A, A, 7), "third", true);
	fake_sample(&cpu[0], task(A, A, 8), 0);
	finish(world,
	       "SELECT process, count(*), min(time_ns) FROM v_sample "
	       "GROUP BY process ORDER BY 3",
	       "first,1,5002000000\nsecond,2,5004000000\nthird,1,5008000000\n");
}

static void the_latest_name_is_kept(void **state)
{
	struct world *world = *state;
	struct fake_cpu *cpu = world->cpu;

	fake_comm(&cpu[0], task(A, A, 1), "program", true);
	fake_fork(&cpu[0], task(A, A, 2), task(A, A + 10, 2));
	fake_sample(&cpu[0], task(A, A + 10, 3), 0);
	fake_comm(&cpu[1], task(A, A + 10, 4), "worker", false);
	fake_sample(&cpu[0], task(A, A + 10, 5), 0);
	fake_exit(&cpu[1], task(A, A + 10, 6));
	fake_fork(&cpu[1], task(A, A, 7), task(A, A + 10, 7));
	fake_sample(&cpu[0], task(A, A + 10, 8), 0);
	finish(world,
	       "SELECT process, thread, count(*) FROM v_sample "
	       "GROUP BY process, thread ORDER BY 2",
	       "program,program,1\nprogram,worker,2\n");
}

static void a_stack_of_kernel_frames_has_its_order(void **state)
{
	const uint64_t chain[] = { (uint64_t)PERF_CONTEXT_KERNEL,
				   UINT64_C(0xffffffff00000001),
				   UINT64_C(0xffffffff00000002),
				   UINT64_C(0xffffffff00000003),
				   (uint64_t)PERF_CONTEXT_USER, 0x1234 };
	struct world *world = *state;

	fake_sample_with_chain(&world->cpu[0], task(A, A, 1), chain, 6);
	finish(world,
	       "SELECT f.kind, count(*), s.walk_end, s.trust, s.weight_ns "
	       "FROM v_sample s JOIN v_frame_of_callsite f USING (callsite_id)"
	       " GROUP BY 1",
	       "kernel,3,kernel-thread,native,10000000\n");
	assert_int_equal(world->pipeline.stats.kernel_frames, 3);
}

static void code_that_nobody_mapped_is_one_frame(void **state)
{
	struct world *world = *state;

	fake_comm(&world->cpu[0], task(A, A, 1), "program", true);
	fake_sample(&world->cpu[0], task(A, A, 2), CODE);
	fake_mapping(&world->cpu[1], task(A, A, 3), CODE, 0x1000,
		     "/nowhere/lib.so");
	fake_sample(&world->cpu[0], task(A, A, 4), CODE);
	finish(world,
	       "SELECT f.kind, f.function, f.depth, s.walk_end FROM v_sample s"
	       " JOIN v_frame_of_callsite f USING (callsite_id)"
	       " ORDER BY s.time_ns",
	       "other,[unmapped code],0,no-cfi\n"
	       "native,[lib.so+0x0],0,no-cfi\n");
}

// A function at CODE, which nothing calls.
static struct module *module_with_root(void)
{
	struct module *module = module_create("/made/up", NULL, "made up");
	const struct cfi_rule rule = { .kind = CFI_UNDEFINED, .reg = 16 };
	const struct cfi_row row = { .cfa_kind = CFI_CFA_REG_OFFSET,
				     .cfa_reg = 7, .cfa_operand = 8,
				     .rule_count = 1, .rules = &rule };
	struct cfi_parts parts;

	assert_non_null(module);
	cfi_parts_init(&parts, 0x1000, 0x2000);
	assert_true(cfi_parts_add_function(&parts, 0x1000, 0x2000));
	assert_true(cfi_parts_add_row(&parts, 0x1000, &row));
	assert_null(cfi_table_from_parts(&parts, &module->cfi));
	cfi_parts_deinit(&parts);
	module->cfi_known = module->python_known = true;
	return module;
}

static void add_root(struct world *world, pid_t pid,
		     struct python_binary *python)
{
	struct process *process =
		process_table_get(&world->pipeline.processes, pid, pid);
	struct module *module = module_with_root();

	assert_non_null(process);
	module->python = python;
	assert_true(space_add(&process->image->space, CODE - 0x1000,
			      CODE + 0x1000, 0, MAPPING_FILE, module));
	module_unref(module);
}

// A whole stack without an eval loop has no Python, unless nobody knows what
// the loop looks like there.
static void a_loop_that_is_not_known_may_be_anywhere(void **state)
{
	struct python_binary *python = calloc(1, sizeof(*python));
	struct world *world = *state;

	add_root(world, A, NULL);
	add_root(world, B, python);
	fake_sample(&world->cpu[0], task(A, A, 1), CODE);
	fake_sample(&world->cpu[0], task(B, B, 2), CODE);
	finish(world,
	       "SELECT walk_end, trust, trust_reason FROM v_sample "
	       "ORDER BY time_ns",
	       "root,native,\nroot,unproven,python-unsupported\n");
}

static void losses_are_counted(void **state)
{
	struct world *world = *state;

	fake_lost(&world->cpu[0], task(A, A, 1), 5);
	fake_lost(&world->cpu[1], task(A, A, 2), 7);
	scan_all(world);
	pipeline_drain(&world->pipeline, START + NS_PER_SEC);
	assert_int_equal(world->pipeline.stats.lost, 12);
	pipeline_report_health(&world->pipeline);
	finish(world, "SELECT value FROM v_health WHERE name = 'records_lost'",
	       "12\n");
}

static void watch(struct world *world, enum perf_choice_kind kind,
		  const char *name, const char *unit)
{
	struct perf_features features = {
		.max_rate_hz = 1000,
		.sched_waking.field_offset = FAKE_WOKEN_OFFSET,
	};
	struct perf_options options = {
		.features = &features,
		.frequency_hz = 100,
		.events = { .count = 2,
			    .choices = { { .kind = PERF_CHOICE_CLOCK,
					   .name = "cpu-clock",
					   .unit = "ns" },
					 { .kind = kind, .unit = unit } } },
	};

	snprintf(options.events.choices[1].name, PERF_CHOICE_NAME_MAX, "%s",
		 name);
	fixture_succeed(pipeline_set_events(&world->pipeline, &options));
}

static void each_event_keeps_its_own_weights(void **state)
{
	struct world *world = *state;
	struct fake_cpu *cpu = world->cpu;

	watch(world, PERF_CHOICE_COUNTER, "page-faults", "faults");
	fake_comm(&cpu[0], task(A, A, 1), "program", true);
	fake_sample(&cpu[0], task(A, A, 2), CODE);
	fake_other_sample(&cpu[1], task(A, A, 3), CODE, 40);
	fake_other_sample(&cpu[0], task(A, A, 4), CODE, 2);
	finish(world,
	       "SELECT event, weight_unit, count(*), sum(weight) FROM v_sample "
	       "GROUP BY event",
	       "cpu-clock,ns,1,10000000\npage-faults,faults,2,42\n");
	assert_int_equal(world->pipeline.accounting.delivered, 3);
	assert_int_equal(accounting_waiting(&world->pipeline.accounting), 0);
}

/** The kernel goes on telling the first period. */
static void a_new_rate_is_a_new_weight(void **state)
{
	struct perf_features features = { .max_rate_hz = 1000 };
	struct perf_options slower = {
		.features = &features,
		.frequency_hz = 25,
		.events = { .count = 1,
			    .choices = { { .kind = PERF_CHOICE_CLOCK } } },
	};
	struct world *world = *state;

	watch(world, PERF_CHOICE_COUNTER, "page-faults", "faults");
	pipeline_set_frequency(&world->pipeline, &slower,
			       START + 10 * NS_PER_MS);
	for (uint64_t ms = 5; ms < 20; ms += 10)
		fake_sample(&world->cpu[0], task(A, A, ms), CODE);
	finish(world, "SELECT weight FROM v_sample ORDER BY time_ns",
	       "10000000\n40000000\n");
}

static void blocked_time_is_weighed_by_switches(void **state)
{
	struct world *world = *state;
	struct fake_cpu *cpu = world->cpu;

	watch(world, PERF_CHOICE_OFF_CPU, "off-cpu", "ns");
	fake_comm(&cpu[0], task(A, A, 1), "program", true);
	fake_other_sample(&cpu[0], task(A, A, 2), CODE, 1);
	fake_switch(&cpu[0], task(A, A, 3), true);
	fake_other_sample(&cpu[0], task(0, 0, 4), 0, 1);     // idle
	fake_other_sample(&cpu[0], task(A + 1, B, 5), 0, 1); // has no user side
	fake_switch(&cpu[1], task(A, A, 42), false);
	fake_other_sample(&cpu[1], task(A, A, 50), CODE, 1);
	fake_switch(&cpu[1], task(A, A, 51), true); // and waits to the end
	finish(world,
	       "SELECT event, time_ns / 1000000, weight / 1000000 FROM v_sample "
	       "ORDER BY time_ns",
	       "off-cpu,5002,40\noff-cpu,5050,950\n");
	assert_int_equal(
		world->pipeline.accounting.fate[SAMPLE_REJECTED_IDLE], 1);
	assert_int_equal(world->pipeline.accounting
				 .fate[SAMPLE_REJECTED_KERNEL_THREAD], 1);
	assert_int_equal(world->pipeline.accounting.delivered, 4);
	assert_int_equal(accounting_waiting(&world->pipeline.accounting), 0);
}

/** Of three that do something to others, one wakes the sampled waiter. */
static void who_ends_a_wait_is_stored(void **state)
{
	struct world *world = *state;
	struct fake_cpu *cpu = world->cpu;

	watch(world, PERF_CHOICE_OFF_CPU, "off-cpu", "ns");
	fake_comm(&cpu[0], task(A, A, 1), "waiter", true);
	fake_comm(&cpu[0], task(B, B, 1), "waker", true);
	fake_waking(&cpu[1], task(A + 5, A + 5, 2), A); // it does not wait yet
	fake_other_sample(&cpu[0], task(A, A, 3), CODE, 1);
	fake_waking(&cpu[1], task(A + 6, A + 6, 4), A + 7);
	fake_waking(&cpu[1], task(B, B, 5), A);
	fake_switch(&cpu[0], task(A, A, 6), false);
	fake_waking(&cpu[1], task(A + 5, A + 5, 7), A); // it runs
	fake_other_sample(&cpu[0], task(A, A, 8), CODE, 1); // by a timer
	fake_switch(&cpu[0], task(A, A, 9), false);
	finish(world,
	       "SELECT s.process, ifnull(w.name, 'nobody'), ifnull(every, 1) "
	       "FROM v_sample s LEFT JOIN thread w ON w.id = waker_thread_id "
	       "ORDER BY time_ns",
	       "waiter,waker,1\nwaiter,nobody,1\n");
}

static void throttling_is_counted(void **state)
{
	struct world *world = *state;

	fake_throttle(&world->cpu[0], task(A, A, 1));
	fake_throttle(&world->cpu[1], task(A, A, 2));
	finish(world, "SELECT count(*) FROM v_sample", "0\n");
	assert_int_equal(world->pipeline.stats.throttled, 2);
}

/** What is in the rings when it ends is taken, whatever the clock says. */
static void the_last_round_takes_everything(void **state)
{
	struct world *world = *state;

	for (uint64_t i = 0; i < 500; i++)
		fake_sample(&world->cpu[i % CPUS], task(A, A, i), 0);
	scan_all(world);
	pipeline_round(&world->pipeline, START + 250 * NS_PER_MS);
	assert_in_range(world->pipeline.stats.samples, 240, 250);
	finish(world, "SELECT count(*), count(DISTINCT cpu) FROM v_sample",
	       "500,2\n");
	assert_int_equal(world->pipeline.waiting, 0);
}

/** When stopping takes too long what is left is given up, and counted. */
static void the_last_round_has_an_end(void **state)
{
	struct world *world = *state;
	const struct accounting *accounting = &world->pipeline.accounting;
	const uint64_t *fate = accounting->fate;

	for (uint64_t i = 0; i < 500; i++)
		fake_sample(&world->cpu[i % CPUS], task(A, A, i), 0);
	scan_all(world);
	world->pipeline.hold = true;
	pipeline_round(&world->pipeline, START + 250 * NS_PER_MS);
	assert_in_range(world->pipeline.waiting, 240, 250);
	world->pipeline.drain_most_ns = 1;
	finish(world, "SELECT count(*) FROM v_sample", "0\n");
	assert_int_equal(accounting->delivered, 500);
	assert_int_equal(fate[SAMPLE_DROPPED_STOP], 500);
	assert_int_equal(accounting_waiting(accounting), 0);
	assert_int_equal(world->pipeline.stats.dropped, 500);
	assert_int_equal(world->pipeline.waiting, 0);
	assert_int_equal(world->pipeline.waiting_frames, 0);
}

/** What is held for later is stored with more of its kind, if it is not much;
 *  nothing stays behind at the end. */
static void what_is_held_is_stored_later(void **state)
{
	struct world *world = *state;
	struct pipeline *pipeline = &world->pipeline;

	for (uint64_t i = 0; i < 300; i++)
		fake_sample(&world->cpu[i % CPUS], task(A, A, i), 0);
	scan_all(world);
	pipeline->hold = true;
	pipeline_round(pipeline, START + 120 * NS_PER_MS);
	assert_int_equal(pipeline->stats.samples, 0);
	assert_in_range(pipeline->waiting, 110, 120);
	pipeline->hold = false;
	pipeline_round(pipeline, START + 220 * NS_PER_MS);
	assert_in_range(pipeline->stats.samples, 210, 220);
	assert_int_equal(pipeline->waiting_frames, 0);
	pipeline->hold = true;
	pipeline_round(pipeline, START + 250 * NS_PER_MS);
	assert_in_range(pipeline->waiting, 20, 40);
	pipeline->waiting_frames += 1 << 20;
	pipeline_round(pipeline, START + 260 * NS_PER_MS);
	assert_int_equal(pipeline->waiting, 0);
	pipeline->waiting_frames -= 1 << 20;
	finish(world, "SELECT count(*), count(DISTINCT cpu) FROM v_sample",
	       "300,2\n");
	assert_int_equal(pipeline->waiting_frames, 0);
}

/** Processes come and go by the thousand, and leave nothing. */
static void who_is_gone_is_forgotten(void **state)
{
	struct world *world = *state;
	uint64_t ms = 0;

	fake_comm(&world->cpu[0], task(A, A, ms++), "maker", true);
	for (uint32_t i = 1; i <= 2000; i++) {
		fake_fork(&world->cpu[0], task(A, A, ms), task(A + i, A + i,
							       ms));
		fake_sample(&world->cpu[1], task(A + i, A + i, ms + 1), 0);
		fake_exit(&world->cpu[0], task(A + i, A + i, ms + 2));
		ms += 3;
		if (i % 100)
			continue;
		scan_all(world);
		pipeline_round(&world->pipeline,
			       START + (ms + 100) * NS_PER_MS);
	}
	assert_int_equal(HASH_COUNT(world->pipeline.processes.processes), 1);
	assert_null(world->pipeline.processes.exited);
	finish(world, "SELECT count(*), count(DISTINCT pid) FROM v_sample",
	       "2000,2000\n");
	assert_null(world->pipeline.processes.exited_before);
}

/** Whatever a ring holds, the worker goes on. */
static void noise_does_no_harm(void **state)
{
	struct world *world = *state;
	uint64_t words[64];

	srandom(9);
	for (int round = 0; round < 300; round++) {
		size_t count = 2 + (size_t)random() % 62;

		for (size_t i = 0; i < count; i++)
			words[i] = random() % 3 ? (uint64_t)random() :
						  (uint64_t)random() << 33;
		words[0] = (uint64_t)random() % 20 |
			   (uint64_t)(count * 8) << 48;
		if (random() % 2)
			words[1] = FAKE_TIMER_ID;
		fake_write(&world->cpu[round % CPUS], words, count * 8);
		scan_all(world);
		pipeline_round(&world->pipeline, UINT64_MAX / 2);
	}
	assert_true(world->pipeline.merge.broken_records > 0);
	assert_true(world->pipeline.accounting.fate[SAMPLE_REJECTED_BROKEN] >
		    0);
	finish(world, "SELECT count(*) >= 0 FROM v_sample", "1\n");
	assert_int_equal(accounting_waiting(&world->pipeline.accounting), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_sample_belongs_to_who_ran_then),
		TEST(the_latest_name_is_kept),
		TEST(a_stack_of_kernel_frames_has_its_order),
		TEST(code_that_nobody_mapped_is_one_frame),
		TEST(a_loop_that_is_not_known_may_be_anywhere),
		TEST(losses_are_counted),
		TEST(each_event_keeps_its_own_weights),
		TEST(a_new_rate_is_a_new_weight),
		TEST(blocked_time_is_weighed_by_switches),
		TEST(who_ends_a_wait_is_stored),
		TEST(throttling_is_counted),
		TEST(the_last_round_takes_everything),
		TEST(the_last_round_has_an_end),
		TEST(what_is_held_is_stored_later),
		TEST(who_is_gone_is_forgotten),
		TEST(noise_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
