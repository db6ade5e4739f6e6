// SPDX-License-Identifier: Apache-2.0
/*
 * Live: needs the right to see the kernel.
 */
#include "daemon/perf/perf_switches.h"

#include "daemon/perf/late_close.h"
#include "tests/daemon/perf/perf_child.h"
#include "tests/daemon/perf/perf_tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <unistd.h>

enum { SECONDS = 20, PIPES = 200 };

#define assert_no_error(call)                                                  \
	do {                                                                   \
		struct error *error_ = (call);                                 \
		if (error_)                                                    \
			fail_msg("%s", error_->message);                       \
	} while (0)

// Events that each context switch pays for, as far as they are open.
static unsigned int open_switch_events(const struct watch *watch)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < watch->cpu_count; i++) {
		const struct perf_cpu *cpu = &watch->cpus[i].perf;

		for (size_t j = 0; j < cpu->fd_count; j++)
			count += (cpu->sources[j] == PERF_SOURCE_SWITCHES ||
				  cpu->sources[j] == PERF_SOURCE_PROOF) &&
				 cpu->fds[j] >= 0;
	}
	return count;
}

static struct tally tally_all(const struct watch *watch)
{
	struct tally tally = { 0 };

	tally_watch(&tally, watch);
	assert_int_equal(tally.disordered, 0);
	return tally;
}

static bool record_switches(struct watch *watch, bool on)
{
	bool done = true;

	for (unsigned int i = 0; i < watch->cpu_count; i++)
		done &= perf_cpu_record_switches(&watch->cpus[i].perf,
						 &watch->options, on);
	return done;
}

static void wait_for_more(struct watch *watch)
{
	uint64_t samples = __atomic_load_n(&watch->samples, __ATOMIC_RELAXED);

	assert_true(watch_wait(watch, samples + 30, SECONDS));
}

// The whole host pays for these events while they exist: off means closed. Their
// records are known when they have been opened again, with other ids.
static void they_go_off_and_on(void **state)
{
	struct perf_scope everything = { .system_wide = true };
	struct tally before, after;
	unsigned int count;
	struct child child;
	struct watch watch;

	(void)state;
	watch_init_privileged_or_skip(&watch);
	child = child_start(child_spin);
	assert_no_error(watch_open(&watch, &everything));
	assert_no_error(watch_enable(&watch));
	child_go(&child);
	wait_for_more(&watch);
	count = open_switch_events(&watch);
	assert_int_equal(count, 2 * watch.cpu_count);
	assert_true(record_switches(&watch, false));
	assert_int_equal(open_switch_events(&watch), 0);
	before = tally_all(&watch);
	assert_true(before.switches > 0 && before.proofs > 0);
	wait_for_more(&watch);
	after = tally_all(&watch);
	assert_int_equal(after.switches, before.switches);
	assert_int_equal(after.proofs, before.proofs);
	assert_true(record_switches(&watch, false));
	assert_true(record_switches(&watch, true));
	assert_true(record_switches(&watch, true));
	assert_int_equal(open_switch_events(&watch), count);
	wait_for_more(&watch);
	child_end(&child);
	watch_stop(&watch);
	after = tally_all(&watch);
	assert_true(after.switches > before.switches);
	assert_true(after.proofs > before.proofs + 10);
	for (unsigned int i = 0; i < watch.cpu_count; i++)
		assert_int_equal(perf_cpu_lost(&watch.cpus[i].perf).records, 0);
	watch_close(&watch);
}

// Whoever runs on another CPU than before is told of, each time; and no switch.
static void moves_are_told(void **state)
{
	struct perf_scope everything = { .system_wide = true };
	struct tally tally = { 0 };
	struct child child;
	struct watch watch;

	(void)state;
	watch_init_privileged_or_skip(&watch);
	watch.options.by_moves = true;
	child = child_start(child_move);
	child_hold(&child);
	assert_no_error(watch_open(&watch, &everything));
	if (watch.cpu_count < 2) {
		print_message("skipped: there is one CPU\n");
		skip();
	}
	assert_no_error(watch_enable(&watch));
	child_go(&child);
	child_wait(&child);
	watch_stop(&watch);
	tally.pid = child.pid;
	tally_watch(&tally, &watch);
	// One more when it fell asleep on another CPU than it is held on.
	assert_in_range(tally.moves, CHILD_MOVES, CHILD_MOVES + 1);
	assert_int_equal(tally.switches, 0);
	assert_int_equal(tally.lost_records, 0);
	watch_close(&watch);
}

// A pipe reads its end when the last writer is closed.
static void all_that_waits_is_closed(void **state)
{
	struct late_close *closer = NULL;
	int ends[2];
	char byte;

	(void)state;
	assert_no_error(late_close_start(&opener_direct, &closer));
	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < PIPES; i++)
		late_close_fd(closer, dup(ends[1]));
	late_close_fd(closer, -1);
	late_close_fd(NULL, ends[1]);
	late_close_stop(closer);
	// Nobody is left who could write.
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_go_off_and_on),
		cmocka_unit_test(moves_are_told),
		cmocka_unit_test(all_that_waits_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
