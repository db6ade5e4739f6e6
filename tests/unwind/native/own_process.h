/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test program as its own target: tables for all its modules, and copies
 * of its registers and stack, unwound like a sample.
 */
#ifndef BRINDLE_TESTS_UNWIND_NATIVE_OWN_PROCESS_H
#define BRINDLE_TESTS_UNWIND_NATIVE_OWN_PROCESS_H

#include "unwind/memory.h"
#include "unwind/native/cfi_table.h"
#include "unwind/native/native_step.h"

#include <ucontext.h>

enum { OWN_MODULES_MAX = 16, OWN_STACK_MAX = 8 << 20 };

struct own_module {
	uint64_t start, end, bias;
	struct cfi_table *table;
};

struct own_process {
	struct own_module module[OWN_MODULES_MAX];
	size_t module_count;
};

struct own_sample {
	struct regs regs;
	struct memory memory;
	uint8_t *stack; /* OWN_STACK_MAX bytes; owned */
	uint64_t stack_end; /* 0: that of the thread */
};

void own_process_init(struct own_process *own);
void own_process_deinit(struct own_process *own);

/** The module that holds @pc, or NULL. */
const struct own_module *own_module_find(const struct own_process *own,
					 uint64_t pc);

void own_sample_init(struct own_sample *sample);
void own_sample_deinit(struct own_sample *sample);

/** Registers of @context, and the stack from its stack pointer up. */
void own_sample_take(struct own_sample *sample, const ucontext_t *context);

/**
 * Unwinds @sample into @pcs: the sampled pc, then return addresses. Yields why
 * it ended; STEP_OK stands for "@room used up".
 */
enum step_result own_walk(const struct own_process *own,
			  const struct own_sample *sample, uint64_t *pcs,
			  size_t room, size_t *ret_count);

/** Start of the function that holds @pc. */
uint64_t own_function(const struct own_process *own, uint64_t pc);

#endif
