/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The global interpreter lock: did the frozen thread have it, and if not, who
 * did? Answered from a snapshot, by two witnesses that must agree: the lock
 * says who took it last and whether it is taken, the thread's own state whether
 * it has it. That a thread which does not have it waits for it, its native
 * stack says. Since 3.12 a thread of the only interpreter that says that it has
 * the lock is believed without the other witness: one read less for a sample of
 * a thread that runs Python.
 *
 * Two windows of a few instructions: a thread that is just taking or dropping
 * the lock counts as not having it.
 *
 * Authority: CPython 3.11-3.13 Python/ceval_gil.c (ceval_gil.h in 3.11),
 * take_gil() and drop_gil().
 */
#ifndef BRINDLE_UNWIND_PYTHON_GIL_H
#define BRINDLE_UNWIND_PYTHON_GIL_H

#include "unwind/python/layout.h"
#include "unwind/python/snapshot.h"

enum python_gil_state {
	PYTHON_GIL_UNKNOWN,
	PYTHON_GIL_HELD,  /* by the frozen thread */
	PYTHON_GIL_TAKEN, /* by another one */
	PYTHON_GIL_FREE,  /* nobody has it */
};

struct python_gil {
	enum python_gil_state state;
	uint32_t holder_tid; /* of TAKEN, as the process counts; 0: not known */
};

/** Whether the state @thread (layout->thread.size bytes) says that it has it. */
bool python_gil_is_told(const struct python_layout *layout,
			const uint8_t *thread);

/** @snapshot: one that snapshot_add_to_memory() accepts; its layout. */
struct python_gil python_gil_of(const struct python_layout *layout,
				const struct snapshot *snapshot);

#endif
