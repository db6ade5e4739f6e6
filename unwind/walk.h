/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk() turns one sample into one stack: registers and the bytes that were
 * copied go in; native and Python frames, leaf first, come out, with the one
 * reason why the walk ended. It is pure: the same input gives the same frames
 * on a live sample, a stored one, and in a test.
 *
 * One loop chooses between two steps by where the pc lies. A native frame that
 * is an activation of CPython's eval loop is replaced by the Python frames of
 * that activation, matched by address: the activation's record (3.11 cframe,
 * 3.12+ entry frame) lies inside the native frame. Never by count.
 *
 * Not being able to unwind is data, not failure: a walk always yields frames
 * and one end. Nothing is allocated.
 */
#ifndef BRINDLE_UNWIND_WALK_H
#define BRINDLE_UNWIND_WALK_H

#include "unwind/arch.h"
#include "unwind/memory.h"
#include "unwind/space.h"

struct python_stack;

/** Why a walk ended. Stored by name; see walk_end_name(). */
enum walk_end {
	WALK_END_ROOT,		/* the outermost frame: CFI says so */
	WALK_END_NO_MAPPING,	/* the pc lies in no executable mapping */
	WALK_END_NO_CFI,	/* no CFI, and no believable frame pointer */
	WALK_END_STACK_BOUND,	/* the saved register is beyond the copy */
	WALK_END_BAD_CFA,	/* the CFA did not grow, or is not known */
	WALK_END_BAD_EXPRESSION,/* a DWARF expression could not be evaluated */
	WALK_END_FRAME_LIMIT,	/* more frames than the limit */
	WALK_END_KERNEL_THREAD, /* no user registers: nothing to walk */
	WALK_END_COUNT,
};

enum frame_kind {
	FRAME_NATIVE,
	FRAME_PYTHON,
	FRAME_KERNEL,
	FRAME_OTHER, /* markers: an unread activation, JIT code */
};

/** How far a frame can be trusted. Stored by name; see frame_status_name(). */
enum frame_status {
	FRAME_EXACT,	  /* by CFI, or the sampled pc itself */
	FRAME_GUESSED,	  /* found by a frame pointer, not by CFI */
	FRAME_PROVEN,	  /* Python: read while the thread was frozen */
	FRAME_UNPROVEN,	  /* Python: read, but the proof failed */
	FRAME_UNRESOLVED, /* Python: there, but not (yet) nameable */
	FRAME_STATUS_COUNT,
};

struct frame {
	enum frame_kind kind;
	enum frame_status status;
	uint64_t pc;	       /* native, kernel: address to look up, that is
				  the return address - 1 for callers */
	struct module *module; /* native: borrowed from the space, or NULL */
	uint64_t module_vaddr; /* native: pc in the module's own addresses */
	uint64_t code;	       /* Python: address of the code object */
	int32_t instruction;   /* Python: byte offset into the bytecode, -1 */
};

/**
 * What a caller keeps between walks, of any process: row look-ups by pc, and
 * room for the Python frames of one activation. For one thread.
 */
struct walk_cache;
struct walk_cache *walk_cache_create(void);
void walk_cache_destroy(struct walk_cache *cache);

struct walk_input {
	const struct arch *arch;
	struct regs regs;
	const struct memory *memory;
	struct space *space;
	struct python_stack *python; /* NULL: no snapshot of an interpreter */
	struct walk_cache *cache;    /* required */
	size_t frame_limit;
};

struct walk_result {
	struct frame *frames; /* borrowed from the caller of walk() */
	size_t frame_count;
	enum walk_end end;
	size_t native_steps;
	size_t eval_activations;    /* native frames of the eval loop */
	size_t unmatched_activations; /* of those, without Python frames */
	bool contradiction; /* chain and native stack disagree */
	bool switching; /* in code of greenlet's: the chain may be half another
			   greenlet's, and so may the native stack */
};

/** @frames has room for @input->frame_limit + 1 elements. */
void walk(const struct walk_input *input, struct frame *frames,
	  struct walk_result *ret);

const char *walk_end_name(enum walk_end end);
const char *frame_status_name(enum frame_status status);
const char *frame_kind_name(enum frame_kind kind);

#endif
