// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/settle.h"

#include "base/clock.h"
#include "daemon/pipeline/settle_codes.h"
#include "daemon/pipeline/waiting_sample.h"

// 8 MiB of them are held at most.
enum { FRAMES_HELD_MAX = (8 << 20) / sizeof(struct resolved_frame) };

#define STORE_NS (300 * NS_PER_MS)
#define COLLECT_NS NS_PER_SEC
#define SWEEP_NS (4 * NS_PER_SEC)

static void proof_done(void *context, const struct proof *proof,
		       enum proof_reason reason)
{
	struct pipeline *pipeline = context;
	struct waiting_sample *sample = proof->sample;

	// That the thread ran while it was read explains whatever is odd.
	if (reason != PROOF_HOLDS)
		sample->reason = reason;
	*pipeline->settled_end = sample;
	pipeline->settled_end = &sample->next;
}

static enum store_trust trust_of(const struct waiting_sample *sample)
{
	if (!sample->has_python)
		return STORE_TRUST_NATIVE;
	if (sample->reason != PROOF_HOLDS)
		return STORE_TRUST_UNPROVEN;
	return sample->excluded ? STORE_TRUST_NATIVE : STORE_TRUST_PROVEN;
}

static void count_sample(struct pipeline_stats *stats,
			 const struct waiting_sample *sample,
			 enum store_trust trust)
{
	stats->samples++;
	stats->walk_end[sample->walk_end]++;
	stats->reason[sample->reason]++;
	switch (trust) {
	case STORE_TRUST_PROVEN:
		stats->proven++;
		break;
	case STORE_TRUST_UNPROVEN:
		stats->unproven++;
		break;
	case STORE_TRUST_NATIVE:
		stats->native++;
		break;
	}
}

// What was read of a thread that ran meanwhile is another instant's.
static void add_gil(struct pipeline *pipeline,
		    const struct waiting_sample *sample,
		    struct store_sample *row)
{
	if (trust_of(sample) != STORE_TRUST_PROVEN)
		return;
	row->gil = sample->gil;
	if (sample->gil_holder.tid)
		row->gil_holder_thread_id =
			identity_thread_row(&pipeline->identities,
					    sample->process,
					    &sample->gil_holder);
}

// How long a thread was blocked shows later.
static void hand_over(struct pipeline *pipeline,
		      const struct waiting_sample *sample,
		      const struct store_sample *row)
{
	if (sample->wait) {
		blocked_settle(&pipeline->blocked, sample->wait, row);
		return;
	}
	store_add_sample(pipeline->store, row);
	if (sample->delivered)
		pipeline->accounting.fate[SAMPLE_STORED]++;
}

static void store_one(struct pipeline *pipeline, struct waiting_sample *sample)
{
	enum store_trust trust = trust_of(sample);
	struct store_sample row = {
		.time_ns = sample->time_ns,
		.weight = sample->weight,
		.event_id = sample->event_id,
		.thread_id = identity_thread_row(&pipeline->identities,
						 sample->process,
						 &sample->thread),
		.cpu = sample->cpu,
		.trust = trust,
		.walk_end = walk_end_name(sample->walk_end),
	};

	row.callsite_id = resolve_stack(&pipeline->resolver, sample->event_id,
					sample->frames, sample->frame_count);
	if (sample->reason != PROOF_HOLDS)
		row.trust_reason = proof_reason_name(sample->reason);
	add_gil(pipeline, sample, &row);
	hand_over(pipeline, sample, &row);
	if (pipeline->keep && !sample->event_id)
		sample_file_verdict(pipeline->keep, sample->kept, trust,
				    row.trust_reason);
	count_sample(&pipeline->stats, sample, trust);
}

static void collect_codes(struct process_table *table)
{
	struct process *process, *next;

	HASH_ITER(hh, table->processes, process, next)
		if (process->python && !process->waiting)
			python_code_cache_collect(process->python->codes);
}

// A step a round, until the sweep is done; then nothing for a while.
static void sweep(struct pipeline *pipeline, uint64_t now)
{
	if (now - pipeline->swept_ns >= SWEEP_NS &&
	    process_table_sweep(&pipeline->processes, now))
		pipeline->swept_ns = now;
}

// Samples that still wait hold pointers to code objects.
static void collect(struct pipeline *pipeline, uint64_t now)
{
	if (now - pipeline->collected_ns < COLLECT_NS)
		return;
	pipeline->collected_ns = now;
	collect_codes(&pipeline->processes);
	module_cache_trim(pipeline->processes.modules, MODULE_CACHE_UNUSED_MAX);
}

void settle_proofs(struct pipeline *pipeline, uint64_t until_ns)
{
	proof_book_settle(&pipeline->proofs, until_ns, proof_done, pipeline);
}

static void give_up(struct pipeline *pipeline, struct waiting_sample *sample)
{
	pipeline->stats.dropped++;
	if (sample->wait)
		blocked_give_up(&pipeline->blocked, sample->wait,
				SAMPLE_DROPPED_STOP);
	else if (sample->delivered)
		pipeline->accounting.fate[SAMPLE_DROPPED_STOP]++;
}

static void move_to_checked(struct pipeline *pipeline)
{
	if (!pipeline->settled)
		return;
	*pipeline->checked_end = pipeline->settled;
	pipeline->checked_end = pipeline->settled_end;
	pipeline->settled = NULL;
	pipeline->settled_end = &pipeline->settled;
	pipeline->unchecked = &pipeline->settled;
}

static struct waiting_sample *take_checked(struct pipeline *pipeline)
{
	struct waiting_sample *sample = pipeline->checked;

	pipeline->checked = sample->next;
	if (!pipeline->checked)
		pipeline->checked_end = &pipeline->checked;
	return sample;
}

// For how long a round may go on; at the end there is no other one.
static bool has_time(const struct pipeline *pipeline, uint64_t start_ns)
{
	if (pipeline->store_until_ns)
		return monotonic_ns() < pipeline->store_until_ns;
	return monotonic_ns() - start_ns < STORE_NS || pipeline->draining ||
	       pipeline->waiting_frames >= FRAMES_HELD_MAX;
}

// The first frames of a program have its symbols read. What is left over is the
// next round's, so that nothing else waits for long.
static void store_checked(struct pipeline *pipeline)
{
	uint64_t start_ns = monotonic_ns();

	while (pipeline->checked) {
		bool stored = has_time(pipeline, start_ns);
		struct waiting_sample *sample;

		if (!stored && !pipeline->draining)
			return;
		sample = take_checked(pipeline);
		if (stored)
			store_one(pipeline, sample);
		else
			give_up(pipeline, sample);
		sample->process->waiting--;
		pipeline->waiting--;
		pipeline->waiting_frames -= sample->frame_count;
		waiting_sample_free(sample);
	}
}

void settle_samples(struct pipeline *pipeline, uint64_t until_ns)
{
	uint64_t now = monotonic_ns();
	bool late = pipeline->store_until_ns && now >= pipeline->store_until_ns;

	settle_proofs(pipeline, until_ns);
	if (!late)
		settle_look_at_codes(pipeline);
	process_table_collect(&pipeline->processes);
	sweep(pipeline, now);
	if (pipeline->hold && pipeline->waiting_frames < FRAMES_HELD_MAX) {
		store_checked(pipeline);
		return;
	}
	if (!late)
		settle_codes(pipeline);
	move_to_checked(pipeline);
	store_checked(pipeline);
	collect(pipeline, now);
}

void settle_forget_thread(struct pipeline *pipeline,
			  const struct perf_record *record)
{
	struct target *target =
		target_table_find(pipeline->targets, (pid_t)record->pid);

	if (target)
		python_target_forget_thread(
			target->python,
			python_target_inside(target->python, record->tid));
}

static void discard_proof(void *context, const struct proof *proof,
			  enum proof_reason reason)
{
	(void)context;
	(void)reason;
	waiting_sample_free(proof->sample);
}

void settle_discard(struct pipeline *pipeline)
{
	if (pipeline->proofs.waiting)
		proof_book_settle(&pipeline->proofs, UINT64_MAX, discard_proof,
				  NULL);
	move_to_checked(pipeline);
	while (pipeline->checked)
		waiting_sample_free(take_checked(pipeline));
}
