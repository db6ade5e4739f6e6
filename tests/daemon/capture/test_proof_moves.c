// SPDX-License-Identifier: Apache-2.0
// Who else may be switched to between a sample and its reads: the kernel's stopper;
// and what is known where not every switch is recorded.
#include "tests/daemon/capture/proof_trial.h"

#include "tests/cmocka.h"

static void move(struct trial *trial, uint32_t tid, uint64_t time_ns)
{
	struct perf_record record = { .type = PERF_RECORD_SAMPLE, .tid = tid,
				      .time_ns = time_ns, .cpu = CPU + 1 };

	proof_book_evidence(&trial->book, &record, PERF_KIND_MOVE);
}

static void a_move_is_a_run(void **state)
{
	static const struct {
		uint64_t time_ns;
		uint32_t tid;
		enum proof_reason reason;
	} rows[] = {
		{ SAMPLE, TID, PROOF_HOLDS },
		{ SAMPLE + 6, TID, PROOF_RAN_BEFORE_READ },
		{ SAMPLE + 6, OTHER, PROOF_HOLDS },
		{ END, TID, PROOF_RAN_BEFORE_READ },
		{ END + 1, TID, PROOF_HOLDS },
	};
	struct trial trial;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		trial_begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
		trial.book.by_moves = true;
		trial_switch_out(&trial, TID, SAMPLE + 5);
		move(&trial, rows[i].tid, rows[i].time_ns);
		assert_int_equal(trial_verdict(&trial), rows[i].reason);
	}
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
		trial_begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
		trial.switch_regs[0] += rows[i].register_change;
		trial_switch_out(&trial, TID, SAMPLE + 5);
		stopper_gives_way(&trial, SAMPLE + 9);
		if (rows[i].ran)
			trial_switch_in(&trial, TID, SAMPLE + 10);
		if (rows[i].then)
			trial_switch_out(&trial, rows[i].then, SAMPLE + 12);
		assert_int_equal(trial_verdict(&trial), rows[i].reason);
	}
}

static void the_stopper_may_not_come_between(void **state)
{
	struct trial trial;

	(void)state;
	trial_begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
	trial_switch_out(&trial, TID, SAMPLE + 5);
	trial_switch_out(&trial, READER, SAMPLE + 20);
	stopper_gives_way(&trial, SAMPLE + 25);
	assert_int_equal(trial_verdict(&trial), PROOF_READER_INTERRUPTED);
}

// Without records of all switches: it may have run after the stopper, or while
// the reader was gone, on the same CPU.
static void by_moves_one_switch_has_to_be_all(void **state)
{
	static const uint32_t then[] = { TID, OTHER, READER };
	struct trial trial;

	(void)state;
	for (size_t i = 0; i <= sizeof(then) / sizeof(then[0]); i++) {
		trial_begin_with_sample(&trial, SWITCH_PROOF_TRACEPOINT);
		trial.book.by_moves = true;
		trial_switch_out(&trial, TID, SAMPLE + 5);
		if (i)
			trial_switch_out(&trial, then[i - 1], SAMPLE + 9);
		else
			stopper_gives_way(&trial, SAMPLE + 9);
		assert_int_equal(trial_verdict(&trial), PROOF_READER_INTERRUPTED);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stopper_may_go_first),
		cmocka_unit_test(the_stopper_may_not_come_between),
		cmocka_unit_test(a_move_is_a_run),
		cmocka_unit_test(by_moves_one_switch_has_to_be_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
