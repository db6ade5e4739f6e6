/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Python frames of one thread at one instant, ordered by activation of the
 * eval loop. Built from a snapshot, then consumed by walk() from the innermost
 * activation outwards. Answers "which Python frames ran in the eval-loop frame
 * that lies between these two stack addresses?".
 *
 * Matching is by address: an activation's record (cframe or entry frame) must
 * lie in [sp, cfa) of the native frame. An activation without a record there is
 * entering or leaving and has no frames. Records that no native frame claims,
 * and pieces that contradict each other, are reported and never shifted to fit.
 */
#ifndef BRINDLE_UNWIND_PYTHON_PYTHON_STACK_H
#define BRINDLE_UNWIND_PYTHON_PYTHON_STACK_H

#include "unwind/memory.h"
#include "unwind/python/layout.h"
#include "unwind/python/snapshot.h"

enum { PYTHON_STACK_FRAME_MAX = SNAPSHOT_FRAME_MAX };

struct python_frame {
	uint64_t address;  /* of the _PyInterpreterFrame */
	uint64_t code;	   /* of the PyCodeObject */
	int32_t instruction; /* byte offset into the bytecode of the instruction
				being run; -1: not known */
};

/** The few facts about a code object that the frame rules need. */
struct python_code_facts {
	uint32_t unit_count;	  /* 2-byte code units */
	uint32_t first_traceable; /* code units; frames before are incomplete */
	uint32_t frame_words;	  /* 8-byte words one frame takes; 0 unknown */
};

enum python_match {
	PYTHON_MATCH_FRAMES, /* the activation's frames were yielded */
	PYTHON_MATCH_NONE,   /* entering or leaving: no frames, nothing wrong */
	PYTHON_MATCH_LOST,   /* frames cannot be told: memory missing */
	PYTHON_MATCH_CONTRADICTION, /* chain and native stack disagree */
};

/** Notices a chain that runs in a circle, in constant space (R. Brent). */
struct python_chain_guard {
	uint64_t mark; /* an address met before */
	uint32_t steps, limit;
};

struct python_stack {
	const struct python_layout *layout;
	const struct memory *memory; /* stack copy and snapshot pieces */
	uint64_t thread_state;
	uint64_t cursor;    /* next record (cframe) or next top frame */
	uint64_t entry;	    /* 3.13: the entry frame that ends the frames at
			       cursor, when already known; 0: not yet */
	uint64_t record_distance; /* nonzero: cursor was not yet written; the
				     record lies this far below the CFA */
	bool first;	    /* no activation consumed yet */
	bool finished;	    /* the chain has ended */
	bool broken;	    /* a contradiction was met: nothing more is told */
	bool lost;	    /* what is next was not captured */
	uint64_t suspect;   /* code object whose facts a contradiction rests on;
			       0: on none. They may be those of another object
			       that had its address before. */
	size_t frames_left; /* bound on the frames of the whole stack */
	struct python_chain_guard guard;
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

/** @memory holds the stack copy and the snapshot's pieces, and outlives it. */
void python_stack_init(struct python_stack *stack,
		       const struct python_layout *layout,
		       const struct snapshot *snapshot,
		       const struct memory *memory);

/**
 * The frames of the eval-loop activation whose native frame is [@sp, @cfa),
 * top first, into @frames (room for @room). @entering: the sampled pc lies in
 * the loop's straight-line entry, so its record may be half written and is
 * stepped over.
 */
enum python_match python_stack_activation(struct python_stack *stack,
					  uint64_t sp, uint64_t cfa,
					  bool entering,
					  struct python_frame *frames,
					  size_t room, size_t *ret_count);

/** True when every record of the chain has been claimed. */
bool python_stack_is_finished(const struct python_stack *stack);

#endif
