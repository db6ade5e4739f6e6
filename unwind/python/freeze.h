/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the interpreter of a frozen thread. This is the hot and delicate
 * path: the thread stands still while we run. So: no allocation, no lock, no
 * file, no printing, nothing but bounded reads through the target's memory
 * reader. The symbols that this object file may call are checked by a test.
 *
 * Steady state is two reads: thread state, and the used part of the current
 * data-stack chunk. Older chunks are read in growing spans, for the kernel lays
 * them out side by side. Then the chain is followed inside what was read, to
 * fetch generator frames, which live elsewhere, and heads of new code objects;
 * last come the names of those, for many a code object does not live for long.
 */
#ifndef BRINDLE_UNWIND_PYTHON_FREEZE_H
#define BRINDLE_UNWIND_PYTHON_FREEZE_H

#include "unwind/memory.h"
#include "unwind/python/snapshot.h"
#include "unwind/python/target.h"

/** The thread to read, and where it stands. */
struct freeze_point {
	uint32_t tid;
	uint64_t now_ns; /* stamps a thread state found by walking */
	uint64_t pc, fp; /* 0: not known */
};

/**
 * Reads that thread of @target into @ret, whose bytes[] has room for @capacity.
 * @stack holds the kernel's stack copy (one or two segments).
 */
void python_freeze(struct python_target *target,
		   const struct freeze_point *point, const struct memory *stack,
		   struct snapshot *ret, size_t capacity);

#endif
