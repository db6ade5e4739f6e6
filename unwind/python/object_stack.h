/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Up to 3.10: which frame object did this activation of the eval loop run? The
 * chain of frame objects names the candidates in order, and an activation keeps
 * the address of its own in a register that it has saved for its caller. So the
 * claim is decided by address here, too.
 *
 * Between its first instruction and the store that makes its frame current, an
 * activation has none yet; and none any more once it is about to return. In the
 * few instructions in which it has saved that register but still has its
 * caller's frame there, it claims what its caller then misses: a contradiction.
 *
 * Where the compiler needed the register for something else (what unpacks an
 * iterable into variables, inlined: 3.6 to 3.9), the frame is a word of the
 * activation's own stack. Such a word may be a left-over as well. But of all
 * activations only the innermost can be without a frame, each runs one, and the
 * chain has them all: when those further out hold theirs in registers, down to
 * the chain's end, the one that is left is the innermost activation's.
 *
 * A chain that ends with a generator's frame is not believed to its end. Somebody
 * resumes a generator, and be it C, which hardly ever does so beneath no Python
 * frame; but throw() may have cut the chain there.
 * Part of python_stack.h.
 */
#ifndef BRINDLE_UNWIND_PYTHON_OBJECT_STACK_H
#define BRINDLE_UNWIND_PYTHON_OBJECT_STACK_H

#include "unwind/python/state_chain.h"

/** Finds the objects that begin with what @chain begins with. Only for a snapshot
 *  that snapshot_add_to_memory() accepts. */
void object_stack_init(struct state_chain *chain,
		       const struct snapshot *snapshot);

/** PYTHON_MATCH_FRAMES: *@ret is its frame. ELSEWHERE: it does not hold what
 *  comes next of @chain. */
enum python_match object_stack_match(struct state_chain *chain,
				     const struct python_activation *activation,
				     struct python_frame *ret);

/** The same of the innermost activation, by a word of its stack. Only right when
 *  all others then have theirs: CONTRADICTION where there are none. */
enum python_match
object_stack_match_spilled(struct state_chain *chain,
			   const struct python_activation *activation,
			   struct python_frame *ret);

#endif
