/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A timer record and its capture, walked: the step of the pipeline from bytes
 * to frames. The result waits in the pipeline for its proof.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_SAMPLE_WALK_H
#define BRINDLE_DAEMON_PIPELINE_SAMPLE_WALK_H

#include "daemon/pipeline/pipeline.h"

/** Takes @source's current record, a timer sample. */
void sample_walk(struct pipeline *pipeline, struct merge_source *source);

/**
 * A thread that sleeps in the kernel, looked at from outside: its stack pointer
 * and pc are known, its stack was read live. It is its own proof: @reason is
 * PROOF_HOLDS when it did not run while it was read.
 */
struct sleeping_thread {
	pid_t pid, tid;
	uint64_t time_ns;
	struct regs regs;
	const uint8_t *stack; /* from the stack pointer on */
	uint64_t stack_size;
	const struct capture *capture; /* NULL: no interpreter */
	enum proof_reason reason;
};
void sample_walk_sleeping(struct pipeline *pipeline,
			  const struct sleeping_thread *thread);

#endif
