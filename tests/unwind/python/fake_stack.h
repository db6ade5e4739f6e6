/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stacks of a thread that does not exist, made as CPython's eval loop makes
 * them: activations on the C stack, frames on the data stack. Tests call and
 * return, then spoil a word or two.
 */
#ifndef BRINDLE_TESTS_UNWIND_PYTHON_FAKE_STACK_H
#define BRINDLE_TESTS_UNWIND_PYTHON_FAKE_STACK_H

#include "tests/unwind/python/fake_memory.h"
#include "unwind/python/python_stack.h"

enum {
	FAKE_ACTIVATIONS = 8,
	FAKE_FRAME_WORDS = 16,
	FAKE_UNITS = 32,
	FAKE_FIRST_TRACEABLE = 2, /* code units */
	FAKE_OFFSET = 10,	  /* where a frame is that has begun */
};

struct fake_state {
	uint64_t state, top, free; /* as in struct fake_stack */
};

struct fake_stack {
	struct fake_memory image;
	const struct python_layout *layout;
	struct memory memory;
	struct snapshot snapshot;
	uint64_t state;	   /* the thread state */
	uint64_t top;	   /* current frame */
	uint64_t free;	   /* where the next frame goes */
	uint64_t sp;	   /* of the innermost native frame */
	uint64_t activation[FAKE_ACTIVATIONS]; /* CFAs, outermost first */
	uint64_t first[FAKE_ACTIVATIONS];      /* first frame of each */
	size_t activation_count;
	uint64_t unknown_code; /* a code object that nothing is known of */
	uint64_t shim_code;    /* one that never is complete */
	struct fake_state other; /* the thread's state that does not run */
};

void fake_stack_init(struct fake_stack *stack,
		     const struct python_layout *layout);

/** The eval loop begins; its record is made, no frame yet. */
void fake_enter(struct fake_stack *stack);
/** The native frame alone, before its record is linked or after. */
void fake_enter_native(struct fake_stack *stack);

/** From now on the thread runs another state, of another interpreter; or it
 *  runs the first one again. */
void fake_swap_state(struct fake_stack *stack);

/** A frame on the data stack, called by the top one. */
uint64_t fake_call(struct fake_stack *stack, int offset);
/** A generator's frame, at @address. */
uint64_t fake_resume(struct fake_stack *stack, uint64_t address);
/** The next frame goes to a new chunk at @address. */
void fake_new_chunk(struct fake_stack *stack, uint64_t address);

uint64_t fake_record(const struct fake_stack *stack, size_t activation);
uint64_t fake_entry(const struct fake_stack *stack, size_t activation);

/** A python_stack over all of it, from scratch. */
void fake_python_stack(struct fake_stack *stack, struct python_stack *ret);

/** Matches activation @index. */
enum python_match fake_match(struct fake_stack *stack,
			     struct python_stack *python, size_t index,
			     bool entering, struct python_frame *frames,
			     size_t room, size_t *ret_count);

typedef void (*fake_check_fn)(struct fake_stack *stack);

/** Calls @check with a new stack of each version. */
void fake_each_version(fake_check_fn check);

/** Three activations with 2, 1 and 3 frames, the last one running. */
void fake_zebra(struct fake_stack *stack);
void fake_spoil(struct fake_stack *stack, uint64_t address, uint64_t value);

enum python_match fake_match_entering(struct fake_stack *stack,
				      struct python_stack *python, size_t index,
				      bool entering, size_t *ret_count);
void assert_frames(struct fake_stack *stack, struct python_stack *python,
		   size_t index, size_t expected);
void assert_match(struct fake_stack *stack, struct python_stack *python,
		  size_t index, enum python_match expected);
/** The first match, of the innermost activation. */
void assert_top(struct fake_stack *stack, enum python_match expected);

#endif
