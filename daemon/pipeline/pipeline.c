// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/pipeline.h"

#include "base/clock.h"
#include "daemon/pipeline/sample_walk.h"
#include "daemon/pipeline/settle.h"
#include "daemon/pipeline/waiting_sample.h"

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
	pipeline->walk_cache = walk_cache_create();
	pipeline->frames = calloc(PIPELINE_FRAME_LIMIT + 1,
				  sizeof(*pipeline->frames));
	if (!pipeline->walk_cache || !pipeline->frames)
		return &error_nomem;
	error = merge_init(&pipeline->merge, arch, source_count);
	if (!error)
		error = process_table_init(&pipeline->processes, opener);
	if (!error)
		error = proof_book_init(&pipeline->proofs, arch);
	if (!error)
		error = resolver_init(&pipeline->resolver, store);
	pipeline->resolver.opener = opener;
	return error;
}

void pipeline_deinit(struct pipeline *pipeline)
{
	settle_discard(pipeline);
	merge_deinit(&pipeline->merge);
	process_table_deinit(&pipeline->processes);
	proof_book_deinit(&pipeline->proofs);
	resolver_deinit(&pipeline->resolver);
	walk_cache_destroy(pipeline->walk_cache);
	free(pipeline->frames);
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
		break;
	}
	if (!process_table_apply(&pipeline->processes, record))
		stats->dropped++;
}

static void take_record(struct pipeline *pipeline, struct merge_source *source)
{
	switch (source->kind) {
	case PERF_KIND_TIMER:
		// What the stream has passed has all its evidence. The delay
		// forgives records that a ring has out of order.
		settle_proofs(pipeline, source->record.time_ns -
						MERGE_SETTLE_NS);
		sample_walk(pipeline, source);
		break;
	case PERF_KIND_PROOF:
		proof_book_evidence(&pipeline->proofs, &source->record,
				    source->kind);
		break;
	case PERF_KIND_OTHER:
		proof_book_evidence(&pipeline->proofs, &source->record,
				    source->kind);
		take_sideband(pipeline, &source->record);
		break;
	}
}

static void run_round(struct pipeline *pipeline, uint64_t settle_until_ns)
{
	struct merge_source *source;

	pipeline->proofs.doubt_until_ns = pipeline->merge.full_ns;
	while ((source = merge_next(&pipeline->merge)))
		take_record(pipeline, source);
	merge_end(&pipeline->merge);
	settle_samples(pipeline, settle_until_ns);
}

void pipeline_round(struct pipeline *pipeline, uint64_t now_ns)
{
	merge_begin(&pipeline->merge, now_ns);
	run_round(pipeline, pipeline->merge.safe_ns);
}

void pipeline_drain(struct pipeline *pipeline)
{
	merge_begin(&pipeline->merge, UINT64_MAX);
	run_round(pipeline, UINT64_MAX);
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
		{ "walk_ns", stats->walk_ns, "CPU time spent unwinding" },
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
}
