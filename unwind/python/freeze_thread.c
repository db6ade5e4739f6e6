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
 * had this head and no such thread; or the look-up ran out of hops there. A
 * process of several interpreters is for freeze_states.c.
 *
 * That a thread has no state is said only when all states were looked at, be it
 * in several captures: new ones come to the head, so that the head that the
 * search began with is still there. An address may come again, so that the
 * number of states that were ever made has to be the same, too; 3.6 has none.
 */
#include "unwind/python/freezer.h"

#include "base/clock.h"

enum {
	INTERPRETERS_MAX = 8,
	// What one capture may spend while the thread stands still. A longer
	// list is walked in several captures.
	HOPS_MAX = 64,
};

// How often one looks whether there is more than one interpreter.
static const uint64_t several_valid_ns = 100 * NS_PER_MS;

// The same, when the thread does not run the state that is known of it; its frames
// show then that something is missing. When it has no frames nothing would.
static const uint64_t several_doubted_ns = 2 * NS_PER_MS;

// A thread may be about to get a state; and in 3.6 the head's address may be
// reused for another thread's.
static const uint64_t absent_valid_ns = 3 * NS_PER_MS;

struct thread_search {
	uint32_t tid;
	uint64_t now_ns;
	uint64_t interpreter; // whose list is walked
	unsigned int hops;    // left
	uint64_t last;	      // the last state visited
	uint64_t head;	      // of the first list
	uint64_t began;	      // mark of the list then; 0: no answer will do
	uint64_t idle;	      // its own, or of one that it has just made
	bool unbound;	      // a state was met that may become anyone's
	bool whole;	      // all lists were followed to their ends
};

static bool read_u64(struct freezer *freezer, uint64_t vaddr, uint64_t *ret)
{
	return freezer_read(freezer, vaddr, ret, sizeof(*ret)) ==
	       (ssize_t)sizeof(*ret);
}

// Up to 3.11 a new state has the id of who made it until its own thread has
// begun (CPython 3.11 Python/pystate.c, init_threadstate(), and
// Modules/_threadmodule.c, thread_run()). It has no frames.
static bool may_be_of_another(const struct freezer *freezer, uint64_t vaddr,
			      const uint8_t *state)
{
	const struct python_layout *layout = freezer->layout;

	if (layout->chain == PYTHON_CHAIN_OBJECTS)
		return !freezer_u64(state, layout->thread.current_frame);
	return layout->chain == PYTHON_CHAIN_IS_ENTRY &&
	       freezer_u64(state, layout->thread.cframe) - vaddr <
		       layout->thread.size;
}

// Up to 3.10 a state has the thread's pthread_self() alone. Which thread that is
// needs no second look while the thread lives.
static bool is_state_of(struct freezer *freezer,
			const struct python_thread_slot *slot,
			const uint8_t *state)
{
	const struct python_layout *layout = freezer->layout;
	bool has_id = layout->thread.native_thread_id != PYTHON_NO_OFFSET;
	uint64_t self = freezer_u64(state, layout->thread.thread_id);

	if (!has_id && python_thread_is_self(slot, slot->tid, self))
		return true;
	if (freezer_state_tid(freezer, state) != slot->tid)
		return false;
	if (!has_id)
		python_target_learn_self(freezer->target, slot->tid, self);
	return true;
}

// A slot may be stale: its state freed, reused, or another thread's by now.
static bool try_hint(struct freezer *freezer,
		     const struct python_thread_slot *slot)
{
	const struct python_layout *layout = freezer->layout;
	const uint8_t *state = freezer_read_state(freezer, slot->state);

	return state && is_state_of(freezer, slot, state) &&
	       !may_be_of_another(freezer, slot->state, state) &&
	       freezer_is_pointer(
		       freezer_u64(state, layout->thread.interpreter)) &&
	       freezer_accept_state(freezer, slot->state, slot->found_ns);
}

// True: found. Otherwise the list ended, broke, or the hops ran out.
static bool walk_states(struct freezer *freezer, struct thread_search *search,
			uint64_t vaddr)
{
	const struct python_layout *layout = freezer->layout;

	for (; vaddr && search->hops; search->hops--) {
		const uint8_t *state = freezer_read_state(freezer, vaddr);
		bool unsure;
		uint64_t id;

		if (!state || freezer_u64(state, layout->thread.interpreter) !=
				      search->interpreter)
			break;
		id = freezer_state_tid(freezer, state);
		unsure = may_be_of_another(freezer, vaddr, state);
		// Whose are these frames? Of a C library that keeps a thread's
		// number elsewhere no state tells.
		if (!id && layout->chain == PYTHON_CHAIN_OBJECTS && !unsure)
			search->whole = false;
		if (!id || unsure)
			search->unbound = true;
		else if (id <= UINT32_MAX)
			python_target_learn_thread(freezer->target,
						   (uint32_t)id, vaddr,
						   search->now_ns);
		if (id == search->tid && !unsure)
			return freezer_accept_state(freezer, vaddr, search->now_ns);
		if (id == search->tid)
			search->idle = vaddr;
		search->last = vaddr;
		vaddr = freezer_u64(state, layout->thread.next);
	}
	search->whole &= !vaddr;
	return false;
}

// The head of an interpreter's list, and a mark that changes when a state comes
// to it; 0: not known.
static bool read_list(struct freezer *freezer, uint64_t interpreter,
		      uint64_t *ret_head, uint64_t *ret_mark)
{
	static const uint64_t spread = UINT64_C(0x9e3779b97f4a7c15);
	const struct python_layout *layout = freezer->layout;
	bool counted = layout->interpreter.threads_made != PYTHON_NO_OFFSET;
	uint64_t made = interpreter + layout->interpreter.threads_made;
	uint64_t head = interpreter + layout->interpreter.threads_head;
	uint64_t words[2] = { 0, 0 }; // made, head
	bool known = true;

	// Mostly next to each other.
	if (!counted || made + sizeof(words[0]) != head ||
	    freezer_read(freezer, made, words, sizeof(words)) !=
		    sizeof(words)) {
		if (!read_u64(freezer, head, &words[1]))
			return false;
		known = !counted || read_u64(freezer, made, &words[0]);
	}
	*ret_head = words[1];
	*ret_mark = known ? words[1] ^ words[0] * spread : 0;
	return true;
}

// Where to begin: at the head, unless an earlier look-up ran out of hops.
// False: that the thread is not in this list is known already.
static bool resume(struct freezer *freezer, struct thread_search *search,
		   const struct python_thread_slot *hint, uint64_t mark,
		   uint64_t *ret)
{
	const struct python_layout *layout = freezer->layout;
	uint64_t vaddr = hint->state & ~(uint64_t)FREEZER_HINT_BITS;
	bool same_list = python_thread_searched(hint, search->tid, mark);
	const uint8_t *state;

	*ret = search->head;
	search->began = mark;
	if (hint->state & FREEZER_HINT_ABSENT)
		return vaddr != search->head || !same_list ||
		       search->now_ns - hint->found_ns > absent_valid_ns;
	if (!(hint->state & FREEZER_HINT_RESUME))
		return true;
	state = freezer_read_state(freezer, vaddr);
	if (!state || freezer_u64(state, layout->thread.interpreter) !=
			      search->interpreter)
		return true;
	*ret = freezer_u64(state, layout->thread.next);
	if (!same_list)
		search->began = 0;
	return true;
}

// A negative answer is kept only when it cannot become wrong unnoticed: one
// interpreter, whose list was seen whole, with no state waiting for its thread.
static void learn_absence(struct freezer *freezer,
			  const struct thread_search *search, bool only_one)
{
	bool may_change = search->unbound || search->idle;
	uint64_t hint = 0;

	if (!search->whole && !search->hops)
		hint = search->last | FREEZER_HINT_RESUME;
	else if (only_one && search->whole && !may_change)
		hint = search->head | FREEZER_HINT_ABSENT;
	python_target_learn_search(freezer->target, search->tid, hint,
				   may_change ? 0 : search->began,
				   search->now_ns);
}

static bool search_interpreters(struct freezer *freezer,
				struct thread_search *search,
				const struct python_thread_slot *hint,
				uint64_t interpreter)
{
	const struct python_layout *layout = freezer->layout;

	for (unsigned int i = 0; i < INTERPRETERS_MAX; i++) {
		uint64_t start, mark, next;

		if (!freezer_is_pointer(interpreter) ||
		    !read_list(freezer, interpreter, &start, &mark))
			break;
		search->interpreter = interpreter;
		if (!i) {
			search->head = start;
			if (!resume(freezer, search, hint, mark, &start))
				return false;
		}
		if (walk_states(freezer, search, start))
			return true;
		if (!read_u64(freezer, interpreter + layout->interpreter.next,
			      &next))
			break;
		if (!next || !search->hops) {
			search->whole &= !next && search->began;
			learn_absence(freezer, search, !i && !next);
			return false;
		}
		interpreter = next;
	}
	search->whole = false;
	return false;
}

// Then there may be another state.
static bool not_told(struct freezer *freezer)
{
	freezer->search_cut = true;
	return false;
}

// Whether the first interpreter is the only one: each new one is put first.
// Where that is not looked at each time, a state that is missed is noticed. The
// one that was alone still is while it is the first.
static bool has_several(struct freezer *freezer, uint64_t now_ns,
			uint64_t valid_ns)
{
	struct python_target *target = freezer->target;
	const struct python_layout *layout = freezer->layout;
	uint64_t seen_ns = __atomic_load_n(&target->interpreters_ns,
					   __ATOMIC_RELAXED);
	bool known = seen_ns && python_layout_knows_running(layout);
	bool fresh = known && now_ns - seen_ns < several_valid_ns;
	uint64_t interpreter, next;

	if (known && now_ns - seen_ns < valid_ns)
		return __atomic_load_n(&target->several, __ATOMIC_RELAXED);
	if (!read_u64(freezer, target->runtime + layout->runtime.interpreters_head,
		      &interpreter))
		return not_told(freezer);
	if (!interpreter ||
	    (fresh && interpreter == __atomic_load_n(&target->only,
						     __ATOMIC_RELAXED)))
		return false;
	if (!freezer_is_pointer(interpreter) ||
	    !read_u64(freezer, interpreter + layout->interpreter.next, &next))
		return not_told(freezer);
	__atomic_store_n(&target->only, next ? 0 : interpreter,
			 __ATOMIC_RELAXED);
	__atomic_store_n(&target->several, next != 0, __ATOMIC_RELAXED);
	__atomic_store_n(&target->interpreters_ns, now_ns, __ATOMIC_RELAXED);
	return next != 0;
}

bool freeze_thread(struct freezer *freezer, uint32_t tid, uint64_t now_ns)
{
	const struct python_target *target = freezer->target;
	struct thread_search search = { .tid = tid,
					.now_ns = now_ns,
					.hops = HOPS_MAX,
					.whole = true };
	struct python_thread_slot hint = { 0 };
	bool several = has_several(freezer, now_ns, several_valid_ns);
	uint64_t interpreter;

	if (!several && python_target_find_thread(target, tid, &hint) &&
	    !(hint.state & FREEZER_HINT_BITS) && try_hint(freezer, &hint))
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
	if (several)
		return freeze_states(freezer, tid, now_ns, interpreter);
	if (search_interpreters(freezer, &search, &hint, interpreter))
		return true;
	freezer->search_cut = !search.whole;
	if (search.idle && freezer_read_state(freezer, search.idle) &&
	    freezer_accept_state(freezer, search.idle, now_ns))
		return true;
	freezer_fail(freezer, search.whole && !search.idle ?
				      SNAPSHOT_NO_THREAD : SNAPSHOT_SEARCH_CUT);
	return false;
}

static bool is_running(const struct freezer *freezer)
{
	const struct python_layout *layout = freezer->layout;
	const struct snapshot *ret = freezer->ret;
	const struct snapshot_piece *lock;
	uint32_t status;

	if (layout->thread.status_mask) {
		memcpy(&status, freezer->state + layout->thread.status,
		       sizeof(status));
		return status & layout->thread.status_mask;
	}
	lock = snapshot_find(ret, SNAPSHOT_GIL);
	return !lock || freezer_u64(ret->bytes + lock->offset,
				    layout->gil.current) == ret->thread_state;
}

// The frames of another interpreter's state may lie beneath one that runs; but
// then that one has some, for it is called by them.
static bool has_frames(const struct freezer *freezer)
{
	return freezer_has_frames(freezer->layout, freezer->state_vaddr,
				  freezer_top(freezer->layout, freezer->state));
}

bool freeze_thread_missed(struct freezer *freezer, uint64_t now_ns)
{
	bool frames = has_frames(freezer);

	if ((frames && is_running(freezer)) ||
	    __atomic_load_n(&freezer->target->several, __ATOMIC_RELAXED) ||
	    !has_several(freezer, now_ns, frames ? several_doubted_ns : 0))
		return false;
	freezer_restart(freezer);
	return true;
}
