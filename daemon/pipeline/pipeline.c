// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/pipeline.h"

#include "base/clock.h"
#include "daemon/perf/perf_attr.h"
#include "daemon/pipeline/sample_cause.h"
#include "daemon/pipeline/sample_walk.h"
#include "daemon/pipeline/settle.h"
#include "daemon/pipeline/waiting_sample.h"
#include "daemon/pipeline/waker.h"
#include "unwind/page_cache.h"

#define ROUND_NS (100 * NS_PER_MS)
// All but samples: the clock is looked at after so many.
enum { QUICK_RECORDS = 32 };

struct error *pipeline_init(struct pipeline *pipeline, const struct arch *arch,
			    const struct opener *opener, struct store *store,
			    struct target_table *targets,
			    size_t source_count)
{
	struct error *error;

	*pipeline = (struct pipeline){ .arch = arch,
				       .store = store,
				       .targets = targets };
	pipeline->settled_end = &pipeline->settled;
	pipeline->unchecked = &pipeline->settled;
	pipeline->checked_end = &pipeline->checked;
	pipeline->pages = page_cache_create();
	pipeline->walk_cache = walk_cache_create();
	pipeline->frames = calloc(PIPELINE_FRAME_LIMIT + 1,
				  sizeof(*pipeline->frames));
	if (!pipeline->walk_cache || !pipeline->frames || !pipeline->pages)
		return &error_nomem;
	error = merge_init(&pipeline->merge, arch, source_count);
	if (!error)
		error = process_table_init(&pipeline->processes, opener);
	if (!error)
		error = proof_book_init(&pipeline->proofs, arch);
	if (!error)
		error = resolver_init(&pipeline->resolver, store);
	pipeline->resolver.opener = opener;
	identity_init(&pipeline->identities, store, &pipeline->processes);
	return error;
}

void pipeline_set_store(struct pipeline *pipeline, struct store *store)
{
	pipeline->store = store;
	pipeline->resolver.store = store;
	pipeline->identities.store = store;
}

void pipeline_deinit(struct pipeline *pipeline)
{
	settle_discard(pipeline);
	blocked_deinit(&pipeline->blocked);
	merge_deinit(&pipeline->merge);
	identity_deinit(&pipeline->identities);
	process_table_deinit(&pipeline->processes);
	proof_book_deinit(&pipeline->proofs);
	resolver_deinit(&pipeline->resolver);
	page_cache_destroy(pipeline->pages);
	walk_cache_destroy(pipeline->walk_cache);
	free(pipeline->frames);
}

static bool is_past(uint64_t until_ns)
{
	return until_ns && monotonic_ns() >= until_ns;
}

static void give_up_sample(struct pipeline *pipeline,
			   const struct merge_source *source)
{
	struct sample_cause cause;

	if (sample_cause_of(pipeline, source, &cause) != SAMPLE_STORED)
		return;
	pipeline->stats.dropped++;
	sample_cause_end(pipeline, &cause, SAMPLE_DROPPED_STOP);
}

static void take_sample(struct pipeline *pipeline, struct merge_source *source)
{
	if (is_past(pipeline->take_until_ns)) {
		give_up_sample(pipeline, source);
		return;
	}
	// What the stream has passed has all its evidence. The delay forgives
	// records that a ring has out of order.
	settle_proofs(pipeline, source->record.time_ns - MERGE_SETTLE_NS);
	sample_walk(pipeline, source);
}

static void take_sideband(struct pipeline *pipeline,
			  const struct perf_record *record)
{
	struct pipeline_stats *stats = &pipeline->stats;

	switch (record->type) {
	case PERF_RECORD_LOST:
		stats->lost += record->lost.count;
		break;
	case PERF_RECORD_THROTTLE:
		stats->throttled++;
		break;
	case PERF_RECORD_EXIT:
		settle_forget_thread(pipeline, record);
		if (pipeline->follows_blocked)
			blocked_take_record(&pipeline->blocked, record);
		break;
	}
	// For nobody's sake; it may open files.
	if (is_past(pipeline->take_until_ns))
		return;
	if (!process_table_apply(&pipeline->processes, record))
		stats->dropped_records++;
}

static void take_switch(struct pipeline *pipeline, struct merge_source *source)
{
	source->switches++;
	if (pipeline->follows_blocked)
		blocked_take_record(&pipeline->blocked, &source->record);
}

static void take_record(struct pipeline *pipeline, struct merge_source *source)
{
	switch (source->kind) {
	case PERF_KIND_TIMER:
		take_sample(pipeline, source);
		// Not before: one that hung its reader comes again.
		pipeline->accounting.delivered++;
		break;
	case PERF_KIND_PROOF:
	case PERF_KIND_MOVE:
		proof_book_evidence(&pipeline->proofs, &source->record,
				    source->kind);
		break;
	case PERF_KIND_WAKING:
		waker_take_record(pipeline, &source->record);
		break;
	case PERF_KIND_OTHER:
		proof_book_evidence(&pipeline->proofs, &source->record,
				    source->kind);
		if (source->record.type == PERF_RECORD_SWITCH ||
		    source->record.type == PERF_RECORD_SWITCH_CPU_WIDE)
			take_switch(pipeline, source);
		else
			take_sideband(pipeline, &source->record);
		break;
	}
}

// Evidence may be missing until then, and ends of waits.
static void take_doubt(struct pipeline *pipeline)
{
	if (pipeline->proofs.doubt_until_ns == pipeline->merge.full_ns)
		return;
	pipeline->proofs.doubt_until_ns = pipeline->merge.full_ns;
	if (pipeline->follows_blocked)
		blocked_doubt(&pipeline->blocked, pipeline->merge.full_ns);
}

static void count_broken(struct pipeline *pipeline)
{
	uint64_t *broken = &pipeline->accounting.fate[SAMPLE_REJECTED_BROKEN];

	pipeline->accounting.delivered +=
		pipeline->merge.broken_samples - *broken;
	*broken = pipeline->merge.broken_samples;
}

static void take_records(struct pipeline *pipeline, uint64_t until_ns)
{
	struct merge *merge = &pipeline->merge;
	struct merge_source *source;
	unsigned int taken = 0;

	while ((source = merge_next(merge))) {
		bool slow = source->kind == PERF_KIND_TIMER;

		take_record(pipeline, source);
		if ((slow || ++taken % QUICK_RECORDS == 0) &&
		    monotonic_ns() >= until_ns)
			merge_stop(merge);
	}
	merge_end(merge);
	count_broken(pipeline);
}

static void settle(struct pipeline *pipeline, uint64_t until_ns)
{
	settle_samples(pipeline, until_ns);
	if (!is_past(pipeline->store_until_ns))
		identity_settle(&pipeline->identities, until_ns);
}

// The first samples of a program have its tables made, which takes a while
// where many want the CPU: the kernel gets back its room meanwhile, and what is
// done is written in time.
void pipeline_round(struct pipeline *pipeline, uint64_t now_ns)
{
	merge_begin(&pipeline->merge, now_ns);
	take_doubt(pipeline);
	take_records(pipeline, monotonic_ns() + ROUND_NS);
	settle(pipeline, pipeline->merge.safe_ns);
	if (pipeline->follows_blocked)
		blocked_store_pieces(&pipeline->blocked,
				     pipeline->merge.safe_ns);
}

// Half of the time is for what has been taken by then.
static void set_deadline(struct pipeline *pipeline)
{
	uint64_t now = monotonic_ns(), most_ns = pipeline->drain_most_ns;

	if (!most_ns)
		return;
	pipeline->take_until_ns = now + most_ns / 2;
	pipeline->store_until_ns = now + most_ns;
}

void pipeline_drain(struct pipeline *pipeline, uint64_t end_ns)
{
	pipeline->hold = false;
	pipeline->draining = true;
	set_deadline(pipeline);
	merge_begin(&pipeline->merge, UINT64_MAX);
	take_doubt(pipeline);
	take_records(pipeline, UINT64_MAX);
	settle(pipeline, UINT64_MAX);
	// Once more for those that take after their parents.
	if (!is_past(pipeline->store_until_ns))
		identity_settle(&pipeline->identities, UINT64_MAX);
	if (pipeline->follows_blocked)
		blocked_finish(&pipeline->blocked, end_ns);
}

// A tracepoint of system calls gives the registers of user mode.
static enum proof_place place_of(const struct perf_event_choice *choice)
{
	if (choice->kind == PERF_CHOICE_OFF_CPU)
		return PROOF_OFF_CPU;
	return choice->type == PERF_TYPE_TRACEPOINT ? PROOF_IN_KERNEL :
						      PROOF_ANYWHERE;
}

struct error *pipeline_set_events(struct pipeline *pipeline,
				  const struct perf_options *options)
{
	const struct perf_choices *choices = &options->events;

	for (size_t i = 0; i < choices->count; i++) {
		const struct perf_event_choice *choice = &choices->choices[i];
		struct pipeline_event *event = &pipeline->events[i];
		unsigned int hz = perf_attr_frequency(options, choice);

		event->kind = choice->kind;
		event->place = place_of(choice);
		if (choice->kind == PERF_CHOICE_CLOCK)
			event->period_ns = NS_PER_SEC / hz;
		if (choice->kind == PERF_CHOICE_OFF_CPU)
			pipeline->follows_blocked = true;
		if (!i)
			continue;
		event->id = store_event(pipeline->store, choice->name,
					choice->unit,
					choice->kind == PERF_CHOICE_CLOCK ?
						NS_PER_SEC / hz : 1);
		if (!event->id)
			return &error_nomem;
	}
	pipeline->woken_offset = options->features->sched_waking.field_offset;
	blocked_init(&pipeline->blocked, pipeline->processes.opener,
		     pipeline->store, &pipeline->accounting);
	return NULL;
}

void pipeline_set_frequency(struct pipeline *pipeline,
			    const struct perf_options *options,
			    uint64_t now_ns)
{
	for (size_t i = 0; i < options->events.count; i++) {
		const struct perf_event_choice *choice =
			&options->events.choices[i];
		struct pipeline_event *event = &pipeline->events[i];

		if (choice->kind != PERF_CHOICE_CLOCK)
			continue;
		event->period_before_ns = event->period_ns;
		event->period_ns =
			NS_PER_SEC / perf_attr_frequency(options, choice);
		event->changed_ns = now_ns;
	}
}

static void report_walk_ends(struct pipeline *pipeline)
{
	char name[64];

	for (int i = 0; i < WALK_END_COUNT; i++) {
		snprintf(name, sizeof(name), "walk_end_%s", walk_end_name(i));
		store_set_health(pipeline->store, name,
				 (int64_t)pipeline->stats.walk_end[i],
				 "stacks whose walk ended for this reason");
	}
}

static void report_fates(struct pipeline *pipeline)
{
	for (int i = 0; i < SAMPLE_FATE_COUNT; i++)
		store_set_health(pipeline->store, sample_fate_name(i),
				 (int64_t)pipeline->accounting.fate[i],
				 sample_fate_text(i));
}

static void report_reasons(struct pipeline *pipeline)
{
	char name[64];

	for (int i = PROOF_HOLDS + 1; i < PROOF_REASON_COUNT; i++) {
		snprintf(name, sizeof(name), "unproven_%s",
			 proof_reason_name(i));
		store_set_health(pipeline->store, name,
				 (int64_t)pipeline->stats.reason[i],
				 proof_reason_text(i));
	}
}

static uint64_t median_us(const struct pipeline_stats *stats)
{
	uint64_t seen = 0, us = 0;

	while (us < PIPELINE_WALK_BUCKETS - 1 &&
	       (seen += stats->walk_us[us]) <= stats->walk_samples / 2)
		us++;
	return us;
}

static uint64_t ratio(uint64_t sum, uint64_t count)
{
	return count ? sum / count : 0;
}

void pipeline_report_health(struct pipeline *pipeline)
{
	const struct pipeline_stats *stats = &pipeline->stats;
	const struct blocked *blocked = &pipeline->blocked;
	const struct {
		const char *name;
		uint64_t value;
		const char *meaning;
	} rows[] = {
		{ "samples", stats->samples, "samples stored" },
		{ "samples_proven", stats->proven,
		  "samples whose Python frames are proven" },
		{ "samples_unproven", stats->unproven,
		  "samples with Python in them that is not proven" },
		{ "samples_native", stats->native,
		  "samples with no Python in them" },
		{ "samples_dropped", stats->dropped,
		  "samples given up by the recorder itself, out of memory" },
		{ "records_dropped", stats->dropped_records,
		  "records of processes and mappings given up, out of memory" },
		{ "samples_delivered", pipeline->accounting.delivered,
		  "samples that the kernel delivered" },
		{ "samples_waiting", accounting_waiting(&pipeline->accounting),
		  "of those, not stored, rejected or dropped yet; 0 at the "
		  "end" },
		{ "off_cpu_pieces", blocked->pieces,
		  "rows that go on telling of a long wait" },
		{ "off_cpu_followed", blocked->followed,
		  "waits followed while switches were not recorded" },
		{ "off_cpu_cut", blocked->cut,
		  "waits told only until switches were not recorded" },
		{ "off_cpu_ended_unseen", blocked->ended_unseen,
		  "waits that ended while switches were not recorded" },
		{ "off_cpu_unknown_ns", blocked->unknown_ns,
		  "time in which those may have gone on, and is not told" },
		{ "records_lost", stats->lost,
		  "records the kernel reported as lost (PERF_RECORD_LOST)" },
		{ "records_broken", pipeline->merge.broken_records,
		  "perf records that broke their format" },
		{ "throttled", stats->throttled,
		  "times the kernel throttled the event" },
		{ "frames_python", stats->python_frames, "Python frames" },
		{ "frames_native", stats->native_frames, "native frames" },
		{ "frames_kernel", stats->kernel_frames, "kernel frames" },
		{ "frames_unresolved", stats->unresolved_frames,
		  "Python frames that could not be named" },
		{ "code_objects_replaced", stats->codes_changed,
		  "code objects found replaced by another at their address" },
		{ "python_unsupported", pipeline->processes.unsupported,
		  "samples of CPython versions that are not supported" },
		{ "walk_ns", stats->walk_ns * PIPELINE_TIMED_WALK,
		  "CPU time spent unwinding, from one walk in eight" },
		{ "walk_native_steps", stats->native_steps,
		  "native steps made while unwinding" },
		{ "unwind_ns_mean", ratio(stats->walk_ns, stats->walk_samples),
		  "CPU time to unwind one sample, mean" },
		{ "unwind_us_median", median_us(stats),
		  "microseconds of CPU time to unwind one sample, median" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		store_set_health(pipeline->store, rows[i].name,
				 (int64_t)rows[i].value, rows[i].meaning);
	report_walk_ends(pipeline);
	report_reasons(pipeline);
	report_fates(pipeline);
}
