/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluates the DWARF expressions of call frame information: a stack machine
 * over registers and memory. Bounded in operations, stack and memory reads, so
 * that a hostile file costs a microsecond.
 *
 * Authority: DWARF 5 section 2.5 and 6.4.2 (what CFI may not use).
 */
#ifndef BRINDLE_UNWIND_NATIVE_DWARF_EXPRESSION_H
#define BRINDLE_UNWIND_NATIVE_DWARF_EXPRESSION_H

#include "unwind/native/native_step.h"

enum {
	DWARF_EXPRESSION_OPS_MAX = 256,
	DWARF_EXPRESSION_STACK_MAX = 64,
};

/**
 * @initial, if not NULL, is on the stack at the start: the CFA, for register
 * rules. STEP_OK, STEP_STACK_BOUND (memory that we do not have) or
 * STEP_BAD_EXPRESSION.
 */
enum step_result dwarf_expression_evaluate(const struct arch *arch,
					   struct cfi_expression expression,
					   const struct regs *regs,
					   const struct memory *memory,
					   const uint64_t *initial,
					   uint64_t *ret);

#endif
