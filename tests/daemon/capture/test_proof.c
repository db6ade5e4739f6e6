// SPDX-License-Identifier: Apache-2.0
#include "tests/daemon/capture/proof_trial.h"

#include "tests/cmocka.h"

#include <string.h>

static void the_tracepoint_proves(void **state)
{
	struct trial trial;

	(void)state;
	trial_begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	trial_switch_out(&trial, TID, SAMPLE + 5);
	assert_int_equal(trial_verdict(&trial), PROOF_HOLDS);
}

static void the_tracepoint_of_another_cpu_says_nothing(void **state)
{
	struct trial trial;

	(void)state;
	trial_begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	trial_switch_out_on(&trial, TID, CPU + 1, SAMPLE + 5);
	assert_int_equal(trial_verdict(&trial), PROOF_NO_SWITCH);
}

static void no_switch_is_no_proof(void **state)
{
	struct trial trial;

	(void)state;
	trial_begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	assert_int_equal(trial_verdict(&trial), PROOF_NO_SWITCH);
	trial_begin_with_sample(&trial, SWITCH_PROOF_SOFTWARE);
	assert_int_equal(trial_verdict(&trial), PROOF_NO_SWITCH);
	trial_begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	trial_switch_out(&trial, TID, SAMPLE - 1);
	trial_switch_out(&trial, TID, END + 1);
	assert_int_equal(trial_verdict(&trial), PROOF_NO_SWITCH);
}

// A loop is at the same place with the same registers when a tick ends its time.
static void who_comes_late_without_real_time_proves_nothing(void **state)
{
	static const struct {
		uint64_t most_ns, after_ns;
		enum proof_reason reason;
	} cases[] = {
		{ 20, 20, PROOF_HOLDS },
		{ 20, 21, PROOF_LATE_SWITCH },
		{ 0, 49, PROOF_HOLDS },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct trial trial;

		trial_begin_with_sample(&trial, i % 2 ? SWITCH_PROOF_TRACEPOINT :
						  SWITCH_PROOF_SOFTWARE);
		trial.book.switch_most_ns = cases[i / 2].most_ns;
		trial_switch_out(&trial, TID, SAMPLE + cases[i / 2].after_ns);
		assert_int_equal(trial_verdict(&trial), cases[i / 2].reason);
	}
}

static void another_thread_came_first(void **state)
{
	struct trial trial;

	(void)state;
	trial_begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	trial_switch_out(&trial, OTHER, SAMPLE + 5);
	trial_switch_out(&trial, TID, SAMPLE + 9);
	assert_int_equal(trial_verdict(&trial), PROOF_OTHER_THREAD);
}

// An off-CPU sample has no switch to look at: it is one.
static void who_is_off_the_cpu_stays_there(void **state)
{
	struct trial trial;
	struct perf_record record = {
		.type = PERF_RECORD_SAMPLE, .pid = PID, .tid = TID,
		.time_ns = SAMPLE, .cpu = CPU, .sample = { .regs = trial.regs },
	};

	(void)state;
	for (unsigned int back = 0; back < 3; back++) {
		trial_begin(&trial, SWITCH_PROOF_TRACEPOINT);
		assert_non_null(proof_book_add(&trial.book, &record, END, 3,
					       PROOF_OFF_CPU, &trial));
		trial_switch_in(&trial, OTHER, SAMPLE + 2);
		if (back == 1)
			trial_switch_in(&trial, TID, END);
		if (back == 2)
			trial_switch_in(&trial, TID, END + 1);
		assert_int_equal(trial_verdict(&trial), back == 1 ?
				 PROOF_RAN_BEFORE_READ : PROOF_HOLDS);
	}
}

static enum proof_reason verdict_of_windows(uint64_t off_ns, uint64_t on_ns)
{
	struct trial trial;

	trial_begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	trial_switch_out(&trial, TID, SAMPLE + 5);
	proof_book_switches_off(&trial.book, off_ns);
	proof_book_switches_on(&trial.book, on_ns);
	return trial_verdict(&trial);
}

static void without_switch_records_is_no_proof(void **state)
{
	(void)state;
	assert_int_equal(verdict_of_windows(END + 1, END + 9), PROOF_HOLDS);
	assert_int_equal(verdict_of_windows(END, END + 9), PROOF_SWITCHES_OFF);
	assert_int_equal(verdict_of_windows(SAMPLE - 9, SAMPLE), PROOF_HOLDS);
	assert_int_equal(verdict_of_windows(SAMPLE - 9, SAMPLE + 1),
			 PROOF_SWITCHES_OFF);
	assert_int_equal(verdict_of_windows(SAMPLE - 9, END + 1),
			 PROOF_SWITCHES_OFF);
}

static void the_first_moment_is_no_proof(void **state)
{
	static const struct {
		uint64_t from_ns;
		enum proof_reason reason;
	} rows[] = {
		{ SAMPLE, PROOF_HOLDS },
		{ SAMPLE + 1, PROOF_SWITCHES_OFF },
	};
	struct trial trial;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		trial_begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
		proof_book_begin(&trial.book, rows[i].from_ns);
		trial_switch_out(&trial, TID, SAMPLE + 5);
		assert_int_equal(trial_verdict(&trial), rows[i].reason);
	}
}

static void any_other_register_is_no_proof(void **state)
{
	static const enum switch_proof proofs[] = { SWITCH_PROOF_TRACEPOINT,
						    SWITCH_PROOF_SOFTWARE };
	struct trial trial;

	(void)state;
	for (unsigned int i = 0; i < arch_x86_64.perf_count * 2; i++) {
		trial_begin_with_sample(&trial, proofs[i % 2]);
		trial.switch_regs[i / 2]++;
		trial_switch_out(&trial, TID, SAMPLE + 5);
		assert_int_equal(trial_verdict(&trial), PROOF_REGISTERS);
	}
}

static void a_record_without_registers_is_no_proof(void **state)
{
	struct perf_record record = { .type = PERF_RECORD_SAMPLE, .tid = TID,
				      .time_ns = SAMPLE + 1, .cpu = CPU };
	struct trial trial;

	(void)state;
	trial_begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	proof_book_evidence(&trial.book, &record, PERF_KIND_PROOF);
	assert_int_equal(trial_verdict(&trial), PROOF_REGISTERS);
}

/** The result of a system call that the sample hit, and nothing else. */
static void a_system_call_may_have_its_result(void **state)
{
	unsigned int result = (unsigned int)arch_x86_64.perf_result;
	struct trial trial;

	(void)state;
	for (int in_kernel = 0; in_kernel < 2; in_kernel++) {
		trial_begin(&trial, SWITCH_PROOF_TRACEPOINT);
		trial.regs[result] = arch_x86_64.result_pending;
		trial.switch_regs[result] = 42;
		trial_add_sample(&trial, SAMPLE, END, 0,
				 in_kernel ? PERF_RECORD_MISC_KERNEL :
					     PERF_RECORD_MISC_USER);
		trial_switch_out(&trial, TID, SAMPLE + 5);
		assert_int_equal(trial_verdict(&trial), in_kernel ? PROOF_HOLDS :
							      PROOF_REGISTERS);
	}
	trial_begin(&trial, SWITCH_PROOF_TRACEPOINT);
	trial.switch_regs[result] = 42;
	trial_add_sample(&trial, SAMPLE, END, 0, PERF_RECORD_MISC_KERNEL);
	trial_switch_out(&trial, TID, SAMPLE + 5);
	assert_int_equal(trial_verdict(&trial), PROOF_REGISTERS);
}

// A signal's handler is entered: what is on the stack says what was before. Here
// every register is kept but for the stack pointer, the program counter, the
// handler's arguments and the result.
static enum proof_reason verdict_of_signal(uint64_t ran_on)
{
	enum { SP = 7, IP = 8, FLAGS = 9, FRAME = 0x7000, SIGNUM = 14 };
	const struct arch_signal_register *rules = arch_x86_64.perf_signal;
	uint8_t stack[512] = { 0 };
	struct trial trial;
	struct perf_record record = {
		.type = PERF_RECORD_SAMPLE, .pid = PID, .tid = TID,
		.time_ns = SAMPLE + 5, .cpu = CPU,
		.sample = { .regs = trial.switch_regs, .stack = stack,
			    .stack_size = sizeof(stack) },
	};

	trial_begin(&trial, SWITCH_PROOF_TRACEPOINT);
	trial.regs[FLAGS] = trial.switch_regs[FLAGS] = 0;
	trial_add_sample(&trial, SAMPLE, END, 0, PERF_RECORD_MISC_USER);
	trial.regs[IP] += ran_on;
	for (unsigned int i = 0; i < arch_x86_64.perf_count; i++) {
		if (rules[i].saved)
			memcpy(stack + rules[i].saved, &trial.regs[i],
			       sizeof(uint64_t));
		if (rules[i].at_entry == ARCH_SIGNAL_STACK)
			trial.switch_regs[i] = FRAME + rules[i].offset;
		else if (rules[i].at_entry == ARCH_SIGNAL_NUMBER)
			trial.switch_regs[i] = SIGNUM;
		else if (rules[i].at_entry != ARCH_SIGNAL_KEPT)
			trial.switch_regs[i] = rules[i].offset;
	}
	trial.switch_regs[IP] = 0x401000;
	proof_book_evidence(&trial.book, &record, PERF_KIND_PROOF);
	return trial_verdict(&trial);
}

static void a_signal_may_have_been_delivered(void **state)
{
	(void)state;
	assert_int_equal(verdict_of_signal(0), PROOF_HOLDS);
	assert_int_equal(verdict_of_signal(1), PROOF_REGISTERS);
}

static void the_reader_was_interrupted(void **state)
{
	struct trial trial;

	(void)state;
	// A second switch to the reader before it had read everything.
	trial_begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	trial_switch_out(&trial, TID, SAMPLE + 5);
	trial_switch_out(&trial, OTHER, SAMPLE + 30);
	assert_int_equal(trial_verdict(&trial), PROOF_READER_INTERRUPTED);
	// After it had, that is the next sample's.
	trial_begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	trial_switch_out(&trial, TID, SAMPLE + 5);
	trial_switch_out(&trial, OTHER, END + 1);
	assert_int_equal(trial_verdict(&trial), PROOF_HOLDS);
	// By its own count.
	trial_begin(&trial, SWITCH_PROOF_SOFTWARE);
	trial_add_sample(&trial, SAMPLE, END, 1, PERF_RECORD_MISC_USER);
	trial_switch_out(&trial, TID, SAMPLE + 5);
	assert_int_equal(trial_verdict(&trial), PROOF_READER_INTERRUPTED);
}

static void it_ran_again_before_the_end_of_the_reads(void **state)
{
	static const struct {
		uint64_t time_ns;
		uint32_t tid;
		enum proof_reason reason;
	} rows[] = {
		{ SAMPLE - 1, TID, PROOF_HOLDS },
		{ SAMPLE + 6, TID, PROOF_RAN_BEFORE_READ },
		{ SAMPLE + 6, OTHER, PROOF_HOLDS },
		{ END, TID, PROOF_RAN_BEFORE_READ },
		{ END + 1, TID, PROOF_HOLDS },
	};
	static const enum switch_proof proofs[] = { SWITCH_PROOF_TRACEPOINT,
						    SWITCH_PROOF_SOFTWARE };
	struct trial trial;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) * 2; i++) {
		trial_begin_with_sample(&trial, proofs[i % 2]);
		trial_switch_out(&trial, TID, SAMPLE + 5);
		trial_switch_in(&trial, rows[i / 2].tid, rows[i / 2].time_ns);
		assert_int_equal(trial_verdict(&trial), rows[i / 2].reason);
	}
	trial_begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	trial_switch_out(&trial, TID, SAMPLE + 5);
	trial_switch_record(&trial, PERF_RECORD_SWITCH_CPU_WIDE, TID, SAMPLE + 9,
			    false);
	assert_int_equal(trial_verdict(&trial), PROOF_RAN_BEFORE_READ);
	trial_begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	trial_switch_out(&trial, TID, SAMPLE + 5);
	trial_switch_record(&trial, PERF_RECORD_SWITCH, TID, SAMPLE + 5, true);
	assert_int_equal(trial_verdict(&trial), PROOF_HOLDS);
}

static void by_software_others_do_not_matter(void **state)
{
	struct trial trial;

	(void)state;
	trial_begin_with_sample(&trial, SWITCH_PROOF_SOFTWARE);
	trial_switch_out(&trial, OTHER, SAMPLE + 1);
	trial_switch_out_on(&trial, TID, CPU, SAMPLE + 2);
	trial_switch_out(&trial, OTHER, SAMPLE + 3);
	assert_int_equal(trial_verdict(&trial), PROOF_HOLDS);
}

/** It was on its CPU until after the reads: the reader stood beside it. */
static void by_software_a_late_switch_is_no_proof(void **state)
{
	struct trial trial;

	(void)state;
	trial_begin_with_sample(&trial, SWITCH_PROOF_SOFTWARE);
	trial_switch_out(&trial, TID, END + 1);
	assert_int_equal(trial_verdict(&trial), PROOF_NO_SWITCH);
}

static void by_software_only_the_first_switch_counts(void **state)
{
	struct trial trial;

	(void)state;
	trial_begin_with_sample(&trial, SWITCH_PROOF_SOFTWARE);
	trial.switch_regs[0]++;
	trial_switch_out(&trial, TID, SAMPLE + 2);
	trial.switch_regs[0]--;
	trial_switch_out(&trial, TID, SAMPLE + 9);
	assert_int_equal(trial_verdict(&trial), PROOF_REGISTERS);
}

static void without_permission_nothing_is_proven(void **state)
{
	struct trial trial;

	(void)state;
	trial_begin_with_sample(&trial, SWITCH_PROOF_NONE);
	trial_switch_out(&trial, TID, SAMPLE + 5);
	assert_int_equal(trial_verdict(&trial), PROOF_NOT_PERMITTED);
}

static void a_loss_is_no_proof(void **state)
{
	struct trial trial;

	(void)state;
	for (uint64_t until = SAMPLE - 1; until <= SAMPLE + 1; until++) {
		trial_begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
		trial_switch_out(&trial, TID, SAMPLE + 5);
		trial.book.doubt_until_ns = until;
		assert_int_equal(trial_verdict(&trial), until < SAMPLE ?
							  PROOF_HOLDS :
							  PROOF_RECORDS_LOST);
	}
}

static void only_so_many_wait(void **state)
{
	struct perf_record record = { .time_ns = SAMPLE, .tid = TID };
	struct trial trial;

	(void)state;
	trial_begin(&trial, SWITCH_PROOF_TRACEPOINT);
	assert_null(proof_book_add(&trial.book, &record, END, 0,
				    PROOF_ANYWHERE, &trial));
	record.sample.regs = trial.regs;
	for (int i = 0; i < PROOF_WAITING_MAX; i++)
		assert_non_null(proof_book_add(&trial.book, &record, END, 0,
					       PROOF_ANYWHERE, &trial));
	assert_null(proof_book_add(&trial.book, &record, END, 0,
				    PROOF_ANYWHERE, &trial));
	proof_book_settle(&trial.book, UINT64_MAX, trial_on_done, &trial);
	assert_int_equal(trial.decided, PROOF_WAITING_MAX);
	proof_book_deinit(&trial.book);
}

static void every_reason_has_words(void **state)
{
	(void)state;
	for (int i = 0; i < PROOF_REASON_COUNT; i++) {
		assert_non_null(proof_reason_name(i));
		assert_non_null(proof_reason_text(i));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(proof_reason_name(i),
						proof_reason_name(j));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tracepoint_proves),
		cmocka_unit_test(the_tracepoint_of_another_cpu_says_nothing),
		cmocka_unit_test(no_switch_is_no_proof),
		cmocka_unit_test(who_comes_late_without_real_time_proves_nothing),
		cmocka_unit_test(another_thread_came_first),
		cmocka_unit_test(the_first_moment_is_no_proof),
		cmocka_unit_test(any_other_register_is_no_proof),
		cmocka_unit_test(who_is_off_the_cpu_stays_there),
		cmocka_unit_test(without_switch_records_is_no_proof),
		cmocka_unit_test(a_record_without_registers_is_no_proof),
		cmocka_unit_test(a_system_call_may_have_its_result),
		cmocka_unit_test(a_signal_may_have_been_delivered),
		cmocka_unit_test(the_reader_was_interrupted),
		cmocka_unit_test(it_ran_again_before_the_end_of_the_reads),
		cmocka_unit_test(by_software_others_do_not_matter),
		cmocka_unit_test(by_software_a_late_switch_is_no_proof),
		cmocka_unit_test(by_software_only_the_first_switch_counts),
		cmocka_unit_test(without_permission_nothing_is_proven),
		cmocka_unit_test(a_loss_is_no_proof),
		cmocka_unit_test(only_so_many_wait),
		cmocka_unit_test(every_reason_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
