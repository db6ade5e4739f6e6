// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/sample_walk.h"

#include "base/clock.h"
#include "daemon/pipeline/exclusion.h"
#include "daemon/pipeline/sample_cause.h"
#include "daemon/pipeline/sample_codes.h"
#include "daemon/pipeline/sample_gil.h"
#include "daemon/pipeline/sample_judge.h"
#include "daemon/pipeline/waiting_sample.h"
#include "unwind/python/binary.h"

#include <string.h>

// Walks of one sample, while stale facts are found.
enum { WALKS_MAX = 8 };

// A program may make each of them long.
#define WALKS_NS (5 * NS_PER_MS)

// The sample being walked and what belongs to it.
struct work {
	const struct perf_record *record;
	struct regs regs;
	const struct capture *capture; // NULL: nothing was read
	enum proof_reason uncaptured; // and that is why
	struct process *process;
	struct process_python *python; // NULL: none, or not its own
	struct python_stack stack;
	struct walk_result walk;
	struct sample_cause cause;
};

// The capture of the sample at @position. Captures come in ring order; older
// ones belong to records that were given up.
static const struct capture *capture_of(struct merge_source *source)
{
	struct capture_queue *queue = &source->capture->queue;
	const struct capture *capture;

	while ((capture = capture_queue_peek(queue))) {
		if (capture->ring_position == source->position)
			return capture;
		if (capture->ring_position > source->position)
			return NULL;
		capture_queue_pop(queue);
	}
	return NULL;
}

static bool had_no_room(const struct merge_source *source)
{
	const struct capture_stats *stats = &source->capture->stats;

	for (uint64_t i = 0;
	     i < CAPTURE_FULL_SLOTS && i < stats->queue_full; i++)
		if (stats->full_at[i] == source->position)
			return true;
	return false;
}

static bool hung_reader(const struct merge_source *source)
{
	const struct capture_stats *stats = &source->capture->stats;

	for (uint64_t i = 0;
	     i < CAPTURE_STUCK_SLOTS && i < stats->stuck; i++)
		if (stats->stuck_at[i] == source->position)
			return true;
	return false;
}

// What there is to say when the sample turns out to have no capture.
static enum proof_reason why_uncaptured(struct pipeline *pipeline,
					const struct merge_source *source)
{
	if (had_no_room(source))
		return PROOF_QUEUE_FULL;
	if (hung_reader(source))
		return PROOF_CAPTURE_STUCK;
	if (target_table_is_banned(pipeline->targets,
				   (pid_t)source->record.pid))
		return PROOF_BANNED;
	if (target_table_is_denied(pipeline->targets,
				   (pid_t)source->record.pid))
		return PROOF_DENIED;
	return PROOF_NOT_CAPTURED;
}

// Where the eval loop is entered is known only when its CFI has been read.
static void tell_entry(const struct target *target, struct process *process)
{
	struct python_target *python = target->python;
	const struct python_binary *binary;
	uint64_t bias;

	if (__atomic_load_n(&python->entry_end, __ATOMIC_RELAXED) ||
	    !process_has_python(process, &binary) || !binary->eval_count)
		return;
	bias = python->runtime - binary->runtime_vaddr;
	python_target_set_entry(python, bias + binary->eval[0].start,
				bias + binary->entry_end);
}

static struct process_python *python_of(struct pipeline *pipeline,
					struct work *work)
{
	struct process_python *python;
	struct target *target;

	if (!work->capture)
		return NULL;
	target = target_table_by_epoch(pipeline->targets, work->process->pid,
				       work->capture->target_epoch);
	if (!target)
		return NULL;
	tell_entry(target, work->process);
	python = process_python_of(work->process, target);
	if (!python)
		return NULL;
	python->memory.lifeline = pipeline->lifeline;
	python_code_cache_share(python->codes, &pipeline->code_budget);
	return python;
}

static void prepare_memory(struct pipeline *pipeline, struct work *work)
{
	const struct perf_sample_fields *sample = &work->record->sample;
	struct memory *memory = &pipeline->memory;

	memory->segment_count = 0;
	memory_add(memory, work->regs.value[pipeline->arch->sp], sample->stack,
		   sample->stack_size);
	if (work->python)
		snapshot_add_to_memory(&work->capture->snapshot,
				       sizeof(struct snapshot) +
					       work->capture->snapshot.byte_count,
				       memory);
}

static struct python_stack *prepare_python(struct work *work,
					   const struct memory *memory)
{
	if (!work->python)
		return NULL;
	python_stack_init(&work->stack, work->python->layout,
			  &work->capture->snapshot, memory);
	work->stack.code_facts = sample_code_facts;
	work->stack.code_context = work->python;
	return &work->stack;
}

// An object whose head never came, because its capture was lost on the way:
// the next capture that meets it reads it again.
static void ask_again(struct pipeline *pipeline, const struct work *work,
		      uint64_t code)
{
	struct target *target =
		target_table_by_epoch(pipeline->targets, work->process->pid,
				      work->python->epoch);

	if (target)
		python_target_forget_code(target->python, code);
}

static void walk_once(struct pipeline *pipeline, struct work *work)
{
	struct walk_input input = { .arch = pipeline->arch,
				    .regs = work->regs,
				    .memory = &pipeline->memory,
				    .space = &work->process->image->space,
				    .cache = pipeline->walk_cache,
				    .frame_limit = PIPELINE_FRAME_LIMIT };

	input.python = prepare_python(work, &pipeline->memory);
	walk(&input, pipeline->frames, &work->walk);
	pipeline->stats.native_steps += work->walk.native_steps;
}

// A contradiction may rest on what was cached of an object that has since been
// freed, and its address given to another. True: so it was, and it is forgotten.
static bool forget_suspect(struct pipeline *pipeline, struct work *work)
{
	struct live_memory memory =
		lifeline_memory_reader(&work->python->memory);
	struct python_code *code =
		python_code_find(work->python->codes, work->stack.suspect);

	if (!code || python_code_verify(work->python->codes, code, &memory,
					monotonic_ns()) != PYTHON_CODE_CHANGED)
		return false;
	pipeline->stats.codes_changed++;
	ask_again(pipeline, work, work->stack.suspect);
	return true;
}

static void note_walk(struct pipeline_stats *stats, uint64_t ns)
{
	uint64_t us = ns / 1000;

	stats->walk_ns += ns;
	stats->walk_samples++;
	stats->walk_us[us < PIPELINE_WALK_BUCKETS ? us :
						    PIPELINE_WALK_BUCKETS - 1]++;
}

static void walk_again_while_suspect(struct pipeline *pipeline,
				     struct work *work)
{
	uint64_t until;

	prepare_memory(pipeline, work);
	walk_once(pipeline, work);
	if (!work->walk.contradiction)
		return;
	until = monotonic_ns() + WALKS_NS;
	for (int i = 1; i < WALKS_MAX && monotonic_ns() < until; i++) {
		if (!work->walk.contradiction || !work->stack.suspect ||
		    !forget_suspect(pipeline, work))
			break;
		walk_once(pipeline, work);
	}
}

// Looking at this clock is a system call, and may cost as much as the walk.
static void walk_user(struct pipeline *pipeline, struct work *work)
{
	bool timed = pipeline->stats.walks++ % PIPELINE_TIMED_WALK == 0;
	uint64_t start = 0;

	if (work->python)
		sample_learn_codes(work->python, work->capture);
	if (timed)
		start = clock_now_ns(CLOCK_THREAD_CPUTIME_ID);
	walk_again_while_suspect(pipeline, work);
	if (timed)
		note_walk(&pipeline->stats,
			  clock_now_ns(CLOCK_THREAD_CPUTIME_ID) - start);
}

static void add_user(struct pipeline *pipeline, struct waiting_sample *sample,
		     const struct work *work)
{
	for (size_t i = 0; i < work->walk.frame_count; i++) {
		struct resolved_frame *to =
			&sample->frames[sample->frame_count++];

		to->frame = work->walk.frames[i];
		to->code = NULL;
		if (to->frame.module)
			module_keep(to->frame.module);
		if (to->frame.kind != FRAME_PYTHON)
			continue;
		to->code = python_code_find(work->python->codes,
					    to->frame.code);
		if (!to->code)
			ask_again(pipeline, work, to->frame.code);
		else if (sample_code_may_go(to->code, sample->time_ns))
			pipeline->last_haste_ns = sample->time_ns;
	}
}

// Who has the lock is told by the number that the process's own namespace has.
static pid_t outside_tid(struct pipeline *pipeline, const struct work *work,
			 pid_t inside)
{
	const struct target *target =
		target_table_by_epoch(pipeline->targets, work->process->pid,
				      work->python->epoch);

	return target ? (pid_t)python_target_outside(target->python,
						     (uint32_t)inside) :
			0;
}

static void note_gil(struct pipeline *pipeline, const struct work *work,
		     struct waiting_sample *sample)
{
	struct sample_gil gil;
	struct thread *holder;

	if (!work->python)
		return;
	gil = sample_gil_of(work->python->layout, &work->capture->snapshot,
			    &work->walk);
	sample->gil = gil.state;
	if (gil.holder_tid)
		gil.holder_tid = outside_tid(pipeline, work, gil.holder_tid);
	holder = gil.holder_tid ? process_find_thread(work->process,
						      gil.holder_tid) :
				  NULL;
	if (holder)
		sampled_thread_init(&sample->gil_holder, gil.holder_tid,
				    holder);
}

static void judge(struct pipeline *pipeline, const struct work *work,
		  struct waiting_sample *sample)
{
	const struct judged_sample judged = {
		.time_ns = work->record->time_ns,
		.process = work->process,
		.capture = work->capture,
		.uncaptured = work->uncaptured,
		.layout = work->python ? work->python->layout : NULL,
		.stack = work->python ? &work->stack : NULL,
		.walk = &work->walk,
	};
	enum sample_python python;

	sample->reason = sample_judge(pipeline, &judged, &python);
	sample->has_python = python != SAMPLE_PYTHON_NONE;
	sample->excluded = python == SAMPLE_PYTHON_EXCLUDED;
}

static struct waiting_sample *make_waiting(struct pipeline *pipeline,
					   const struct work *work)
{
	const struct perf_record *record = work->record;
	size_t room = work->walk.frame_count + record->sample.chain_count;
	struct waiting_sample *sample =
		malloc(sizeof(*sample) + room * sizeof(sample->frames[0]));

	if (!sample)
		return NULL;
	*sample = (struct waiting_sample){
		.time_ns = record->time_ns,
		.weight = work->cause.weight,
		.event_id = work->cause.event_id,
		.wait = work->cause.wait,
		.delivered = work->cause.delivered,
		.cpu = record->cpu,
		.process = work->process,
		.python = work->python,
		.walk_end = work->walk.end,
	};
	sampled_thread_init(&sample->thread, (pid_t)record->tid,
			    process_find_thread(work->process,
						(pid_t)record->tid));
	identity_meet(&pipeline->identities, work->process);
	judge(pipeline, work, sample);
	sample->frame_count = resolved_kernel_frames(record->sample.chain,
						     record->sample.chain_count,
						     sample->frames);
	add_user(pipeline, sample, work);
	note_gil(pipeline, work, sample);
	work->process->waiting++;
	return sample;
}

static void settle_now(struct pipeline *pipeline, struct waiting_sample *sample)
{
	*pipeline->settled_end = sample;
	pipeline->settled_end = &sample->next;
}

// A thread state found before this thread began is an earlier thread's, whose
// tid came again.
static bool is_stale(const struct work *work)
{
	struct thread *thread = process_thread(work->process,
					       (pid_t)work->record->tid);

	return thread && work->capture->snapshot.thread_state &&
	       work->capture->snapshot.thread_found_ns < thread->start_ns;
}

// What reading a running thread leads to, and else would be a fault of ours:
// the proof tells which.
static bool may_be_late(enum proof_reason reason)
{
	return reason == PROOF_HOLDS || reason == PROOF_UNREADABLE ||
	       reason == PROOF_BROKEN || reason == PROOF_CONTRADICTION ||
	       reason == PROOF_WALK_INCOMPLETE;
}

static void wait_for_proof(struct pipeline *pipeline, const struct work *work,
			   struct waiting_sample *sample)
{
	pipeline->waiting++;
	pipeline->waiting_frames += sample->frame_count;
	if (sample->has_python && sample->reason == PROOF_HOLDS &&
	    is_stale(work))
		sample->reason = PROOF_STALE_THREAD;
	if (!sample->has_python || !work->capture ||
	    !may_be_late(sample->reason)) {
		settle_now(pipeline, sample);
		return;
	}
	if (!proof_book_add(&pipeline->proofs, work->record,
			    work->capture->end_ns, work->capture->switches,
			    work->cause.place, sample)) {
		sample->reason = PROOF_NO_SWITCH;
		settle_now(pipeline, sample);
	}
}

static void drop(struct pipeline *pipeline, struct work *work)
{
	pipeline->stats.dropped++;
	sample_cause_end(pipeline, &work->cause, SAMPLE_DROPPED_MEMORY);
}

void sample_walk(struct pipeline *pipeline, struct merge_source *source)
{
	struct work work = { .record = &source->record,
			     .capture = capture_of(source) };
	struct waiting_sample *sample;

	if (sample_cause_of(pipeline, source, &work.cause) != SAMPLE_STORED)
		return;
	if (!work.capture)
		work.uncaptured = why_uncaptured(pipeline, source);
	work.process = process_table_get(&pipeline->processes,
					 (pid_t)source->record.pid,
					 (pid_t)source->record.tid);
	if (!work.process) {
		drop(pipeline, &work);
		return;
	}
	if (exclusion_matches(pipeline->exclude, work.process->pid,
			      work.process->name)) {
		sample_cause_end(pipeline, &work.cause,
				 SAMPLE_REJECTED_EXCLUDED);
		return;
	}
	work.walk = (struct walk_result){ .end = WALK_END_KERNEL_THREAD };
	if (source->record.sample.regs) {
		arch_regs_from_perf(pipeline->arch, source->record.sample.regs,
				    &work.regs);
		work.python = python_of(pipeline, &work);
		walk_user(pipeline, &work);
	}
	sample = make_waiting(pipeline, &work);
	if (sample && pipeline->keep && !work.cause.event_id)
		sample->kept = sample_file_add(pipeline->keep, work.process,
					       work.record, work.capture,
					       &work.walk);
	if (sample)
		wait_for_proof(pipeline, &work, sample);
	else
		drop(pipeline, &work);
	if (work.capture)
		capture_queue_pop(&source->capture->queue);
}

void sample_walk_sleeping(struct pipeline *pipeline,
			  const struct sleeping_thread *thread)
{
	struct perf_record record = {
		.type = PERF_RECORD_SAMPLE,
		.pid = (uint32_t)thread->pid,
		.tid = (uint32_t)thread->tid,
		.time_ns = thread->time_ns,
		.sample = { .stack = thread->stack,
			    .stack_size = thread->stack_size },
	};
	struct work work = { .record = &record,
			     .regs = thread->regs,
			     .uncaptured = PROOF_NOT_CAPTURED,
			     .capture = thread->capture };
	struct waiting_sample *sample;

	work.process = process_table_get(&pipeline->processes, thread->pid,
					 thread->tid);
	if (!work.process)
		return;
	work.python = python_of(pipeline, &work);
	walk_user(pipeline, &work);
	sample = make_waiting(pipeline, &work);
	if (!sample)
		return;
	pipeline->waiting++;
	pipeline->waiting_frames += sample->frame_count;
	if (sample->has_python && sample->reason == PROOF_HOLDS)
		sample->reason = thread->reason;
	settle_now(pipeline, sample);
}
