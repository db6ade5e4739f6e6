// SPDX-License-Identifier: Apache-2.0
// One thread state: its bytes, whose it is, and that it is the one.
#include "unwind/python/freezer.h"

const uint8_t *freezer_read_state(struct freezer *freezer, uint64_t vaddr)
{
	size_t size = freezer->layout->thread.size;
	uint8_t *bytes = freezer_end(freezer);

	if (!freezer_is_pointer(vaddr) || size > freezer_room(freezer) ||
	    freezer_read(freezer, vaddr, bytes, size) != (ssize_t)size)
		return NULL;
	return bytes;
}

bool freezer_accept_state(struct freezer *freezer, uint64_t vaddr,
			  uint64_t found_ns)
{
	freezer->ret->thread_state = vaddr;
	freezer->ret->thread_found_ns = found_ns;
	freezer->state_count = 1;
	return freezer_add(freezer, SNAPSHOT_THREAD, vaddr,
			   freezer->layout->thread.size);
}

uint64_t freezer_state_tid(struct freezer *freezer, const uint8_t *state)
{
	const struct python_layout *layout = freezer->layout;
	uint32_t id;

	if (layout->thread.native_thread_id != PYTHON_NO_OFFSET)
		return freezer_u64(state, layout->thread.native_thread_id);
	if (freezer_read(freezer,
			 freezer_u64(state, layout->thread.thread_id) +
				 layout->thread.pthread_tid,
			 &id, sizeof(id)) != sizeof(id))
		return 0;
	return id;
}
