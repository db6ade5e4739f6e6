/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults put into a recorded image, and taken out again: what a reader of a
 * process that does as it likes may meet. Bytes change, lists run in circles,
 * sizes become absurd, pages go, reads fail or come short, and memory changes
 * from one read to the next.
 */
#ifndef BRINDLE_TESTS_REPLAY_FAULT_H
#define BRINDLE_TESTS_REPLAY_FAULT_H

#include "tests/replay/recorded_image.h"

enum fault_kind {
	FAULT_NONE,
	FAULT_BYTES,	/* some bytes of an object change */
	FAULT_BITS,	/* one bit does */
	FAULT_POINTER,	/* a pointer becomes another one: cycles, mix-ups */
	FAULT_SELF,	/* it points to itself */
	FAULT_NOWHERE,	/* it points to nothing */
	FAULT_SIZE,	/* a number becomes an absurd one */
	FAULT_HOLE,	/* a page is not mapped any more */
	FAULT_EFAULT,	/* from some read on all fail */
	FAULT_SHORT,	/* reads end early */
	FAULT_LATER,	/* what was read changes before it is read again */
	FAULT_STACK,	/* the stack's copy changes */
	FAULT_CUT,	/* it is shorter */
	FAULT_REGISTER, /* a register is another one's, or nonsense */
	FAULT_KIND_COUNT,
};

const char *fault_kind_name(enum fault_kind kind);

enum { FAULT_UNDO_MAX = 256, FAULT_REGS_MAX = 64 };

struct fault_undo {
	uint8_t *at;
	uint8_t old;
};

/** Where in the pages there is anything. */
struct fault_word {
	uint32_t page, offset;
};

/** An image that can be spoiled. */
struct fault_image {
	struct recorded_image *image; /* borrowed */
	struct fault_word *words;     /* owned; those that are not zero */
	size_t word_count, word_capacity;
	struct fault_word *pointers; /* owned; of them, into the image */
	size_t pointer_count, pointer_capacity;
	uint8_t *stack; /* owned; a copy that is spoiled */
	uint64_t regs[FAULT_REGS_MAX];
	size_t stack_size; /* of it, what is left */
	uint64_t random;   /* state; not zero */
	struct fault_undo undo[FAULT_UNDO_MAX];
	size_t undo_count;
	struct image_page *hole; /* borrowed; NULL: none */
	unsigned int reads;	 /* since the faults were put in */
	unsigned int fail_from, short_from, change_at; /* ~0u: never */
};

/** False: no memory. */
bool fault_image_init(struct fault_image *fault, struct recorded_image *image,
		      uint64_t seed);
void fault_image_deinit(struct fault_image *fault);

uint64_t fault_random(struct fault_image *fault, uint64_t below);
void fault_put(struct fault_image *fault, enum fault_kind kind);

/** Takes all of them out. */
void fault_undo_all(struct fault_image *fault);

/** Reads the spoiled image. */
struct live_memory fault_memory(struct fault_image *fault);

#endif
