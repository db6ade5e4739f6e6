// SPDX-License-Identifier: Apache-2.0
#include "unwind/python/gil.h"

#include <string.h>

// The @nth piece of that kind, if it has at least @size bytes; or NULL.
static const uint8_t *piece(const struct snapshot *snapshot,
			    enum snapshot_piece_kind kind, unsigned int nth,
			    size_t size)
{
	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		if (snapshot->piece[i].kind != kind || nth--)
			continue;
		return snapshot->piece[i].size >= size ?
			       snapshot->bytes + snapshot->piece[i].offset :
			       NULL;
	}
	return NULL;
}

// The state that runs, of all that the thread has.
static const uint8_t *running(const struct snapshot *snapshot, size_t size)
{
	for (uint32_t i = 0; i < snapshot->piece_count; i++) {
		const struct snapshot_piece *piece = &snapshot->piece[i];

		if (piece->kind == SNAPSHOT_THREAD && piece->size >= size &&
		    piece->vaddr == snapshot->thread_state)
			return snapshot->bytes + piece->offset;
	}
	return NULL;
}

static uint64_t u64_at(const uint8_t *bytes, uint32_t offset)
{
	uint64_t value;

	memcpy(&value, bytes + offset, sizeof(value));
	return value;
}

static uint32_t u32_at(const uint8_t *bytes, uint32_t offset)
{
	uint32_t value;

	memcpy(&value, bytes + offset, sizeof(value));
	return value;
}

static bool thread_says_so(const struct python_layout *layout,
			   const uint8_t *thread, const uint8_t *lock,
			   uint64_t thread_state)
{
	if (layout->gil.current != PYTHON_NO_OFFSET)
		return u64_at(lock, layout->gil.current) == thread_state;
	return u32_at(thread, layout->thread.status) &
	       layout->thread.status_mask;
}

static uint32_t holder_of(const struct snapshot *snapshot)
{
	const uint8_t *holder =
		piece(snapshot, SNAPSHOT_GIL, 1, sizeof(uint64_t));
	uint64_t tid = holder ? u64_at(holder, 0) : 0;

	return tid <= INT32_MAX ? (uint32_t)tid : 0;
}

bool python_gil_is_told(const struct python_layout *layout,
			const uint8_t *thread)
{
	return layout->thread.status_is_lock &&
	       u32_at(thread, layout->thread.status) &
		       layout->thread.status_mask;
}

struct python_gil python_gil_of(const struct python_layout *layout,
				const struct snapshot *snapshot)
{
	const uint8_t *thread = running(snapshot, layout->thread.size);
	const uint8_t *lock =
		piece(snapshot, SNAPSHOT_GIL, 0, layout->gil.size);
	struct python_gil gil = { .state = PYTHON_GIL_UNKNOWN };
	bool own, locked;

	if (!layout->gil.size || layout->gil.locked == PYTHON_NO_OFFSET ||
	    !thread)
		return gil;
	if (!lock) {
		if (python_gil_is_told(layout, thread))
			gil.state = PYTHON_GIL_HELD;
		return gil;
	}
	own = u64_at(lock, layout->gil.last_holder) == snapshot->thread_state;
	locked = u32_at(lock, layout->gil.locked) == 1;
	gil.state = PYTHON_GIL_FREE;
	if (locked && own &&
	    thread_says_so(layout, thread, lock, snapshot->thread_state))
		gil.state = PYTHON_GIL_HELD;
	else if (locked && !own)
		gil = (struct python_gil){ PYTHON_GIL_TAKEN,
					   holder_of(snapshot) };
	return gil;
}
