// SPDX-License-Identifier: Apache-2.0
/*
 * Live: needs perf_event_open, and for most of it the right to see the kernel.
 */
#include "tests/daemon/perf/perf_child.h"
#include "tests/daemon/perf/perf_tally.h"

#include "daemon/perf/perf_ring.h"
#include "daemon/perf/tracepoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum {
	NOBODY = 65534,
	SKIP = 77,
	SAMPLES = 250,
	SECONDS = 20,
};

#define assert_no_error(call)                                                  \
	do {                                                                   \
		struct error *error_ = (call);                                 \
		if (error_)                                                    \
			fail_msg("%s", error_->message);                       \
	} while (0)

static uint64_t lost_of(const struct watch *watch)
{
	uint64_t lost = 0;

	for (unsigned int i = 0; i < watch->cpu_count; i++)
		lost += perf_cpu_lost(&watch->cpus[i].perf).samples +
			perf_cpu_lost(&watch->cpus[i].perf).records;
	return lost;
}

static struct perf_scope scope_of(const pid_t *pid)
{
	return (struct perf_scope){ .tids = pid, .tid_count = 1 };
}

// Samples @child, which spins, and says what came.
static void sample_child(struct watch *watch, struct tally *tally,
			 const struct child *child)
{
	struct perf_scope scope = scope_of(&child->pid);

	tally->pid = child->pid;
	tally_find_stack(tally);
	assert_no_error(watch_open(watch, &scope));
	assert_no_error(watch_enable(watch));
	child_go(child);
	assert_true(watch_wait(watch, SAMPLES, SECONDS));
	watch_stop(watch);
	tally_watch(tally, watch);
	print_message("%u samples, %u proofs (%u of others), %u proven, %u "
		      "kernel chains, %u switches, lost %lu, %s\n",
		      tally->samples, tally->proofs, tally->foreign,
		      tally->proven, tally->kernel_chains, tally->switches,
		      lost_of(watch),
		      watch->cpus[0].realtime ? "real-time" : "normal");
}

static void check_samples(const struct tally *tally, const struct watch *watch)
{
	assert_true(tally->samples >= SAMPLES);
	assert_int_equal(tally->misplaced, 0);
	assert_int_equal(tally->disordered, 0);
	assert_int_equal(tally->lost_records, 0);
	assert_int_equal(lost_of(watch), 0);
	assert_true(tally->switches > 0);
}

static void prove_by(enum switch_proof proof, struct tally *tally)
{
	struct child child;
	struct watch watch;

	watch_init_privileged_or_skip(&watch);
	if (proof < watch.features.switch_proof) {
		print_message("skipped: no tracepoint on this host\n");
		skip();
	}
	watch.options.switch_proof = proof;
	child = child_start(child_spin);
	sample_child(&watch, tally, &child);
	child_end(&child);
	assert_int_equal(watch.cpus[0].proof, proof);
	check_samples(tally, &watch);
	if (watch.cpus[0].realtime)
		assert_true(tally->proven * 100 >= tally->samples * 95);
	watch_close(&watch);
}

static void test_proof_by_tracepoint(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	prove_by(SWITCH_PROOF_TRACEPOINT, &tally);
}

static void test_proof_by_software_event(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	prove_by(SWITCH_PROOF_SOFTWARE, &tally);
	assert_int_equal(tally.foreign, 0);
}

static bool become_nobody(void)
{
	return getuid() != 0 || (setgroups(0, NULL) == 0 &&
				 setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
				 setresuid(NOBODY, NOBODY, NOBODY) == 0);
}

// In a process of its own, for there is no way back: 0, SKIP or what failed.
static int run_as_nobody(void)
{
	struct tally tally = { 0 };
	struct child child;
	struct watch watch;

	if (!become_nobody())
		return SKIP;
	prctl(PR_SET_DUMPABLE, 1);
	if (watch_init(&watch))
		return SKIP;
	if (watch.features.kernel_allowed)
		return SKIP;
	child = child_start(child_spin);
	sample_child(&watch, &tally, &child);
	child_end(&child);
	if (watch.cpus[0].proof != SWITCH_PROOF_NONE)
		return 1;
	if (tally.proofs || tally.kernel_chains)
		return 2;
	if (tally.samples < SAMPLES || tally.misplaced || tally.disordered)
		return 3;
	return 0;
}

static void test_ordinary_user(void **state)
{
	int status = 0;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0)
		_exit(run_as_nobody());
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIP) {
		print_message("skipped: this host gives users all, or no, perf "
			      "events\n");
		skip();
	}
	assert_int_equal(status, 0);
}

static void test_inherited_samples_have_the_parents_id(void **state)
{
	struct tally tally = { 0 };
	struct perf_scope scope;
	struct child child;
	struct watch watch;

	(void)state;
	assert_no_error(watch_init(&watch));
	child = child_start(child_fork_and_spin);
	tally.pid = child.pid;
	scope = scope_of(&child.pid);
	assert_no_error(watch_open(&watch, &scope));
	assert_no_error(watch_enable(&watch));
	child_go(&child);
	assert_true(watch_wait(&watch, 50, SECONDS));
	child_end(&child);
	watch_stop(&watch);
	tally_watch(&tally, &watch);
	assert_true(tally.children >= 40);
	assert_int_equal(tally.forks, 1);
	watch_close(&watch);
}

// Nobody takes records out of the smallest ring: what does not fit is counted.
static void test_overrun_is_counted(void **state)
{
	struct tally tally = { 0 };
	struct perf_scope scope;
	struct child child;
	struct watch watch;
	unsigned int tries = 0;

	(void)state;
	assert_no_error(watch_init(&watch));
	if (!watch.features.lost_count) {
		print_message("skipped: a kernel without PERF_FORMAT_LOST\n");
		skip();
	}
	watch.options.ring_bytes = 64 << 10;
	watch.options.stack_bytes = 16 << 10;
	child = child_start(child_spin);
	tally.pid = child.pid;
	scope = scope_of(&child.pid);
	assert_no_error(watch_open(&watch, &scope));
	assert_no_error(watch_enable(&watch));
	child_go(&child);
	while (lost_of(&watch) < 50 && tries++ < SECONDS * 100)
		poll(NULL, 0, 10);
	assert_true(lost_of(&watch) >= 50);
	// With room again, the kernel says in the stream what it had dropped.
	for (unsigned int i = 0; i < watch.cpu_count; i++) {
		struct perf_ring *ring = watch.cpus[i].perf.ring;

		perf_ring_set_tail(ring, perf_ring_head(ring));
	}
	for (tries = 0; !tally.lost_records && tries < SECONDS * 100; tries++) {
		poll(NULL, 0, 10);
		tally = (struct tally){ .pid = child.pid };
		tally_watch(&tally, &watch);
	}
	child_end(&child);
	watch_stop(&watch);
	print_message("lost %lu by count, %lu by record\n", lost_of(&watch),
		      tally.lost);
	assert_true(tally.lost_records > 0);
	assert_true(tally.lost <= lost_of(&watch));
	watch_close(&watch);
}

static unsigned int threads_of(pid_t pid, pid_t *tids, unsigned int room)
{
	unsigned int count = 0;
	struct dirent *entry;
	char path[64];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	assert_non_null(tasks);
	while (count < room && (entry = readdir(tasks)))
		if (entry->d_name[0] != '.')
			tids[count++] = atoi(entry->d_name);
	closedir(tasks);
	return count;
}

// Each thread of a process has an event of its own; only one of them reports.
static void test_mappings_come_once(void **state)
{
	struct tally tally = { 0 }, alerts = { 0 };
	struct perf_scope scope = { .tid_count = 2 };
	unsigned int tries = 0;
	struct child child;
	struct watch watch;
	pid_t tids[2];

	(void)state;
	assert_no_error(watch_init(&watch));
	child = child_start(child_map_code);
	child_go(&child);
	while (threads_of(child.pid, tids, 2) < 2)
		poll(NULL, 0, 1);
	scope.tids = tids;
	assert_no_error(watch_open(&watch, &scope));
	assert_no_error(watch_enable(&watch));
	child_go(&child);
	while (alerts.mappings < CHILD_MAPPINGS && tries++ < SECONDS * 100) {
		poll(NULL, 0, 10);
		alerts = (struct tally){ 0 };
		tally_alerts(&alerts, &watch);
	}
	child_end(&child);
	watch_stop(&watch);
	tally_watch(&tally, &watch);
	assert_int_equal(alerts.mappings, CHILD_MAPPINGS);
	assert_int_equal(tally.mappings, CHILD_MAPPINGS);
	watch_close(&watch);
}

static void test_exec_enables(void **state)
{
	struct tally tally = { 0 }, alerts = { 0 };
	struct perf_scope scope;
	struct child child;
	struct watch watch;

	(void)state;
	assert_no_error(watch_init(&watch));
	child = child_start(child_exec_true);
	scope = scope_of(&child.pid);
	scope.enable_on_exec = true;
	assert_no_error(watch_open(&watch, &scope));
	child_go(&child);
	child_wait(&child);
	watch_stop(&watch);
	tally_watch(&tally, &watch);
	tally_alerts(&alerts, &watch);
	assert_int_equal(tally.execs, 1);
	assert_int_equal(alerts.execs, 1);
	assert_true(tally.mappings >= 2);
	assert_int_equal(tally.mappings, alerts.mappings);
	assert_int_equal(tally.exits, 1);
	watch_close(&watch);
}

// The first thread of a ring exits; poll() must not report a hang-up for ever.
static void test_exited_thread_leaves_the_ring(void **state)
{
	struct pollfd pollfd = { .events = POLLIN };
	struct perf_scope scope;
	struct child child;
	struct watch watch;
	struct error *error;

	(void)state;
	assert_no_error(watch_init(&watch));
	child = child_start(child_spin);
	scope = scope_of(&child.pid);
	assert_no_error(watch_open(&watch, &scope));
	assert_no_error(watch_enable(&watch));
	child_end(&child);
	watch_stop(&watch);
	pollfd.fd = watch.cpus[0].perf.ring->fd;
	poll(&pollfd, 1, 0); // takes the news of the records away
	assert_int_equal(poll(&pollfd, 1, 0), 0);
	error = perf_cpu_attach(&watch.cpus[0].perf, &watch.options, child.pid);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	error_destroy(error);
	watch_close(&watch);
	// And a scope of which nothing is left is empty, not an error.
	assert_no_error(watch_init(&watch));
	assert_no_error(watch_open(&watch, &scope));
	assert_no_error(watch_enable(&watch));
	watch_close(&watch);
}

static void test_attach_later(void **state)
{
	struct perf_scope nothing = { 0 };
	struct tally tally = { 0 };
	struct child child;
	struct watch watch;

	(void)state;
	assert_no_error(watch_init(&watch));
	child = child_start(child_spin);
	tally.pid = child.pid;
	tally_find_stack(&tally);
	assert_no_error(watch_open(&watch, &nothing));
	for (unsigned int i = 0; i < watch.cpu_count; i++)
		assert_no_error(perf_cpu_attach(&watch.cpus[i].perf,
						&watch.options, child.pid));
	child_go(&child);
	assert_true(watch_wait(&watch, 50, SECONDS));
	child_end(&child);
	watch_stop(&watch);
	tally_watch(&tally, &watch);
	assert_true(tally.samples >= 50);
	assert_int_equal(tally.misplaced, 0);
	watch_close(&watch);
}

static void test_whole_host(void **state)
{
	struct perf_scope everything = { .system_wide = true };
	struct tally tally = { 0 };
	struct child child;
	struct watch watch;

	(void)state;
	watch_init_privileged_or_skip(&watch);
	child = child_start(child_spin);
	tally.pid = child.pid;
	tally_find_stack(&tally);
	assert_no_error(watch_open(&watch, &everything));
	assert_no_error(watch_enable(&watch));
	child_go(&child);
	assert_true(watch_wait(&watch, 100, SECONDS));
	child_end(&child);
	watch_stop(&watch);
	tally_watch(&tally, &watch);
	assert_int_equal(tally.disordered, 0);
	assert_true(tally.switches > 0);
	assert_true(tally.samples + tally.children >= 100);
	watch_close(&watch);
}

static void read_mounts(char *text, size_t size)
{
	FILE *file = fopen("/proc/mounts", "re");

	assert_non_null(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
}

static void test_tracepoint_leaves_the_host_alone(void **state)
{
	static char before[1 << 16], after[1 << 16];
	struct tracepoint found = { 0 };
	struct error *error;

	(void)state;
	if (getuid() != 0) {
		print_message("skipped: tracefs needs root\n");
		skip();
	}
	read_mounts(before, sizeof(before));
	error = tracepoint_find("sched/sched_switch", "next_pid", &found);
	read_mounts(after, sizeof(after));
	assert_string_equal(before, after);
	if (error && error->code == ERROR_PERMISSION) {
		print_message("skipped: %s\n", error->message);
		error_destroy(error);
		skip();
	}
	assert_no_error(error);
	assert_true(found.id > 0);
	// Behind the eight bytes that all tracepoints have, and prev_comm.
	assert_in_range(found.field_offset, 8 + 16, 256);
	assert_int_equal(found.field_size, sizeof(pid_t));
	error = tracepoint_find("sched/sched_switch", "no_such_field", &found);
	assert_non_null(error);
	error_destroy(error);
	error = tracepoint_find("sched/no_such_event", "next_pid", &found);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	error_destroy(error);
}

static void test_names(void **state)
{
	struct perf_event_choice choice;
	struct perf_features features;
	struct error *error;
	char *note = NULL;

	(void)state;
	assert_no_error(perf_features_probe(&opener_direct, &features));
	assert_no_error(perf_event_choose("task-clock", &features, &choice,
					  &note));
	assert_int_equal(choice.config, PERF_COUNT_SW_TASK_CLOCK);
	assert_int_equal(choice.kind, PERF_CHOICE_CLOCK);
	assert_null(note);
	assert_no_error(perf_event_choose("cycles:u", &features, &choice,
					  &note));
	// Counted, or replaced and said so.
	assert_true(features.hardware ? choice.exclude_kernel : note != NULL);
	free(note);
	error = perf_event_choose("no-such-event", &features, &choice, &note);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_USAGE);
	error_destroy(error);
}

static void test_bad_options(void **state)
{
	struct perf_scope nothing = { 0 };
	struct watch watch;
	struct error *error;

	(void)state;
	assert_no_error(watch_init(&watch));
	watch.options.frequency_hz = watch.features.max_rate_hz + 1;
	error = watch_open(&watch, &nothing);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_USAGE);
	error_destroy(error);
	watch.options.frequency_hz = 99;
	watch.options.stack_bytes = 65536;
	error = watch_open(&watch, &nothing);
	assert_non_null(error);
	error_destroy(error);
	watch_close(&watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proof_by_tracepoint),
		cmocka_unit_test(test_proof_by_software_event),
		cmocka_unit_test(test_ordinary_user),
		cmocka_unit_test(test_inherited_samples_have_the_parents_id),
		cmocka_unit_test(test_overrun_is_counted),
		cmocka_unit_test(test_mappings_come_once),
		cmocka_unit_test(test_exec_enables),
		cmocka_unit_test(test_exited_thread_leaves_the_ring),
		cmocka_unit_test(test_attach_later),
		cmocka_unit_test(test_whole_host),
		cmocka_unit_test(test_tracepoint_leaves_the_host_alone),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_bad_options),
	};
	struct perf_features features;
	struct error *error = perf_features_probe(&opener_direct, &features);

	if (error) {
		printf("skipped: %s\n", error->message);
		error_destroy(error);
		return SKIP;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
