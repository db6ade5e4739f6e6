// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/blocked_state.h"

#include "base/clock.h"

#define PIECE_FIRST_NS (10 * NS_PER_SEC)
#define PIECE_MOST_NS (160 * NS_PER_SEC)

enum { SCALE_ONE = 1024 };

void blocked_init(struct blocked *blocked, const struct opener *opener,
		  struct store *store, struct accounting *accounting)
{
	*blocked = (struct blocked){ .opener = opener,
				     .store = store,
				     .accounting = accounting,
				     .scale = SCALE_ONE };
	blocked->waits.next = blocked->waits.previous = &blocked->waits;
}

static void list_remove(struct blocked_wait *wait)
{
	wait->previous->next = wait->next;
	wait->next->previous = wait->previous;
}

static void list_add(struct blocked_wait *head, struct blocked_wait *wait)
{
	wait->next = head;
	wait->previous = head->previous;
	head->previous->next = wait;
	head->previous = wait;
}

static void thread_forget(struct blocked *blocked,
			  struct blocked_thread *thread)
{
	HASH_DEL(blocked->threads, thread);
	free(thread);
}

void blocked_deinit(struct blocked *blocked)
{
	struct blocked_thread *thread, *next;

	if (!blocked->waits.next)
		return;
	HASH_ITER(hh, blocked->threads, thread, next)
		thread_forget(blocked, thread);
	while (blocked->waits.next != &blocked->waits) {
		struct blocked_wait *wait = blocked->waits.next;

		list_remove(wait);
		free(wait);
	}
}

// Those that are not sampled now can be counted again from here.
static void make_room(struct blocked *blocked)
{
	struct blocked_thread *thread, *next;

	HASH_ITER(hh, blocked->threads, thread, next)
		if (!thread->wait)
			thread_forget(blocked, thread);
}

static struct blocked_thread *thread_find(struct blocked *blocked, uint32_t tid)
{
	struct blocked_thread *thread;

	HASH_FIND(hh, blocked->threads, &tid, sizeof(tid), thread);
	return thread;
}

struct blocked_wait *blocked_find(struct blocked *blocked, uint32_t tid,
				  uint64_t time_ns)
{
	struct blocked_thread *thread = thread_find(blocked, tid);
	struct blocked_wait *wait = thread ? thread->wait : NULL;

	return wait && time_ns >= wait->start_ns ? wait : NULL;
}

static struct blocked_thread *thread_get(struct blocked *blocked, uint32_t tid)
{
	struct blocked_thread *thread = thread_find(blocked, tid);

	if (thread)
		return thread;
	if (HASH_COUNT(blocked->threads) >= BLOCKED_THREADS_MAX)
		make_room(blocked);
	if (HASH_COUNT(blocked->threads) >= BLOCKED_THREADS_MAX)
		return NULL;
	thread = calloc(1, sizeof(*thread));
	if (!thread)
		return NULL;
	thread->tid = tid;
	HASH_ADD(hh, blocked->threads, tid, sizeof(thread->tid), thread);
	return thread;
}

static uint64_t recorded_clock(const struct blocked *blocked, uint64_t time_ns)
{
	if (blocked->in_gap || time_ns < blocked->recorded_since_ns)
		return blocked->recorded_ns;
	return blocked->recorded_ns + time_ns - blocked->recorded_since_ns;
}

void blocked_count_nothing(const struct blocked *blocked,
			   struct blocked_thread *thread, uint64_t time_ns)
{
	thread->counted_ns = recorded_clock(blocked, time_ns);
}

void blocked_note_unseen(struct blocked_thread *thread)
{
	if (thread->unseen && !thread->preempted)
		thread->waits = true;
}

void blocked_count(const struct blocked *blocked, struct blocked_thread *thread,
		   uint64_t until_ns)
{
	uint64_t now_ns = recorded_clock(blocked, until_ns);

	if (!thread->waits || now_ns <= thread->counted_ns)
		return;
	thread->untold_ns +=
		(now_ns - thread->counted_ns) * blocked->scale / SCALE_ONE;
	thread->counted_ns = now_ns;
}

// Takes the weight of @wait, if it lasted until @until_ns, out of what is to
// be told of its thread. Its own time is its own in any case.
static uint64_t take_weight(const struct blocked *blocked,
			    struct blocked_wait *wait, uint64_t until_ns)
{
	struct blocked_thread *thread = wait->thread;
	uint64_t own = until_ns > wait->start_ns ? until_ns - wait->start_ns : 0;
	uint64_t weight = own, more;

	blocked_count(blocked, thread, until_ns);
	if (own && wait->times <= UINT64_MAX / own)
		weight = own * wait->times;
	if (weight > thread->untold_ns + wait->stored_ns)
		weight = thread->untold_ns + wait->stored_ns;
	if (weight < own)
		weight = own;
	more = weight > wait->stored_ns ? weight - wait->stored_ns : 0;
	thread->untold_ns -= more < thread->untold_ns ? more :
							thread->untold_ns;
	return weight;
}

// A row with what is not told yet.
static void store_row(struct blocked *blocked, struct blocked_wait *wait,
		      uint64_t weight, uint64_t until_ns)
{
	struct store_sample row = wait->row;

	if (wait->told_ns) {
		row.time_ns = wait->told_ns;
		blocked->pieces++;
	}
	row.weight = weight > wait->stored_ns ? weight - wait->stored_ns : 1;
	row.every = wait->times;
	if (wait->waker_era == wait->era)
		row.waker_thread_id = wait->waker_row;
	wait->stored_ns += row.weight;
	wait->told_ns = until_ns;
	store_add_sample(blocked->store, &row);
}

static void wait_finish(struct blocked *blocked, struct blocked_wait *wait)
{
	if (wait->fate == SAMPLE_STORED && wait->era != store_era(blocked->store))
		wait->fate = SAMPLE_DROPPED_ERA;
	if (wait->fate == SAMPLE_STORED)
		store_row(blocked, wait, wait->weight_ns, wait->end_ns);
	// Once a piece of it was stored it counts as stored.
	if (wait->told_ns)
		wait->fate = SAMPLE_STORED;
	blocked->accounting->fate[wait->fate]++;
	list_remove(wait);
	free(wait);
}

void blocked_end(struct blocked *blocked, struct blocked_wait *wait,
		 uint64_t end_ns, enum sample_fate fate)
{
	wait->end_ns = end_ns;
	wait->fate = fate;
	if (fate == SAMPLE_STORED)
		wait->weight_ns = take_weight(blocked, wait, end_ns);
	wait->thread->wait = NULL;
	wait->thread = NULL;
	if (wait->settled)
		wait_finish(blocked, wait);
}

void blocked_end_unknown(struct blocked *blocked, struct blocked_wait *wait,
			 uint64_t until_ns)
{
	blocked->ended_unseen++;
	if (until_ns > wait->known_ns)
		blocked->unknown_ns += until_ns - wait->known_ns;
	blocked_end(blocked, wait, wait->known_ns, SAMPLE_STORED);
}

// Its thread was seen at @time_ns to do what nobody does who waits: it ran, and
// where there was no gap its switch-in was lost.
static void end_unseen(struct blocked *blocked, struct blocked_wait *wait,
		       uint64_t time_ns)
{
	if (wait->known_ns)
		blocked_end_unknown(blocked, wait, time_ns);
	else
		blocked_end(blocked, wait, time_ns, SAMPLE_DROPPED_END_LOST);
}

struct blocked_wait *blocked_begin(struct blocked *blocked,
				   const struct perf_record *record)
{
	struct blocked_thread *thread = thread_get(blocked, record->tid);
	struct blocked_wait *wait;

	if (!thread)
		return NULL;
	if (thread->wait)
		end_unseen(blocked, thread->wait, record->time_ns);
	wait = calloc(1, sizeof(*wait));
	if (!wait)
		return NULL;
	wait->thread = thread;
	wait->pid = (pid_t)record->pid;
	wait->tid = (pid_t)record->tid;
	wait->start_ns = record->time_ns;
	wait->outs = thread->outs + 1;
	wait->times = wait->outs * blocked->scale / SCALE_ONE;
	wait->piece_gap_ns = PIECE_FIRST_NS;
	wait->piece_ns = wait->start_ns + PIECE_FIRST_NS;
	thread->wait = wait;
	thread->outs = 0;
	thread->waits = true;
	thread->preempted = false;
	thread->unseen = false;
	blocked_count_nothing(blocked, thread, record->time_ns);
	thread->counting_own = true;
	list_add(&blocked->waits, wait);
	blocked->begun++;
	return wait;
}

void blocked_settle(struct blocked *blocked, struct blocked_wait *wait,
		    const struct store_sample *row)
{
	wait->row = *row;
	wait->era = store_era(blocked->store);
	wait->settled = true;
	if (!wait->thread)
		wait_finish(blocked, wait);
}

void blocked_give_up(struct blocked *blocked, struct blocked_wait *wait,
		     enum sample_fate fate)
{
	wait->settled = true;
	if (wait->thread)
		blocked_end(blocked, wait, wait->start_ns, fate);
	else
		wait_finish(blocked, wait);
}

// Follows the sample of the same switch, where that is not filtered.
static void preempted(struct blocked *blocked, const struct perf_record *record)
{
	struct blocked_thread *thread = thread_find(blocked, record->tid);

	if (!thread)
		return;
	if (thread->counting_own && thread->wait)
		blocked_end(blocked, thread->wait, record->time_ns,
			    SAMPLE_REJECTED_PREEMPTED);
	else if (thread->wait)
		end_unseen(blocked, thread->wait, record->time_ns);
	thread->waits = false;
	thread->preempted = true;
	thread->unseen = false;
	thread->counting_own = false;
}

static void switched_out(struct blocked *blocked,
			 const struct perf_record *record)
{
	struct blocked_thread *thread = thread_get(blocked, record->tid);

	if (!thread)
		return;
	if (!thread->counting_own) {
		if (thread->wait)
			end_unseen(blocked, thread->wait, record->time_ns);
		thread->outs++;
		thread->waits = true;
		thread->preempted = false;
		blocked_count_nothing(blocked, thread, record->time_ns);
	}
	thread->unseen = false;
	thread->counting_own = false;
}

static void switched_in(struct blocked *blocked,
			const struct perf_record *record)
{
	struct blocked_thread *thread = thread_find(blocked, record->tid);
	struct blocked_wait *wait;

	if (!thread)
		return;
	thread->counting_own = false;
	wait = thread->wait;
	if (wait && wait->knowledge == BLOCKED_UNSURE)
		blocked_end_unknown(blocked, wait, record->time_ns);
	else if (wait && record->time_ns >= wait->start_ns)
		blocked_end(blocked, wait, record->time_ns, SAMPLE_STORED);
	blocked_note_unseen(thread);
	blocked_count(blocked, thread, record->time_ns);
	thread->waits = false;
	thread->preempted = false;
	thread->unseen = false;
}

// The last of a thread.
static void exited(struct blocked *blocked, const struct perf_record *record)
{
	struct blocked_thread *thread = thread_find(blocked, record->tid);

	if (!thread)
		return;
	if (thread->wait)
		end_unseen(blocked, thread->wait, record->time_ns);
	thread_forget(blocked, thread);
}

void blocked_take_record(struct blocked *blocked,
			 const struct perf_record *record)
{
	if (!record->tid)
		return;
	if (record->type == PERF_RECORD_EXIT)
		exited(blocked, record);
	else if (record->switched.preempted)
		preempted(blocked, record);
	else if (record->switched.out)
		switched_out(blocked, record);
	else
		switched_in(blocked, record);
}

void blocked_finish(struct blocked *blocked, uint64_t end_ns)
{
	struct blocked_wait *wait = blocked->waits.next, *next;

	for (; wait != &blocked->waits; wait = next) {
		next = wait->next;
		if (wait->thread && wait->knowledge == BLOCKED_SURE)
			blocked_end(blocked, wait, end_ns, SAMPLE_STORED);
		else if (wait->thread)
			blocked_end_unknown(blocked, wait, end_ns);
	}
}

// What threads have done since is not known.
void blocked_doubt(struct blocked *blocked, uint64_t until_ns)
{
	struct blocked_wait *wait = blocked->waits.next, *next_wait;
	struct blocked_thread *thread, *next;

	for (; wait != &blocked->waits; wait = next_wait) {
		next_wait = wait->next;
		if (wait->thread && wait->start_ns <= until_ns)
			end_unseen(blocked, wait, until_ns);
	}
	HASH_ITER(hh, blocked->threads, thread, next) {
		thread->waits = false;
		thread->unseen = false;
		blocked_count_nothing(blocked, thread, until_ns);
	}
}

void blocked_store_pieces(struct blocked *blocked, uint64_t now_ns)
{
	struct blocked_wait *wait = blocked->waits.next;

	for (; wait != &blocked->waits; wait = wait->next) {
		uint64_t until_ns = wait->knowledge == BLOCKED_SURE ?
					    now_ns : wait->known_ns;

		if (!wait->thread || !wait->settled ||
		    until_ns < wait->piece_ns ||
		    wait->era != store_era(blocked->store))
			continue;
		store_row(blocked, wait,
			  take_weight(blocked, wait, wait->piece_ns),
			  wait->piece_ns);
		if (wait->piece_gap_ns < PIECE_MOST_NS)
			wait->piece_gap_ns *= 2;
		wait->piece_ns += wait->piece_gap_ns;
	}
}
