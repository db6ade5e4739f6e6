// SPDX-License-Identifier: Apache-2.0
/*
 * Up to 3.10 a frame is an object on the heap (PyFrameObject). Each activation
 * of the eval loop runs exactly one; the thread state names the innermost, and
 * each names its caller's as f_back.
 *
 * A thread state has no kernel thread id, but what pthread_self() returned. On
 * glibc that is the address of struct pthread, which has the id (nptl/descr.h).
 */
#include "unwind/python/layout.h"

#define NONE PYTHON_NO_OFFSET

enum {
	// glibc 2.4 to 2.43 on x86-64: offsetof(struct pthread, tid).
	PTHREAD_TID = 720,
};

// What differs between two versions in more than a number stands in the rows.
#define OBJECTS_COMMON                                                         \
	.major = 3, .chain = PYTHON_CHAIN_OBJECTS,                             \
	.owner_entry = UINT8_MAX, .owner_generator = UINT8_MAX,                \
	.cframe = { .size = 0, .current_frame = NONE, .previous = NONE },      \
	.text = { .length = 16, .state = 32, .ascii_data = 48,                 \
		  .compact_data = 72 },                                        \
	.chunk = { .previous = NONE, .size = NONE, .top = NONE, .data = NONE },\
	.bytes = { .size = 16, .data = 32 }

#define OBJECTS_INTERPRETER(made)                                              \
	{ .next = 0, .threads_head = 8, .threads_made = (made) }

// Of the lock no more than which state runs: gilstate.tstate_current. 3.6 has
// that in a variable of its own.
#define OBJECTS_NO_LOCK                                                        \
	{ .runtime = NONE, .interpreter = NONE, .size = 0,                     \
	  .last_holder = NONE, .locked = NONE, .current = NONE }

#define OBJECTS_LOCK(at)                                                       \
	{ .runtime = (at), .interpreter = NONE, .size = 8,                     \
	  .last_holder = NONE, .locked = NONE, .current = 0 }

#define OBJECTS_THREAD(id)                                                     \
	{ .size = (id) + 8, .previous = 0, .next = 8, .interpreter = 16,       \
	  .cframe = NONE, .current_frame = 24, .base_frame = NONE,             \
	  .native_thread_id = NONE, .thread_id = (id),                         \
	  .pthread_tid = PTHREAD_TID, .chunk = NONE, .chunk_top = NONE,        \
	  .status = NONE }

#define OBJECTS_FRAME(last)                                                    \
	{ .size = (last) + 4, .code = 32, .previous = 24,                      \
	  .instruction = (last), .is_entry = NONE, .owner = NONE }

// Members from co_filename on follow each other; those before moved by 8 when
// co_posonlyargcount came in 3.8.
#define OBJECTS_CODE(shift)                                                    \
	{ .size = 120 + (shift), .type = 8, .unit_count = NONE,                \
	  .argument_count = 16,                                                \
	  .flags = 32 + (shift) / 2, .stack_size = 28 + (shift) / 2,           \
	  .first_line = 36 + (shift) / 2, .local_count = NONE,                 \
	  .frame_words = NONE, .version = NONE, .file_name = 96 + (shift),     \
	  .name = 104 + (shift), .qualified_name = 104 + (shift),              \
	  .line_table = 112 + (shift), .first_traceable = NONE,                \
	  .bytecode = NONE }

// Headers of 3.6.15, 3.7.16, 3.8.18, 3.9.18 and 3.10.13.
const struct python_layout python_layout_objects[PYTHON_LAYOUT_OBJECTS] = {
	{ OBJECTS_COMMON, .name = "3.6", .minor = 6,
	  // No _PyRuntime yet: the variable interp_head is the list's head.
	  .runtime = { .interpreters_head = 0 },
	  .interpreter = OBJECTS_INTERPRETER(NONE),
	  .thread = OBJECTS_THREAD(152), .frame = OBJECTS_FRAME(120),
	  .code = OBJECTS_CODE(0), .gil = OBJECTS_NO_LOCK,
	  .lines = PYTHON_LINES_LNOTAB },
	{ OBJECTS_COMMON, .name = "3.7", .minor = 7,
	  .runtime = { .interpreters_head = 24 },
	  .interpreter = OBJECTS_INTERPRETER(2560),
	  .thread = OBJECTS_THREAD(176), .frame = OBJECTS_FRAME(104),
	  .code = OBJECTS_CODE(0), .gil = OBJECTS_LOCK(1480),
	  .lines = PYTHON_LINES_LNOTAB },
	{ OBJECTS_COMMON, .name = "3.8", .minor = 8,
	  .runtime = { .interpreters_head = 32 },
	  .interpreter = OBJECTS_INTERPRETER(2664),
	  .thread = OBJECTS_THREAD(176), .frame = OBJECTS_FRAME(104),
	  .code = OBJECTS_CODE(8), .gil = OBJECTS_LOCK(1368),
	  .lines = PYTHON_LINES_LNOTAB },
	{ OBJECTS_COMMON, .name = "3.9", .minor = 9,
	  .runtime = { .interpreters_head = 32 },
	  .interpreter = OBJECTS_INTERPRETER(3496),
	  .thread = OBJECTS_THREAD(176), .frame = OBJECTS_FRAME(104),
	  .code = OBJECTS_CODE(8), .gil = OBJECTS_LOCK(568),
	  .lines = PYTHON_LINES_LNOTAB },
	{ OBJECTS_COMMON, .name = "3.10", .minor = 10,
	  .runtime = { .interpreters_head = 32 },
	  .interpreter = OBJECTS_INTERPRETER(3448),
	  .thread = OBJECTS_THREAD(176), .frame = OBJECTS_FRAME(96),
	  .code = OBJECTS_CODE(8), .gil = OBJECTS_LOCK(568),
	  .lines = PYTHON_LINES_PAIRS },
};
