// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/proof.h"

#include "tests/cmocka.h"

#include <string.h>

enum {
	PID = 100,
	TID = 101,
	OTHER = 202,
	READER = 303,
	STOPPER = 18,
	CPU = 3,
	SAMPLE = 1000,
	END = 1050,
};

/** A book with one sample that waits, and what becomes of it. */
struct trial {
	struct proof_book book;
	uint64_t regs[PROOF_REGS_MAX];
	uint64_t switch_regs[PROOF_REGS_MAX];
	unsigned int decided;
	enum proof_reason reason;
};

static void add_sample(struct trial *trial, uint64_t time_ns, uint64_t end_ns,
		       uint32_t reader_switches, uint16_t misc)
{
	struct perf_record record = {
		.type = PERF_RECORD_SAMPLE, .misc = misc,
		.pid = PID, .tid = TID, .time_ns = time_ns, .cpu = CPU,
		.sample = { .regs = trial->regs },
	};

	assert_non_null(proof_book_add(&trial->book, &record, end_ns,
				       reader_switches, PROOF_ANYWHERE, trial));
}

static void begin(struct trial *trial, enum switch_proof proof)
{
	memset(trial, 0, sizeof(*trial));
	assert_null(proof_book_init(&trial->book, &arch_x86_64));
	trial->book.switch_proof = proof;
	for (unsigned int i = 0; i < PROOF_REGS_MAX; i++)
		trial->regs[i] = trial->switch_regs[i] = i * 1000 + 7;
}

static void begin_with_sample(struct trial *trial, enum switch_proof proof)
{
	begin(trial, proof);
	add_sample(trial, SAMPLE, END, 0, PERF_RECORD_MISC_USER);
}

static void switch_out_on(struct trial *trial, uint32_t tid, uint32_t cpu,
			  uint64_t time_ns)
{
	struct perf_record record = {
		.type = PERF_RECORD_SAMPLE, .pid = PID, .tid = tid,
		.time_ns = time_ns, .cpu = cpu,
		.sample = { .regs = trial->switch_regs },
	};

	proof_book_evidence(&trial->book, &record, PERF_KIND_PROOF);
}

static void switch_out(struct trial *trial, uint32_t tid, uint64_t time_ns)
{
	switch_out_on(trial, tid, CPU, time_ns);
}

static void switch_record(struct trial *trial, uint32_t type, uint32_t tid,
			  uint64_t time_ns, bool out)
{
	struct perf_record record = {
		.type = type, .pid = PID, .tid = tid, .time_ns = time_ns,
		.cpu = CPU + 1, .switched = { .out = out },
	};

	proof_book_evidence(&trial->book, &record, PERF_KIND_OTHER);
}

static void switch_in(struct trial *trial, uint32_t tid, uint64_t time_ns)
{
	switch_record(trial, PERF_RECORD_SWITCH, tid, time_ns, false);
}

static void on_done(void *context, const struct proof *proof,
		    enum proof_reason reason)
{
	struct trial *trial = context;

	assert_ptr_equal(proof->sample, trial);
	trial->decided++;
	trial->reason = reason;
}

static enum proof_reason verdict(struct trial *trial)
{
	proof_book_settle(&trial->book, END, on_done, trial);
	assert_int_equal(trial->decided, 0);
	proof_book_settle(&trial->book, END + 1, on_done, trial);
	assert_int_equal(trial->decided, 1);
	assert_int_equal(trial->book.count, 0);
	proof_book_deinit(&trial->book);
	return trial->reason;
}

static void the_tracepoint_proves(void **state)
{
	struct trial trial;

	(void)state;
	begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	switch_out(&trial, TID, SAMPLE + 5);
	assert_int_equal(verdict(&trial), PROOF_HOLDS);
}

static void the_tracepoint_of_another_cpu_says_nothing(void **state)
{
	struct trial trial;

	(void)state;
	begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	switch_out_on(&trial, TID, CPU + 1, SAMPLE + 5);
	assert_int_equal(verdict(&trial), PROOF_NO_SWITCH);
}

static void no_switch_is_no_proof(void **state)
{
	struct trial trial;

	(void)state;
	begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	assert_int_equal(verdict(&trial), PROOF_NO_SWITCH);
	begin_with_sample(&trial, SWITCH_PROOF_SOFTWARE);
	assert_int_equal(verdict(&trial), PROOF_NO_SWITCH);
	begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	switch_out(&trial, TID, SAMPLE - 1);
	switch_out(&trial, TID, END + 1);
	assert_int_equal(verdict(&trial), PROOF_NO_SWITCH);
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

		begin_with_sample(&trial, i % 2 ? SWITCH_PROOF_TRACEPOINT :
						  SWITCH_PROOF_SOFTWARE);
		trial.book.switch_most_ns = cases[i / 2].most_ns;
		switch_out(&trial, TID, SAMPLE + cases[i / 2].after_ns);
		assert_int_equal(verdict(&trial), cases[i / 2].reason);
	}
}

static void another_thread_came_first(void **state)
{
	struct trial trial;

	(void)state;
	begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	switch_out(&trial, OTHER, SAMPLE + 5);
	switch_out(&trial, TID, SAMPLE + 9);
	assert_int_equal(verdict(&trial), PROOF_OTHER_THREAD);
}

static void stopper_gives_way(struct trial *trial, uint64_t time_ns)
{
	struct perf_record record = { .type = PERF_RECORD_SAMPLE,
				      .tid = STOPPER, .time_ns = time_ns,
				      .cpu = CPU };

	proof_book_evidence(&trial->book, &record, PERF_KIND_PROOF);
}

// Its switch in is recorded, as the reader's is: the first is what counts.
static void the_stopper_may_go_first(void **state)
{
	static const struct {
		uint64_t register_change;
		uint32_t then; /* gives way after the stopper has; 0: nobody */
		bool ran;
		enum proof_reason reason;
	} rows[] = {
		{ 0, 0, false, PROOF_HOLDS },
		{ 1, 0, false, PROOF_REGISTERS },
		{ 0, OTHER, false, PROOF_READER_INTERRUPTED },
		{ 0, 0, true, PROOF_RAN_BEFORE_READ },
		{ 0, TID, true, PROOF_RAN_BEFORE_READ },
	};
	struct trial trial;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
		trial.switch_regs[0] += rows[i].register_change;
		switch_out(&trial, TID, SAMPLE + 5);
		stopper_gives_way(&trial, SAMPLE + 9);
		if (rows[i].ran)
			switch_in(&trial, TID, SAMPLE + 10);
		if (rows[i].then)
			switch_out(&trial, rows[i].then, SAMPLE + 12);
		assert_int_equal(verdict(&trial), rows[i].reason);
	}
}

static void the_stopper_may_not_come_between(void **state)
{
	struct trial trial;

	(void)state;
	begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	switch_out(&trial, TID, SAMPLE + 5);
	switch_out(&trial, READER, SAMPLE + 20);
	stopper_gives_way(&trial, SAMPLE + 25);
	assert_int_equal(verdict(&trial), PROOF_READER_INTERRUPTED);
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
		begin(&trial, SWITCH_PROOF_TRACEPOINT);
		assert_non_null(proof_book_add(&trial.book, &record, END, 3,
					       PROOF_OFF_CPU, &trial));
		switch_in(&trial, OTHER, SAMPLE + 2);
		if (back == 1)
			switch_in(&trial, TID, END);
		if (back == 2)
			switch_in(&trial, TID, END + 1);
		assert_int_equal(verdict(&trial), back == 1 ?
				 PROOF_RAN_BEFORE_READ : PROOF_HOLDS);
	}
}

static enum proof_reason verdict_of_windows(uint64_t off_ns, uint64_t on_ns)
{
	struct trial trial;

	begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	switch_out(&trial, TID, SAMPLE + 5);
	proof_book_switches_off(&trial.book, off_ns);
	proof_book_switches_on(&trial.book, on_ns);
	return verdict(&trial);
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

static void any_other_register_is_no_proof(void **state)
{
	static const enum switch_proof proofs[] = { SWITCH_PROOF_TRACEPOINT,
						    SWITCH_PROOF_SOFTWARE };
	struct trial trial;

	(void)state;
	for (unsigned int i = 0; i < arch_x86_64.perf_count * 2; i++) {
		begin_with_sample(&trial, proofs[i % 2]);
		trial.switch_regs[i / 2]++;
		switch_out(&trial, TID, SAMPLE + 5);
		assert_int_equal(verdict(&trial), PROOF_REGISTERS);
	}
}

static void a_record_without_registers_is_no_proof(void **state)
{
	struct perf_record record = { .type = PERF_RECORD_SAMPLE, .tid = TID,
				      .time_ns = SAMPLE + 1, .cpu = CPU };
	struct trial trial;

	(void)state;
	begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	proof_book_evidence(&trial.book, &record, PERF_KIND_PROOF);
	assert_int_equal(verdict(&trial), PROOF_REGISTERS);
}

/** The result of a system call that the sample hit, and nothing else. */
static void a_system_call_may_have_its_result(void **state)
{
	unsigned int result = (unsigned int)arch_x86_64.perf_result;
	struct trial trial;

	(void)state;
	for (int in_kernel = 0; in_kernel < 2; in_kernel++) {
		begin(&trial, SWITCH_PROOF_TRACEPOINT);
		trial.regs[result] = arch_x86_64.result_pending;
		trial.switch_regs[result] = 42;
		add_sample(&trial, SAMPLE, END, 0,
			   in_kernel ? PERF_RECORD_MISC_KERNEL :
				       PERF_RECORD_MISC_USER);
		switch_out(&trial, TID, SAMPLE + 5);
		assert_int_equal(verdict(&trial), in_kernel ? PROOF_HOLDS :
							      PROOF_REGISTERS);
	}
	begin(&trial, SWITCH_PROOF_TRACEPOINT);
	trial.switch_regs[result] = 42;
	add_sample(&trial, SAMPLE, END, 0, PERF_RECORD_MISC_KERNEL);
	switch_out(&trial, TID, SAMPLE + 5);
	assert_int_equal(verdict(&trial), PROOF_REGISTERS);
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

	begin(&trial, SWITCH_PROOF_TRACEPOINT);
	trial.regs[FLAGS] = trial.switch_regs[FLAGS] = 0;
	add_sample(&trial, SAMPLE, END, 0, PERF_RECORD_MISC_USER);
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
	return verdict(&trial);
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
	begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	switch_out(&trial, TID, SAMPLE + 5);
	switch_out(&trial, OTHER, SAMPLE + 30);
	assert_int_equal(verdict(&trial), PROOF_READER_INTERRUPTED);
	// After it had, that is the next sample's.
	begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	switch_out(&trial, TID, SAMPLE + 5);
	switch_out(&trial, OTHER, END + 1);
	assert_int_equal(verdict(&trial), PROOF_HOLDS);
	// By its own count.
	begin(&trial, SWITCH_PROOF_SOFTWARE);
	add_sample(&trial, SAMPLE, END, 1, PERF_RECORD_MISC_USER);
	switch_out(&trial, TID, SAMPLE + 5);
	assert_int_equal(verdict(&trial), PROOF_READER_INTERRUPTED);
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
		begin_with_sample(&trial, proofs[i % 2]);
		switch_out(&trial, TID, SAMPLE + 5);
		switch_in(&trial, rows[i / 2].tid, rows[i / 2].time_ns);
		assert_int_equal(verdict(&trial), rows[i / 2].reason);
	}
	begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	switch_out(&trial, TID, SAMPLE + 5);
	switch_record(&trial, PERF_RECORD_SWITCH_CPU_WIDE, TID, SAMPLE + 9,
		      false);
	assert_int_equal(verdict(&trial), PROOF_RAN_BEFORE_READ);
	begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	switch_out(&trial, TID, SAMPLE + 5);
	switch_record(&trial, PERF_RECORD_SWITCH, TID, SAMPLE + 5, true);
	assert_int_equal(verdict(&trial), PROOF_HOLDS);
}

static void by_software_others_do_not_matter(void **state)
{
	struct trial trial;

	(void)state;
	begin_with_sample(&trial, SWITCH_PROOF_SOFTWARE);
	switch_out(&trial, OTHER, SAMPLE + 1);
	switch_out_on(&trial, TID, CPU, SAMPLE + 2);
	switch_out(&trial, OTHER, SAMPLE + 3);
	assert_int_equal(verdict(&trial), PROOF_HOLDS);
}

/** It was on its CPU until after the reads: the reader stood beside it. */
static void by_software_a_late_switch_is_no_proof(void **state)
{
	struct trial trial;

	(void)state;
	begin_with_sample(&trial, SWITCH_PROOF_SOFTWARE);
	switch_out(&trial, TID, END + 1);
	assert_int_equal(verdict(&trial), PROOF_NO_SWITCH);
}

static void by_software_only_the_first_switch_counts(void **state)
{
	struct trial trial;

	(void)state;
	begin_with_sample(&trial, SWITCH_PROOF_SOFTWARE);
	trial.switch_regs[0]++;
	switch_out(&trial, TID, SAMPLE + 2);
	trial.switch_regs[0]--;
	switch_out(&trial, TID, SAMPLE + 9);
	assert_int_equal(verdict(&trial), PROOF_REGISTERS);
}

static void without_permission_nothing_is_proven(void **state)
{
	struct trial trial;

	(void)state;
	begin_with_sample(&trial, SWITCH_PROOF_NONE);
	switch_out(&trial, TID, SAMPLE + 5);
	assert_int_equal(verdict(&trial), PROOF_NOT_PERMITTED);
}

static void a_loss_is_no_proof(void **state)
{
	struct trial trial;

	(void)state;
	for (uint64_t until = SAMPLE - 1; until <= SAMPLE + 1; until++) {
		begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
		switch_out(&trial, TID, SAMPLE + 5);
		trial.book.doubt_until_ns = until;
		assert_int_equal(verdict(&trial), until < SAMPLE ?
							  PROOF_HOLDS :
							  PROOF_RECORDS_LOST);
	}
}

static void only_so_many_wait(void **state)
{
	struct perf_record record = { .time_ns = SAMPLE, .tid = TID };
	struct trial trial;

	(void)state;
	begin(&trial, SWITCH_PROOF_TRACEPOINT);
	assert_null(proof_book_add(&trial.book, &record, END, 0,
				    PROOF_ANYWHERE, &trial));
	record.sample.regs = trial.regs;
	for (int i = 0; i < PROOF_WAITING_MAX; i++)
		assert_non_null(proof_book_add(&trial.book, &record, END, 0,
					       PROOF_ANYWHERE, &trial));
	assert_null(proof_book_add(&trial.book, &record, END, 0,
				    PROOF_ANYWHERE, &trial));
	proof_book_settle(&trial.book, UINT64_MAX, on_done, &trial);
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
		cmocka_unit_test(the_stopper_may_go_first),
		cmocka_unit_test(the_stopper_may_not_come_between),
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
