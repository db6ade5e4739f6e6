// SPDX-License-Identifier: Apache-2.0
// What walk.h calls things where they are stored.
#include "unwind/walk.h"

static const char *const walk_end_names[WALK_END_COUNT] = {
	[WALK_END_ROOT] = "root",
	[WALK_END_NO_MAPPING] = "no-mapping",
	[WALK_END_NO_CFI] = "no-cfi",
	[WALK_END_STACK_BOUND] = "stack-bound",
	[WALK_END_BAD_CFA] = "bad-cfa",
	[WALK_END_BAD_EXPRESSION] = "bad-expression",
	[WALK_END_FRAME_LIMIT] = "frame-limit",
	[WALK_END_KERNEL_THREAD] = "kernel-thread",
};

const char *walk_end_name(enum walk_end end)
{
	return walk_end_names[end];
}

static const char *const frame_status_names[FRAME_STATUS_COUNT] = {
	[FRAME_EXACT] = "exact",
	[FRAME_GUESSED] = "guessed",
	[FRAME_PROVEN] = "proven",
	[FRAME_UNPROVEN] = "unproven",
	[FRAME_UNRESOLVED] = "unresolved",
};

const char *frame_status_name(enum frame_status status)
{
	return frame_status_names[status];
}

static const char *const frame_kind_names[] = {
	[FRAME_NATIVE] = "native",
	[FRAME_PYTHON] = "python",
	[FRAME_KERNEL] = "kernel",
	[FRAME_OTHER] = "other",
};

const char *frame_kind_name(enum frame_kind kind)
{
	return frame_kind_names[kind];
}
