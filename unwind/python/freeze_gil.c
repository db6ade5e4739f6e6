// SPDX-License-Identifier: Apache-2.0
/*
 * The interpreter's lock, as it stands while the thread is frozen: one read, or
 * none where the thread's own state says that it has it.
 * When another thread has it, who that is: one more, of its thread state. That
 * one runs on, but a thread cannot let go of the lock and end, and its state be
 * given to another, in the microseconds between.
 *
 * Not having read it is no failure of the snapshot.
 */
#include "unwind/python/freezer.h"
#include "unwind/python/gil.h"

// The main interpreter is a part of the runtime, and there for good.
enum { RUNTIME_BYTES = 1 << 20 };

static bool find_by_pointer(struct freezer *freezer, uint64_t interpreter,
			    uint64_t *ret)
{
	struct python_target *target = freezer->target;
	bool main = interpreter - target->runtime < RUNTIME_BYTES;
	uint64_t known = __atomic_load_n(&target->gil, __ATOMIC_RELAXED);

	if (main && known) {
		*ret = known;
		return true;
	}
	if (freezer_read(freezer,
			 interpreter + freezer->layout->gil.interpreter, ret,
			 sizeof(*ret)) != sizeof(*ret) ||
	    !freezer_is_pointer(*ret))
		return false;
	if (main)
		__atomic_store_n(&target->gil, *ret, __ATOMIC_RELAXED);
	return true;
}

static bool find_lock(struct freezer *freezer, uint64_t *ret)
{
	const struct python_layout *layout = freezer->layout;

	if (layout->gil.runtime == PYTHON_NO_OFFSET)
		return find_by_pointer(freezer,
				       freezer_u64(freezer->state,
						   layout->thread.interpreter),
				       ret);
	*ret = freezer->target->runtime + layout->gil.runtime;
	return true;
}

static const uint8_t *keep(struct freezer *freezer, uint64_t vaddr, size_t size)
{
	uint8_t *bytes = freezer_end(freezer);

	if (freezer->ret->piece_count >= SNAPSHOT_PIECE_MAX ||
	    size > freezer_room(freezer) ||
	    freezer_read(freezer, vaddr, bytes, size) != (ssize_t)size ||
	    !freezer_add(freezer, SNAPSHOT_GIL, vaddr, size))
		return NULL;
	return bytes;
}

// A thread that has the lock mostly says so itself, which saves that read. Not in
// a process of several locks: see CPython 3.12 Python/pystate.c,
// PyThreadState_Swap(), which gives a state the bit and waits for its lock then.
static bool state_tells(const struct freezer *freezer)
{
	return !__atomic_load_n(&freezer->target->several, __ATOMIC_RELAXED) &&
	       python_gil_is_told(freezer->layout, freezer->state);
}

void freeze_gil(struct freezer *freezer)
{
	const struct python_layout *layout = freezer->layout;
	const uint8_t *lock;
	uint64_t vaddr, holder;
	int32_t locked;

	if (!layout->gil.size || state_tells(freezer) ||
	    !find_lock(freezer, &vaddr))
		return;
	lock = keep(freezer, vaddr, layout->gil.size);
	// Up to 3.10 which state runs is all that is read of it.
	if (!lock || layout->gil.locked == PYTHON_NO_OFFSET)
		return;
	holder = freezer_u64(lock, layout->gil.last_holder);
	memcpy(&locked, lock + layout->gil.locked, sizeof(locked));
	if (locked == 1 && holder != freezer->ret->thread_state &&
	    freezer_is_pointer(holder))
		keep(freezer, holder + layout->thread.native_thread_id,
		     sizeof(uint64_t));
}
