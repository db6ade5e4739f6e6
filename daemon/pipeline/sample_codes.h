/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a capture tells of code objects: takes it into the process's cache of
 * them, and answers what a walk asks, and which of them have to be read again
 * before they are gone.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_SAMPLE_CODES_H
#define BRINDLE_DAEMON_PIPELINE_SAMPLE_CODES_H

#include "daemon/capture/capture_queue.h"
#include "daemon/process/process.h"
#include "unwind/python/code.h"

/** For struct python_stack; @context is the struct process_python. */
bool sample_code_facts(void *context, uint64_t address,
		       struct python_code_facts *ret);

/**
 * Heads captured with a sample identify their objects at its very instant.
 * Names that were not captured with them are read at once: the sooner, the
 * likelier the object still lives.
 */
void sample_learn_codes(struct process_python *python,
			const struct capture *capture);

/** Whether @code was found unchanged so often, over so long a time, that it is
 *  most likely there to stay. */
bool sample_code_is_old(const struct python_code *code);

/**
 * Whether @code has to be read again to be believed for samples of @sample_ns
 * or soon after, and may be gone by then. What is captured with each sample
 * need not, as most that is new; what is known for long will not be gone.
 */
bool sample_code_may_go(const struct python_code *code, uint64_t sample_ns);

#endif
