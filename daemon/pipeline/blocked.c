// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/blocked.h"

#include "base/clock.h"

#include <uthash.h>

#define PIECE_FIRST_NS (10 * NS_PER_SEC)
#define PIECE_MOST_NS (160 * NS_PER_SEC)

enum { SCALE_ONE = 1024 };

/** A thread that switches: what was not sampled of it counts, too. */
struct blocked_thread {
	UT_hash_handle hh;
	uint32_t tid;
	bool counting_own;  // the next switch-out is that of the sampled wait
	uint64_t outs;	    // waits since the last sampled one
	uint64_t out_ns;    // waits since then; 0: it does not, or who knows
	uint64_t untold_ns; // waited, and no row tells of it
	struct blocked_wait *wait; // NULL: it runs, or was not sampled
};

void blocked_init(struct blocked *blocked, struct store *store,
		  struct accounting *accounting)
{
	*blocked = (struct blocked){ .store = store,
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

// Moves what it has waited until @until_ns to what is to be told.
static void thread_count(const struct blocked *blocked,
			 struct blocked_thread *thread, uint64_t until_ns)
{
	if (!thread->out_ns || until_ns <= thread->out_ns)
		return;
	thread->untold_ns +=
		(until_ns - thread->out_ns) * blocked->scale / SCALE_ONE;
	thread->out_ns = until_ns;
}

// Takes the weight of @wait, if it lasted until @until_ns, out of what is to
// be told of its thread. Its own time is its own in any case.
static uint64_t take_weight(const struct blocked *blocked,
			    struct blocked_wait *wait, uint64_t until_ns)
{
	struct blocked_thread *thread = wait->thread;
	uint64_t own = until_ns > wait->start_ns ? until_ns - wait->start_ns : 0;
	uint64_t weight = own, more;

	thread_count(blocked, thread, until_ns);
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

static void wait_end(struct blocked *blocked, struct blocked_wait *wait,
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

struct blocked_wait *blocked_begin(struct blocked *blocked,
				   const struct perf_record *record)
{
	struct blocked_thread *thread = thread_get(blocked, record->tid);
	struct blocked_wait *wait;

	if (!thread)
		return NULL;
	// It ran to get here, and nobody saw it.
	if (thread->wait)
		wait_end(blocked, thread->wait, record->time_ns,
			 SAMPLE_DROPPED_END_LOST);
	wait = calloc(1, sizeof(*wait));
	if (!wait)
		return NULL;
	wait->thread = thread;
	wait->start_ns = record->time_ns;
	wait->times = (thread->outs + 1) * blocked->scale / SCALE_ONE;
	wait->piece_gap_ns = PIECE_FIRST_NS;
	wait->piece_ns = wait->start_ns + PIECE_FIRST_NS;
	thread->wait = wait;
	thread->outs = 0;
	thread->out_ns = record->time_ns;
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
		wait_end(blocked, wait, wait->start_ns, fate);
	else
		wait_finish(blocked, wait);
}

// Follows the sample of the same switch, where that is not filtered.
static void preempted(struct blocked *blocked, const struct perf_record *record)
{
	struct blocked_thread *thread = thread_find(blocked, record->tid);

	if (!thread)
		return;
	thread->out_ns = 0;
	if (thread->counting_own && thread->wait)
		wait_end(blocked, thread->wait, record->time_ns,
			 SAMPLE_REJECTED_PREEMPTED);
	thread->counting_own = false;
}

static void switched_out(struct blocked *blocked,
			 const struct perf_record *record)
{
	struct blocked_thread *thread = thread_get(blocked, record->tid);

	if (!thread)
		return;
	if (!thread->counting_own) {
		thread->outs++;
		thread->out_ns = record->time_ns;
	}
	thread->counting_own = false;
}

static void switched_in(struct blocked *blocked,
			const struct perf_record *record)
{
	struct blocked_thread *thread = thread_find(blocked, record->tid);

	if (!thread)
		return;
	thread->counting_own = false;
	if (thread->wait && record->time_ns >= thread->wait->start_ns)
		wait_end(blocked, thread->wait, record->time_ns, SAMPLE_STORED);
	thread_count(blocked, thread, record->time_ns);
	thread->out_ns = 0;
}

void blocked_take_record(struct blocked *blocked,
			 const struct perf_record *record)
{
	struct blocked_thread *thread;

	if (!record->tid)
		return;
	if (record->type == PERF_RECORD_EXIT) {
		thread = thread_find(blocked, record->tid);
		if (thread && thread->wait)
			wait_end(blocked, thread->wait, record->time_ns,
				 SAMPLE_DROPPED_END_LOST);
		if (thread)
			thread_forget(blocked, thread);
	} else if (record->switched.preempted) {
		preempted(blocked, record);
	} else if (record->switched.out) {
		switched_out(blocked, record);
	} else {
		switched_in(blocked, record);
	}
}

static void end_all(struct blocked *blocked, uint64_t until_ns,
		    enum sample_fate fate)
{
	struct blocked_wait *wait = blocked->waits.next;

	while (wait != &blocked->waits) {
		struct blocked_wait *next = wait->next;

		if (wait->thread && wait->start_ns <= until_ns)
			wait_end(blocked, wait, until_ns, fate);
		wait = next;
	}
}

// What threads do from then on is not known.
static void forget_states(struct blocked *blocked, uint64_t known_until_ns)
{
	struct blocked_thread *thread, *next;

	HASH_ITER(hh, blocked->threads, thread, next) {
		thread_count(blocked, thread, known_until_ns);
		thread->out_ns = 0;
	}
}

void blocked_cut(struct blocked *blocked, uint64_t until_ns)
{
	end_all(blocked, until_ns, SAMPLE_STORED);
	forget_states(blocked, until_ns);
}

void blocked_doubt(struct blocked *blocked, uint64_t until_ns)
{
	end_all(blocked, until_ns, SAMPLE_DROPPED_END_LOST);
	forget_states(blocked, 0);
}

void blocked_store_pieces(struct blocked *blocked, uint64_t now_ns)
{
	struct blocked_wait *wait = blocked->waits.next;

	for (; wait != &blocked->waits; wait = wait->next) {
		if (!wait->thread || !wait->settled || now_ns < wait->piece_ns ||
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
