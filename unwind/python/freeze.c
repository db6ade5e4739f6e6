// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/freeze.h"

#include "unwind/python/freezer.h"

void python_freeze(struct python_target *target, uint32_t tid, uint64_t now_ns,
		   const struct memory *stack, struct snapshot *ret,
		   size_t capacity)
{
	struct freezer freezer;

	freezer_init(&freezer, target, stack, ret, capacity);
	freezer.young = python_target_is_young(target, now_ns);
	if (!freeze_thread(&freezer, tid, now_ns))
		return;
	freeze_chunks(&freezer);
	freezer_complete_stack(&freezer);
	if (ret->status == SNAPSHOT_OK || ret->status == SNAPSHOT_TOO_DEEP)
		freeze_chain(&freezer);
	freeze_text(&freezer);
}
