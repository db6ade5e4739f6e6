// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/sample_gil.h"

#include "unwind/symbols/symbol_table.h"

#include <string.h>

// Frames of the C library and the kernel's entry above the wait; few.
enum { LOOK_FRAMES = 16 };

static const char *symbol_of(const struct frame *frame)
{
	const struct symbol_table *table =
		frame->kind == FRAME_NATIVE && frame->module ?
			module_symbols(frame->module) :
			NULL;
	const struct symbol *symbol =
		table ? symbol_table_find(table, frame->module_vaddr) : NULL;

	return symbol ? symbol->name : "";
}

static bool begins_with(const char *name, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (!strncmp(name, *prefixes, strlen(*prefixes)))
			return true;
	return false;
}

// CPython Python/ceval_gil.c; compilers append ".isra.0" and the like.
static bool takes_lock(const struct frame *frame)
{
	static const char *const names[] = { "take_gil", NULL };

	return begins_with(symbol_of(frame), names);
}

// Of the C library, whose names have underscores in front here and there.
static bool waits_in_library(const struct frame *frame)
{
	static const char *const names[] = {
		"pthread_cond_wait", "pthread_cond_timedwait",
		"pthread_cond_clockwait", "pthread_mutex_lock", NULL,
	};
	const char *name = symbol_of(frame);

	return begins_with(name + strspn(name, "_"), names);
}

static bool is_interpreter(const struct frame *frame)
{
	return frame->kind == FRAME_NATIVE && frame->module &&
	       module_python(frame->module);
}

static bool waits(const struct walk_result *walk)
{
	size_t count = walk->frame_count < LOOK_FRAMES ? walk->frame_count :
							 LOOK_FRAMES;

	for (size_t i = 0; i < count; i++) {
		const struct frame *frame = &walk->frames[i];

		if (frame->kind == FRAME_PYTHON)
			return false;
		if (!is_interpreter(frame))
			continue;
		return takes_lock(frame) ||
		       (i && waits_in_library(frame - 1));
	}
	return false;
}

struct sample_gil sample_gil_of(const struct python_layout *layout,
				const struct snapshot *snapshot,
				const struct walk_result *walk)
{
	struct python_gil gil = python_gil_of(layout, snapshot);

	switch (gil.state) {
	case PYTHON_GIL_UNKNOWN:
		break;
	case PYTHON_GIL_HELD:
		return (struct sample_gil){ .state = STORE_GIL_HELD };
	case PYTHON_GIL_TAKEN:
	case PYTHON_GIL_FREE:
		if (!waits(walk))
			return (struct sample_gil){ .state =
							    STORE_GIL_WITHOUT };
		return (struct sample_gil){
			.state = STORE_GIL_WAITING,
			.holder_tid = (pid_t)gil.holder_tid,
		};
	}
	return (struct sample_gil){ .state = STORE_GIL_UNKNOWN };
}
