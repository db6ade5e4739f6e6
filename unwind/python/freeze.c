// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/freeze.h"

#include "unwind/python/freezer.h"

// The data stack of each of the thread's states, the C stack, and the chains.
static void freeze_frames(struct freezer *freezer, uint64_t fp)
{
	const struct snapshot *ret = freezer->ret;

	for (size_t i = 0; i < freezer->state_count; i++) {
		freezer_select_state(freezer, i);
		if (freezer->layout->thread.chunk != PYTHON_NO_OFFSET)
			freeze_chunks(freezer);
	}
	freezer_add_red_zone(freezer, fp);
	freezer_complete_stack(freezer);
	for (size_t i = 0; i < freezer->state_count; i++) {
		freezer_select_state(freezer, i);
		if (ret->status == SNAPSHOT_OK ||
		    ret->status == SNAPSHOT_TOO_DEEP)
			freeze_chain(freezer);
	}
}

void python_freeze(struct python_target *target,
		   const struct freeze_point *point, const struct memory *stack,
		   struct snapshot *ret, size_t capacity)
{
	uint32_t tid = python_target_inside(target, point->tid);
	struct freezer freezer;

	freezer_init(&freezer, target, stack, ret, capacity);
	freezer.young = python_target_is_young(target, point->now_ns);
	freezer.entering = python_target_is_entry(target, point->pc);
	// What it calls itself, in its own namespace, is not known.
	if (!tid) {
		freezer_fail(&freezer, SNAPSHOT_SEARCH_CUT);
		return;
	}
	do {
		if (!freeze_thread(&freezer, tid, point->now_ns))
			return;
		freezer_select_running(&freezer);
		freeze_gil(&freezer);
	} while (freeze_thread_missed(&freezer, point->now_ns));
	freeze_frames(&freezer, point->fp);
	if (freezer.search_cut)
		freezer_fail(&freezer, SNAPSHOT_SEARCH_CUT);
	freeze_text(&freezer);
}
