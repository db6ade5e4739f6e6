/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Python frames of one thread at one instant, ordered by activation of the
 * eval loop. Built from a snapshot, then consumed by walk() from the innermost
 * activation outwards. Answers "which Python frames ran in the eval-loop frame
 * that lies between these two stack addresses?".
 *
 * Matching is by address: an activation's record (cframe or entry frame) must
 * lie in [sp, cfa) of the native frame; up to 3.10 one of its registers must
 * hold its frame object (object_stack.h). A thread that has entered several
 * interpreters has a chain in each, and on the C stack their activations follow
 * each other in any order: exactly one chain must claim each. An activation
 * that none does is entering or leaving and has no frames. Records that no
 * native frame claims, and pieces that contradict each other, are reported and
 * never shifted to fit.
 */
#ifndef BRINDLE_UNWIND_PYTHON_PYTHON_STACK_H
#define BRINDLE_UNWIND_PYTHON_PYTHON_STACK_H

#include "unwind/python/state_chain.h"

struct python_stack {
	struct state_chain chain[SNAPSHOT_STATE_MAX];
	size_t chain_count; /* at least one */
	bool running; /* one of the thread's states is that which runs; of
			 versions that do not say so: nothing speaks against */
	bool objects; /* PYTHON_CHAIN_OBJECTS */
	bool first;   /* no activation consumed yet */
	bool unheld;  /* of objects: the innermost activation held none */
	bool spilled; /* it may have its frame on the stack alone. Set before a
			 second walk, when the first one ended in a
			 contradiction; see object_stack.h */
	bool broken;  /* a contradiction was met: nothing more is told */
	uint64_t suspect;   /* code object whose facts a contradiction rests on;
			       0: on none. They may be those of another object
			       that had its address before. */
	/*
	 * First bytecode address and co_firsttraceable per code object are
	 * needed to hide incomplete frames; asked for through this, which
	 * finds captured heads and cached ones. Set by the caller after
	 * python_stack_init(); NULL: nothing is known of any.
	 */
	bool (*code_facts)(void *context, uint64_t code,
			   struct python_code_facts *ret);
	void *code_context;
};

/**
 * Adds the pieces that a walk needs to @memory. False: a piece breaks the
 * format.
 */
bool snapshot_add_to_memory(const struct snapshot *snapshot,
			    size_t snapshot_size, struct memory *memory);

/** @memory holds the stack copy and the snapshot's pieces, and outlives it.
 *  @snapshot is one that snapshot_add_to_memory() accepts. */
void python_stack_init(struct python_stack *stack,
		       const struct python_layout *layout,
		       const struct snapshot *snapshot,
		       const struct memory *memory);

/** The frames of @activation, top first, into @frames (room for @room). */
enum python_match
python_stack_activation(struct python_stack *stack,
			const struct python_activation *activation,
			struct python_frame *frames, size_t room,
			size_t *ret_count);

/** The frame that the thread runs, or whose record it does, as far as its state
 *  says. */
uint64_t python_stack_top(const struct python_stack *stack);

/** True when the last record of the chain has been claimed: of the frames
 *  further out none belongs to it. */
bool python_stack_has_ended(const struct python_stack *stack);

/** True when every record of every chain has been claimed. */
bool python_stack_is_finished(const struct python_stack *stack);

#endif
