/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One native step: from the registers of a frame to those of its caller, by a
 * CFI row, or where there is none by a believable frame pointer.
 *
 * Rules of the house: a register without a rule keeps its value (GCC omits
 * rules for registers it did not touch); a saved slot below the stack pointer
 * is not read, since an epilogue has already popped it; the CFA must grow,
 * except out of the sampled frame and of signal frames.
 */
#ifndef BRINDLE_UNWIND_NATIVE_NATIVE_STEP_H
#define BRINDLE_UNWIND_NATIVE_NATIVE_STEP_H

#include "unwind/memory.h"
#include "unwind/native/cfi_table.h"

enum step_result {
	STEP_OK,
	STEP_ROOT,	     /* the return address is undefined or zero */
	STEP_STACK_BOUND,
	STEP_BAD_CFA,
	STEP_BAD_EXPRESSION,
};

/** The CFA of the frame @regs by @row. */
enum step_result native_cfa(const struct arch *arch,
			    const struct cfi_table *table,
			    const struct cfi_row *row, const struct regs *regs,
			    const struct memory *memory, uint64_t *ret_cfa);

/**
 * Replaces @regs by the caller's. @cfa is what native_cfa() gave. @leaf is
 * true for the sampled frame and a frame interrupted by a signal: there the
 * CFA may equal the stack pointer. On a result other than STEP_OK @regs is
 * unchanged.
 */
enum step_result native_step(const struct arch *arch,
			     const struct cfi_table *table,
			     const struct cfi_row *row, uint64_t cfa, bool leaf,
			     const struct memory *memory, struct regs *regs);

/**
 * The frame-pointer guess. @is_code says whether a return address is
 * believable. STEP_OK, STEP_STACK_BOUND or STEP_BAD_CFA.
 */
typedef bool (*native_is_code_fn)(void *context, uint64_t pc);
enum step_result native_step_frame_pointer(const struct arch *arch,
					   const struct memory *memory,
					   native_is_code_fn is_code,
					   void *context, struct regs *regs,
					   uint64_t *ret_cfa);

#endif
