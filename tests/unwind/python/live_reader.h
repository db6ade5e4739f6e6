/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a live_python as Brindle reads what it profiles: freezes a thread, keeps
 * what was read, and learns the code objects in it with their names.
 */
#ifndef BRINDLE_TESTS_UNWIND_PYTHON_LIVE_READER_H
#define BRINDLE_TESTS_UNWIND_PYTHON_LIVE_READER_H

#include "tests/unwind/python/live_python.h"
#include "unwind/python/code.h"
#include "unwind/python/freeze.h"

struct live_reader {
	struct live_python python;
	const struct python_layout *layout;
	struct live_memory live;
	struct python_target *target;	 /* owned */
	struct python_code_cache *codes; /* owned */
	struct snapshot *snapshot;	 /* owned; the latest */
};

/** Runs @program in the interpreter at @path. The test fails without one. */
void live_reader_init(struct live_reader *reader, const char *path,
		      const char *program);
void live_reader_deinit(struct live_reader *reader);

/**
 * @memory has the thread's stack, and gets what is in the snapshot: valid until
 * the next time.
 */
void live_reader_freeze(struct live_reader *reader,
			const struct freeze_point *point,
			struct memory *memory);

/** @ret matches frames of the latest snapshot; it borrows all three. */
void live_reader_init_stack(struct live_reader *reader,
			    const struct memory *memory,
			    struct python_stack *ret);

#endif
