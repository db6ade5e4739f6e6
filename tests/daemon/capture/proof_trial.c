// SPDX-License-Identifier: Apache-2.0
#include "tests/daemon/capture/proof_trial.h"

#include "tests/cmocka.h"

#include <string.h>

void trial_add_sample(struct trial *trial, uint64_t time_ns, uint64_t end_ns,
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

void trial_begin(struct trial *trial, enum switch_proof proof)
{
	memset(trial, 0, sizeof(*trial));
	assert_null(proof_book_init(&trial->book, &arch_x86_64));
	trial->book.switch_proof = proof;
	for (unsigned int i = 0; i < PROOF_REGS_MAX; i++)
		trial->regs[i] = trial->switch_regs[i] = i * 1000 + 7;
}

void trial_begin_with_sample(struct trial *trial, enum switch_proof proof)
{
	trial_begin(trial, proof);
	trial_add_sample(trial, SAMPLE, END, 0, PERF_RECORD_MISC_USER);
}

void trial_switch_out_on(struct trial *trial, uint32_t tid, uint32_t cpu,
			 uint64_t time_ns)
{
	struct perf_record record = {
		.type = PERF_RECORD_SAMPLE, .pid = PID, .tid = tid,
		.time_ns = time_ns, .cpu = cpu,
		.sample = { .regs = trial->switch_regs },
	};

	proof_book_evidence(&trial->book, &record, PERF_KIND_PROOF);
}

void trial_switch_out(struct trial *trial, uint32_t tid, uint64_t time_ns)
{
	trial_switch_out_on(trial, tid, CPU, time_ns);
}

void trial_switch_record(struct trial *trial, uint32_t type, uint32_t tid,
			 uint64_t time_ns, bool out)
{
	struct perf_record record = {
		.type = type, .pid = PID, .tid = tid, .time_ns = time_ns,
		.cpu = CPU + 1, .switched = { .out = out },
	};

	proof_book_evidence(&trial->book, &record, PERF_KIND_OTHER);
}

void trial_switch_in(struct trial *trial, uint32_t tid, uint64_t time_ns)
{
	trial_switch_record(trial, PERF_RECORD_SWITCH, tid, time_ns, false);
}

void trial_on_done(void *context, const struct proof *proof,
		   enum proof_reason reason)
{
	struct trial *trial = context;

	assert_ptr_equal(proof->sample, trial);
	trial->decided++;
	trial->reason = reason;
}

enum proof_reason trial_verdict(struct trial *trial)
{
	proof_book_settle(&trial->book, END, trial_on_done, trial);
	assert_int_equal(trial->decided, 0);
	proof_book_settle(&trial->book, END + 1, trial_on_done, trial);
	assert_int_equal(trial->decided, 1);
	assert_int_equal(trial->book.count, 0);
	proof_book_deinit(&trial->book);
	return trial->reason;
}
