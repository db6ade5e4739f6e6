/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A book of proofs with one sample that waits, what is told of it meanwhile, and
 * what becomes of it.
 */
#ifndef BRINDLE_TESTS_DAEMON_CAPTURE_PROOF_TRIAL_H
#define BRINDLE_TESTS_DAEMON_CAPTURE_PROOF_TRIAL_H

#include "daemon/capture/proof.h"

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

struct trial {
	struct proof_book book;
	uint64_t regs[PROOF_REGS_MAX];
	uint64_t switch_regs[PROOF_REGS_MAX];
	unsigned int decided;
	enum proof_reason reason;
};

void trial_begin(struct trial *trial, enum switch_proof proof);
/** Of TID, in user code at SAMPLE, read until END by a reader left alone. */
void trial_begin_with_sample(struct trial *trial, enum switch_proof proof);
void trial_add_sample(struct trial *trial, uint64_t time_ns, uint64_t end_ns,
		      uint32_t reader_switches, uint16_t misc);

/** @tid gives way, with trial->switch_regs, on CPU or on @cpu. */
void trial_switch_out(struct trial *trial, uint32_t tid, uint64_t time_ns);
void trial_switch_out_on(struct trial *trial, uint32_t tid, uint32_t cpu,
			 uint64_t time_ns);

/** A record of a switch in general, on another CPU. */
void trial_switch_record(struct trial *trial, uint32_t type, uint32_t tid,
			 uint64_t time_ns, bool out);
void trial_switch_in(struct trial *trial, uint32_t tid, uint64_t time_ns);

/** A proof_done_fn of a trial. */
void trial_on_done(void *context, const struct proof *proof,
		   enum proof_reason reason);
/** Ends the trial; not decided before the stream has passed END. */
enum proof_reason trial_verdict(struct trial *trial);

#endif
