/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One sample with all that it was unwound from: what a recorder hands to
 * sample_writer.h and gets back from sample_reader.h. Everything is borrowed.
 */
#ifndef BRINDLE_DAEMON_REPLAY_KEPT_SAMPLE_H
#define BRINDLE_DAEMON_REPLAY_KEPT_SAMPLE_H

#include "unwind/python/code.h"
#include "unwind/walk.h"

#include <sys/types.h>

struct kept_sample {
	pid_t pid, tid;
	const char *process_name, *thread_name;
	uint64_t start_ns; /* of the process */
	struct space *space;
	uint64_t time_ns, period_ns;
	uint32_t cpu;
	const uint64_t *regs; /* as perf gave them; NULL: a kernel thread */
	const uint64_t *chain; /* of the kernel, with markers */
	size_t chain_count;
	const uint8_t *stack;
	size_t stack_size;
	/* Of the interpreter; NULL: nothing was read. */
	const struct snapshot *snapshot;
	uint64_t end_ns;   /* of the reads */
	uint32_t switches; /* of the reader meanwhile */
	const struct python_layout *layout; /* NULL: no use of the snapshot */
	const struct python_code *const *codes; /* known at that time */
	size_t code_count;
	struct walk_result walk; /* what the recorder made of it */
};

#endif
