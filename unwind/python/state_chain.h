/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain of frames of one thread state, consumed from the innermost
 * activation of the eval loop outwards. Answers "is what comes next of this
 * chain in the eval-loop frame between these two stack addresses, and which
 * frames are that?". Which of a thread's chains an activation belongs to is
 * for python_stack.h to say, which this is a part of.
 */
#ifndef BRINDLE_UNWIND_PYTHON_STATE_CHAIN_H
#define BRINDLE_UNWIND_PYTHON_STATE_CHAIN_H

#include "unwind/memory.h"
#include "unwind/python/layout.h"
#include "unwind/python/snapshot.h"

enum {
	PYTHON_STACK_FRAME_MAX = SNAPSHOT_FRAME_MAX,
	/* Of all chains of a thread. A frame is mostly where one of the last
	   two was, which costs none. */
	PYTHON_STACK_LOOKS_MAX = 1 << 20,
};

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
	PYTHON_MATCH_ELSEWHERE, /* of one chain: what comes next of it is not in
				   this activation */
};

/** Notices a chain that runs in a circle, in constant space (R. Brent). */
struct python_chain_guard {
	uint64_t mark; /* an address met before */
	uint32_t steps, limit;
};

/** The frames of one of the thread's states, of which there may be several. */
struct state_chain {
	const struct python_layout *layout;
	const struct memory *memory; /* stack copy and snapshot pieces */
	uint64_t thread_state;
	uint64_t cursor;    /* next record (cframe) or next top frame */
	uint64_t entry;	    /* 3.13: the entry frame that ends the frames at
			       cursor, when already known; 0: not yet */
	uint64_t record_distance; /* nonzero: cursor was not yet written; the
				     record lies this far below the CFA */
	bool first;	    /* no activation of the thread consumed yet */
	bool finished;	    /* the chain has ended */
	bool broken;	    /* a contradiction was met: nothing more is told */
	bool lost;	    /* what is next was not captured */
	uint64_t suspect;   /* as in struct python_stack */
	/* Records of frame objects that have not been met, up to 3.10; see
	   snapshot_object_stride(). Borrowed. */
	const uint8_t *objects;
	size_t objects_size;
	size_t frames_left; /* bound on the frames of the whole chain */
	size_t looks_left; /* and on the segments looked at for them */
	size_t hit[2];	   /* segments that had the last frames */
	struct python_chain_guard guard;
	/* As in struct python_stack, which lends them. */
	bool (*code_facts)(void *context, uint64_t code,
			   struct python_code_facts *ret);
	void *code_context;
};

/** A native frame of the eval loop. */
struct python_activation {
	uint64_t sp, cfa;
	/* The sampled pc lies in the loop's straight-line entry, so its record
	 * may be half written and is stepped over. */
	bool entering;
	/* The pc is where the thread stands, not where a call returns to: the
	 * activation may be half-way in or out. One that has called has its
	 * record. */
	bool exact_pc;
	/* What is in those registers that it has saved for its caller, so that
	 * they are its own; borrowed. Needed up to 3.10 only. */
	const uint64_t *held;
	size_t held_count;
};

/** The chain of the state at @thread_state, which @snapshot has. */
void state_chain_init(struct state_chain *chain,
		      const struct python_layout *layout,
		      const struct snapshot *snapshot, uint64_t thread_state,
		      const struct memory *memory);

/**
 * The frames of @activation, top first, into @frames (room for @room). NONE: it
 * is the chain's, but has no frames; ELSEWHERE: it is not.
 */
enum python_match
state_chain_activation(struct state_chain *chain,
		       const struct python_activation *activation,
		       struct python_frame *frames, size_t room,
		       size_t *ret_count);

#endif
