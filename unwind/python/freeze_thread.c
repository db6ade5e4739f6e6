// SPDX-License-Identifier: Apache-2.0
/*
 * The thread state of a tid. CPython links them per interpreter, the newest
 * first:
 *
 *     _PyRuntime.interpreters.head -> interpreter -> next -> ...
 *     interpreter.threads.head -> thread state -> next -> ...
 *
 * What was met on the way is remembered as a hint. Two more kinds of hints mark
 * a tid that was looked for in vain, in the low bits of the address: the list
 * had this head and no such thread; or the look-up ran out of hops there.
 */
#include "unwind/python/freezer.h"

#include "base/clock.h"

enum {
	INTERPRETERS_MAX = 8,
	// What one capture may spend while the thread stands still. A longer
	// list is walked in several captures.
	HOPS_MAX = 64,

	HINT_ABSENT = 1,
	HINT_RESUME = 2,
	HINT_BITS = 3,
};

// A thread may be about to get a state; and the head's address may be reused for
// another thread's.
static const uint64_t absent_valid_ns = 3 * NS_PER_MS;

struct thread_search {
	uint32_t tid;
	uint64_t now_ns;
	uint64_t interpreter; // whose list is walked
	unsigned int hops;    // left
	uint64_t last;	      // the last state visited
	bool unbound;	      // a state was met that has no thread yet
	bool whole;	      // the list was followed to its end
};

static bool read_u64(struct freezer *freezer, uint64_t vaddr, uint64_t *ret)
{
	return freezer_read(freezer, vaddr, ret, sizeof(*ret)) ==
	       (ssize_t)sizeof(*ret);
}

// Reads the state at @vaddr to where the snapshot's first piece goes.
static const uint8_t *read_state(struct freezer *freezer, uint64_t vaddr)
{
	size_t size = freezer->layout->thread.size;
	uint8_t *bytes = freezer_end(freezer);

	if (!freezer_is_pointer(vaddr) || size > freezer_room(freezer) ||
	    freezer_read(freezer, vaddr, bytes, size) != (ssize_t)size)
		return NULL;
	return bytes;
}

static bool accept(struct freezer *freezer, uint64_t vaddr, uint64_t found_ns)
{
	freezer->ret->thread_state = vaddr;
	freezer->ret->thread_found_ns = found_ns;
	return freezer_add(freezer, SNAPSHOT_THREAD, vaddr,
			   freezer->layout->thread.size);
}

// A slot may be stale: its state freed, reused, or another thread's by now.
static bool try_hint(struct freezer *freezer,
		     const struct python_thread_slot *slot)
{
	const struct python_layout *layout = freezer->layout;
	const uint8_t *state = read_state(freezer, slot->state);

	return state &&
	       freezer_u64(state, layout->thread.native_thread_id) ==
		       slot->tid &&
	       freezer_is_pointer(
		       freezer_u64(state, layout->thread.interpreter)) &&
	       accept(freezer, slot->state, slot->found_ns);
}

// True: found. Otherwise the list ended, broke, or the hops ran out.
static bool walk_states(struct freezer *freezer, struct thread_search *search,
			uint64_t vaddr)
{
	const struct python_layout *layout = freezer->layout;

	while (vaddr && search->hops) {
		const uint8_t *state = read_state(freezer, vaddr);
		uint64_t id;

		search->hops--;
		if (!state || freezer_u64(state, layout->thread.interpreter) !=
				      search->interpreter)
			return false;
		id = freezer_u64(state, layout->thread.native_thread_id);
		if (!id)
			search->unbound = true;
		else if (id <= UINT32_MAX)
			python_target_learn_thread(freezer->target,
						   (uint32_t)id, vaddr,
						   search->now_ns);
		if (id == search->tid)
			return accept(freezer, vaddr, search->now_ns);
		search->last = vaddr;
		vaddr = freezer_u64(state, layout->thread.next);
	}
	search->whole = !vaddr;
	return false;
}

// Where to begin: at the head, unless an earlier look-up ran out of hops.
// False: that the thread is not in this list is known already.
static bool resume(struct freezer *freezer, const struct thread_search *search,
		   const struct python_thread_slot *hint, uint64_t head,
		   uint64_t *ret)
{
	const struct python_layout *layout = freezer->layout;
	uint64_t vaddr = hint->state & ~(uint64_t)HINT_BITS;
	const uint8_t *state;

	*ret = head;
	if (hint->state & HINT_ABSENT)
		return vaddr != head ||
		       search->now_ns - hint->found_ns > absent_valid_ns;
	if (!(hint->state & HINT_RESUME))
		return true;
	state = read_state(freezer, vaddr);
	if (state && freezer_u64(state, layout->thread.interpreter) ==
			     search->interpreter)
		*ret = freezer_u64(state, layout->thread.next);
	return true;
}

// A negative answer is kept only when it cannot become wrong unnoticed: one
// interpreter, whose list was seen whole, with no state waiting for its thread.
static void learn_absence(struct freezer *freezer,
			  const struct thread_search *search, uint64_t head,
			  bool only_one)
{
	uint64_t hint = 0;

	if (!search->hops)
		hint = search->last | HINT_RESUME;
	else if (only_one && search->whole && !search->unbound)
		hint = head | HINT_ABSENT;
	python_target_learn_thread(freezer->target, search->tid, hint,
				   search->now_ns);
}

static bool search_interpreters(struct freezer *freezer,
				struct thread_search *search,
				const struct python_thread_slot *hint,
				uint64_t interpreter)
{
	const struct python_layout *layout = freezer->layout;
	uint64_t first_head = 0;

	for (unsigned int i = 0; i < INTERPRETERS_MAX && interpreter; i++) {
		uint64_t head, start, next;

		if (!freezer_is_pointer(interpreter) ||
		    !read_u64(freezer,
			      interpreter + layout->interpreter.threads_head,
			      &head))
			return false;
		search->interpreter = interpreter;
		if (!i) {
			first_head = head;
			if (!resume(freezer, search, hint, head, &start))
				return false;
		} else {
			start = head;
		}
		if (walk_states(freezer, search, start))
			return true;
		if (!read_u64(freezer, interpreter + layout->interpreter.next,
			      &next))
			return false;
		if (!next || !search->hops) {
			learn_absence(freezer, search, first_head, !i && !next);
			return false;
		}
		interpreter = next;
	}
	return false;
}

bool freeze_thread(struct freezer *freezer, uint32_t tid, uint64_t now_ns)
{
	const struct python_target *target = freezer->target;
	struct thread_search search = { .tid = tid,
					.now_ns = now_ns,
					.hops = HOPS_MAX };
	struct python_thread_slot hint = { 0 };
	uint64_t interpreter;

	if (python_target_find_thread(target, tid, &hint) &&
	    !(hint.state & HINT_BITS) && try_hint(freezer, &hint))
		return true;
	if (!read_u64(freezer,
		      target->runtime +
			      freezer->layout->runtime.interpreters_head,
		      &interpreter)) {
		freezer_fail(freezer, SNAPSHOT_UNREADABLE);
		return false;
	}
	if (!interpreter) {
		freezer_fail(freezer, SNAPSHOT_NO_RUNTIME);
		return false;
	}
	if (search_interpreters(freezer, &search, &hint, interpreter))
		return true;
	freezer_fail(freezer, SNAPSHOT_NO_THREAD);
	return false;
}
