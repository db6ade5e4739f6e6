// SPDX-License-Identifier: Apache-2.0
// Waits that go on while switches are not recorded.
#include "daemon/pipeline/blocked_state.h"

#include "base/clock.h"
#include "daemon/process/run_state.h"

// It is looked at again when it may have lasted this much longer.
enum { LOOK_AGAIN_SHARE = 8 };

#define LOOKS_MOST (BLOCKED_LOOKS_PER_SECOND * NS_PER_SEC)

static void save_looks(struct blocked *blocked, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns - blocked->looked_ns;

	if (!blocked->looked_ns || passed_ns > NS_PER_SEC)
		passed_ns = NS_PER_SEC;
	blocked->looked_ns = now_ns;
	blocked->looks += passed_ns * BLOCKED_LOOKS_PER_SECOND;
	if (blocked->looks > LOOKS_MOST)
		blocked->looks = LOOKS_MOST;
}

static bool may_look(struct blocked *blocked)
{
	if (blocked->looks < NS_PER_SEC)
		return false;
	blocked->looks -= NS_PER_SEC;
	return true;
}

// While switches are still recorded: should it run meanwhile, that is seen
// before the gap begins.
void blocked_before_gap(struct blocked *blocked, uint64_t now_ns)
{
	struct blocked_wait *wait = blocked->waits.next;
	struct run_state state;

	save_looks(blocked, now_ns);
	for (; wait != &blocked->waits; wait = wait->next) {
		if (!wait->thread || wait->has_switches)
			continue;
		if (!may_look(blocked))
			return;
		if (!run_state_read(blocked->opener, wait->pid, wait->tid,
				    &state))
			continue;
		wait->switches = state.switches;
		wait->has_switches = true;
	}
}

// It stands for itself alone, and only until then.
static void cut(struct blocked *blocked, struct blocked_wait *wait,
		uint64_t gap_ns)
{
	wait->thread->outs += wait->outs;
	wait->times = 1;
	blocked->cut++;
	blocked_end(blocked, wait, gap_ns, SAMPLE_STORED);
}

static void pass_into_gap(struct blocked *blocked, struct blocked_wait *wait,
			  uint64_t gap_ns)
{
	if (!wait->has_switches) {
		cut(blocked, wait, gap_ns);
	} else if (wait->knowledge == BLOCKED_CHECKED) {
		// It ran all the while.
		blocked_end_unknown(blocked, wait, gap_ns);
	} else if (wait->knowledge == BLOCKED_SURE) {
		blocked->followed += !wait->known_ns;
		wait->known_ns = gap_ns;
		wait->knowledge = BLOCKED_UNSURE;
	}
}

void blocked_begin_gap(struct blocked *blocked, uint64_t gap_ns)
{
	struct blocked_wait *wait = blocked->waits.next, *next_wait;
	struct blocked_thread *thread, *next;

	for (; wait != &blocked->waits; wait = next_wait) {
		next_wait = wait->next;
		if (wait->thread && wait->start_ns <= gap_ns)
			pass_into_gap(blocked, wait, gap_ns);
	}
	HASH_ITER(hh, blocked->threads, thread, next) {
		blocked_note_unseen(thread);
		blocked_count(blocked, thread, gap_ns);
		if (!thread->unseen)
			blocked_count_nothing(blocked, thread, gap_ns);
		thread->unseen = true;
	}
	if (gap_ns > blocked->recorded_since_ns)
		blocked->recorded_ns += gap_ns - blocked->recorded_since_ns;
	blocked->in_gap = true;
}

static bool is_due(const struct blocked_wait *wait, uint64_t now_ns)
{
	return (now_ns - wait->known_ns) * LOOK_AGAIN_SHARE >=
	       wait->known_ns - wait->start_ns;
}

static void look_again(struct blocked *blocked, struct blocked_wait *wait,
		       uint64_t on_ns)
{
	struct run_state state;

	if (!run_state_read(blocked->opener, wait->pid, wait->tid, &state) ||
	    state.switches != wait->switches) {
		blocked_end_unknown(blocked, wait, on_ns);
	} else if (state.sleeps) {
		wait->knowledge = BLOCKED_SURE;
		wait->known_ns = on_ns;
	} else {
		wait->knowledge = BLOCKED_CHECKED;
	}
}

void blocked_end_gap(struct blocked *blocked, uint64_t on_ns)
{
	struct blocked_wait *wait = blocked->waits.next, *next;

	blocked->recorded_since_ns = on_ns;
	blocked->in_gap = false;
	save_looks(blocked, on_ns);
	for (; wait != &blocked->waits; wait = next) {
		next = wait->next;
		if (!wait->thread)
			continue;
		// Begun as the gap did, on a CPU that was a bit later.
		if (wait->knowledge == BLOCKED_SURE)
			cut(blocked, wait, wait->start_ns);
		else if (is_due(wait, on_ns) && may_look(blocked))
			look_again(blocked, wait, on_ns);
	}
}
