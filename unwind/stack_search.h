/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way out of a function without CFI, by what lies on the stack. Internal to
 * walk*.c.
 *
 * Any word of a stack may look like a return address: most that do were left
 * there by calls that have returned. What is found here is a guess, and whoever
 * takes it marks the frame as guessed.
 */
#ifndef BRINDLE_UNWIND_STACK_SEARCH_H
#define BRINDLE_UNWIND_STACK_SEARCH_H

#include "unwind/walk.h"

/** The CFA of the frame of @regs, whose pc is a return address, when it is one
 *  from which one can go on; UINT64_MAX: it is not. */
uint64_t stack_search_cfa(const struct walk_input *input,
			  const struct regs *regs);

/**
 * Replaces @regs by those of the innermost frame on the stack from which CFI
 * leads, caller by caller, to the activation that has what the thread runs next,
 * or to more code without CFI. False: there is none within reach, and @regs are
 * unchanged. @effort is what the searches of a
 * walk have taken, 0 at its start, and bounds them all.
 */
bool stack_search(const struct walk_input *input, struct regs *regs,
		  unsigned int *effort);

#endif
