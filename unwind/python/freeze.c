// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/freeze.h"

#include "unwind/python/freezer.h"

void python_freeze(struct python_target *target,
		   const struct freeze_point *point, const struct memory *stack,
		   struct snapshot *ret, size_t capacity)
{
	struct freezer freezer;

	freezer_init(&freezer, target, stack, ret, capacity);
	freezer.young = python_target_is_young(target, point->now_ns);
	freezer.entering = python_target_is_entry(target, point->pc);
	if (!freeze_thread(&freezer, point->tid, point->now_ns))
		return;
	freeze_chunks(&freezer);
	freezer_add_red_zone(&freezer, point->fp);
	freezer_complete_stack(&freezer);
	if (ret->status == SNAPSHOT_OK || ret->status == SNAPSHOT_TOO_DEEP)
		freeze_chain(&freezer);
	freeze_gil(&freezer);
	freeze_text(&freezer);
}
