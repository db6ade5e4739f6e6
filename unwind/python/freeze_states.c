// SPDX-License-Identifier: Apache-2.0
/*
 * The states of a thread in a process of several interpreters. It has one in
 * each that it has entered, and in each a chain of frames of its own. What runs
 * interpreter B from a function of A's leaves A's chain as it is, and the C
 * stack has the activations of both:
 *
 *     eval loop of B | exec() of the module | eval loop of A | ...
 *
 * All states that have frames are read. Which of them runs a bit says since
 * 3.12, as long as it does; before, the runtime.
 *
 * Other threads may change the lists meanwhile, also where the thread has its
 * own interpreter's lock, and a state may be missed. Then what it runs stays
 * without frames, and that which runs is not among those that were read.
 *
 * Up to 3.12 a state may be run by another thread than that which it names: exec()
 * takes the interpreter's first. In 3.11 and 3.12 a state's innermost record says
 * on whose stack it runs.
 */
#include "unwind/python/freezer.h"

#include "base/clock.h"

enum {
	INTERPRETERS_MAX = 8,
	HOPS_MAX = 64, // states that are looked at while the thread stands still
	INTERPRETER_SPAN_MAX = 128,
};

// For so long a state that was its thread's only one with frames is believed to
// be that still, if it runs.
static const uint64_t alone_valid_ns = 50 * NS_PER_MS;

enum state_rank {
	STATE_NONE,
	STATE_IDLE,   // no frames
	STATE_FRAMES, // frames, perhaps beneath those of another one
	STATE_RUNS,
};

struct states {
	uint32_t tid;
	unsigned int hops; // left
	uint64_t idle;	   // one without frames; 0: none was met
	enum state_rank rank; // of the one that runs, as far as can be told
	uint64_t top;	      // its innermost record or frame
	bool whole;	      // all were seen
};

static enum state_rank rank_of(const struct python_layout *layout,
			       uint64_t vaddr, const uint8_t *state,
			       uint64_t *ret_top)
{
	uint32_t status;

	*ret_top = freezer_top(layout, state);
	if (layout->thread.status_mask) {
		memcpy(&status, state + layout->thread.status, sizeof(status));
		if (status & layout->thread.status_mask)
			return STATE_RUNS;
	}
	return freezer_has_frames(layout, vaddr, *ret_top) ? STATE_FRAMES :
							     STATE_IDLE;
}

// Whether the state at @vaddr, whose innermost record is at @top, is one of the
// thread's.
static bool is_own(struct freezer *freezer, const struct states *states,
		   uint64_t vaddr, const uint8_t *bytes, uint64_t top)
{
	const struct python_layout *layout = freezer->layout;
	bool own = freezer_state_tid(freezer, bytes) == states->tid;
	uint64_t bottom;

	if (layout->thread.cframe == PYTHON_NO_OFFSET ||
	    !freezer_has_frames(layout, vaddr, top))
		return own;
	if (!own)
		return top >= freezer->stack_start && top < freezer->stack_end;
	bottom = freezer_stack_bottom(
		freezer, freezer_u64(bytes, layout->thread.thread_id));
	return !bottom || (top >= freezer->stack_start && top < bottom);
}

// Records lie on the stack, the innermost lowest.
static bool is_further_in(const struct python_layout *layout,
			  const struct states *states, uint64_t top)
{
	return layout->thread.cframe != PYTHON_NO_OFFSET && top < states->top;
}

// The state at @vaddr, which freezer_end() has, becomes a piece.
static void keep_state(struct freezer *freezer, struct states *states,
		       uint64_t vaddr, enum state_rank rank, uint64_t top)
{
	const struct python_layout *layout = freezer->layout;

	if (freezer->state_count >= SNAPSHOT_STATE_MAX ||
	    !freezer_add(freezer, SNAPSHOT_THREAD, vaddr,
			 layout->thread.size)) {
		states->whole = false;
		return;
	}
	freezer->state_count++;
	if (rank < states->rank ||
	    (rank == states->rank && !is_further_in(layout, states, top)))
		return;
	freezer->ret->thread_state = vaddr;
	states->rank = rank;
	states->top = top;
}

static bool is_kept(const struct freezer *freezer, uint64_t vaddr)
{
	for (size_t i = 0; i < freezer->state_count; i++)
		if (freezer->ret->piece[i].vaddr == vaddr)
			return true;
	return false;
}

// The states of one interpreter. False: the list broke, or is too long.
static bool visit_states(struct freezer *freezer, struct states *states,
			 uint64_t interpreter, uint64_t vaddr)
{
	const struct python_layout *layout = freezer->layout;

	for (; vaddr && states->hops; states->hops--) {
		const uint8_t *state = freezer_read_state(freezer, vaddr);
		enum state_rank rank;
		uint64_t next, top;

		if (!state || freezer_u64(state, layout->thread.interpreter) !=
				      interpreter)
			return false;
		next = freezer_u64(state, layout->thread.next);
		rank = rank_of(layout, vaddr, state, &top);
		if (is_own(freezer, states, vaddr, state, top)) {
			if (rank == STATE_IDLE)
				states->idle = vaddr;
			else if (!is_kept(freezer, vaddr))
				keep_state(freezer, states, vaddr, rank, top);
		}
		vaddr = next;
	}
	return !vaddr;
}

// What an interpreter says of the next one and of its states, in one read.
static bool read_interpreter(struct freezer *freezer, uint64_t vaddr,
			     uint64_t *ret_next, uint64_t *ret_head)
{
	const struct python_layout *layout = freezer->layout;
	uint32_t next = layout->interpreter.next;
	uint32_t head = layout->interpreter.threads_head;
	uint32_t start = next < head ? next : head;
	uint32_t size = (next < head ? head : next) + 8 - start;
	uint8_t bytes[INTERPRETER_SPAN_MAX];

	if (size > sizeof(bytes) || !freezer_is_pointer(vaddr) ||
	    freezer_read(freezer, vaddr + start, bytes, size) != (ssize_t)size)
		return false;
	*ret_next = freezer_u64(bytes, next - start);
	*ret_head = freezer_u64(bytes, head - start);
	return true;
}

static bool visit_interpreters(struct freezer *freezer, struct states *states,
			       uint64_t interpreter)
{
	for (unsigned int i = 0; i < INTERPRETERS_MAX && interpreter; i++) {
		uint64_t next, head;

		if (!read_interpreter(freezer, interpreter, &next, &head) ||
		    !visit_states(freezer, states, interpreter, head))
			return false;
		interpreter = next;
	}
	return !interpreter;
}

// The thread runs frames of the state that it ran the last time, which was its
// only one.
static bool freeze_alone(struct freezer *freezer, const struct states *states,
			 uint64_t now_ns)
{
	const struct python_layout *layout = freezer->layout;
	struct python_thread_slot hint;
	const uint8_t *state;
	uint64_t top;

	if (!python_target_find_thread(freezer->target, states->tid, &hint) ||
	    hint.state & FREEZER_HINT_BITS ||
	    now_ns - hint.found_ns > alone_valid_ns)
		return false;
	state = freezer_read_state(freezer, hint.state);
	if (!state ||
	    !freezer_is_pointer(freezer_u64(state, layout->thread.interpreter)) ||
	    rank_of(layout, hint.state, state, &top) != STATE_RUNS ||
	    !freezer_has_frames(layout, hint.state, top) ||
	    !is_own(freezer, states, hint.state, state, top))
		return false;
	return freezer_accept_state(freezer, hint.state, hint.found_ns);
}

bool freeze_states(struct freezer *freezer, uint32_t tid, uint64_t now_ns,
		   uint64_t interpreter)
{
	struct states states = { .tid = tid, .hops = HOPS_MAX, .whole = true };
	uint64_t hint;

	if (freeze_alone(freezer, &states, now_ns))
		return true;
	if (!visit_interpreters(freezer, &states, interpreter))
		states.whole = false;
	freezer->search_cut = !states.whole;
	if (!freezer->state_count && !states.idle) {
		freezer_fail(freezer, states.whole ? SNAPSHOT_NO_THREAD :
						     SNAPSHOT_SEARCH_CUT);
		return false;
	}
	if (!freezer->state_count &&
	    (!freezer_read_state(freezer, states.idle) ||
	     !freezer_accept_state(freezer, states.idle, now_ns))) {
		freezer_fail(freezer, SNAPSHOT_SEARCH_CUT);
		return false;
	}
	freezer->ret->thread_found_ns = now_ns;
	hint = freezer->ret->thread_state;
	if (freezer->state_count > 1)
		hint |= FREEZER_HINT_AMONG;
	python_target_learn_thread(freezer->target, tid, hint, now_ns);
	return true;
}
