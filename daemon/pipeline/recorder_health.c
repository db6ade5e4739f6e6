// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/recorder_health.h"

#include "daemon/pipeline/recorder_state.h"

#include <sys/resource.h>

// The kernel's counter is exact (PERF_FORMAT_LOST); the records that report
// losses are not, for the last loss has no record after it.
struct perf_lost recorder_lost(const struct recorder *recorder)
{
	struct perf_lost lost = { 0 };

	if (!recorder->features.lost_count) {
		lost.samples = recorder->pipeline.stats.lost;
		return lost;
	}
	for (size_t i = 0; i < recorder->cpu_count; i++) {
		struct perf_lost one = perf_cpu_lost(&recorder->cpus[i]);

		lost.samples += one.samples;
		lost.records += one.records;
	}
	return lost;
}

// Asking interrupts each CPU for each event, so it is done only when a ring has
// been full since: else nothing can have been lost.
const struct perf_lost *recorder_lost_so_far(struct recorder *recorder)
{
	uint64_t full_ns = recorder->pipeline.merge.full_ns;

	if (full_ns != recorder->lost_full_ns || !recorder->features.lost_count)
		recorder->lost = recorder_lost(recorder);
	recorder->lost_full_ns = full_ns;
	return &recorder->lost;
}

// The bucket that @share of all @count captures do not exceed. The last one has
// all that is more.
static int64_t quantile(const uint64_t *buckets, int bucket_count,
			uint64_t count, double share)
{
	uint64_t wanted = (uint64_t)((double)count * share);
	uint64_t seen = 0;
	int at = 0;

	if (!count)
		return 0;
	while (at < bucket_count - 1 && (seen += buckets[at]) <= wanted)
		at++;
	return at;
}

static int64_t latency(const struct capture_stats *total, double share)
{
	return quantile(total->latency_us, CAPTURE_LATENCY_BUCKETS,
			total->captures, share);
}

static int64_t reading(const struct capture_stats *total, double share)
{
	return quantile(total->reading_us, CAPTURE_LATENCY_BUCKETS,
			total->captures, share);
}

static int64_t reads(const struct capture_stats *total, double share)
{
	return quantile(total->by_reads, CAPTURE_READS_BUCKETS, total->captures,
			share);
}

// The capture threads go on counting.
static uint64_t counter(const uint64_t *value)
{
	return __atomic_load_n(value, __ATOMIC_RELAXED);
}

static struct capture_stats sum_captures(const struct recorder *recorder)
{
	struct capture_stats total = { 0 };

	for (size_t i = 0; i < recorder->capture_count; i++) {
		const struct capture_stats *one = &recorder->captures[i]->stats;

		total.captures += counter(&one->captures);
		total.queue_full += counter(&one->queue_full);
		total.reads += counter(&one->reads);
		total.bytes += counter(&one->bytes);
		if (counter(&one->most_reads) > total.most_reads)
			total.most_reads = counter(&one->most_reads);
		for (int us = 0; us < CAPTURE_LATENCY_BUCKETS; us++) {
			total.latency_us[us] += counter(&one->latency_us[us]);
			total.reading_us[us] += counter(&one->reading_us[us]);
		}
		for (int i = 0; i < CAPTURE_READS_BUCKETS; i++)
			total.by_reads[i] += counter(&one->by_reads[i]);
	}
	return total;
}

static uint64_t moved_bytes(const struct recorder *recorder)
{
	const struct merge *merge = &recorder->pipeline.merge;
	uint64_t sum = 0;

	for (size_t i = 0; i < merge->source_count; i++)
		sum += counter(&merge->sources[i].spill.moved_bytes);
	return sum;
}

static bool all_realtime(const struct recorder *recorder)
{
	for (size_t i = 0; i < recorder->capture_count; i++)
		if (!recorder->captures[i]->realtime)
			return false;
	return true;
}

static int64_t own_cpu_us(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 +
	       usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
}

void recorder_report_health(struct recorder *recorder)
{
	struct capture_stats total = sum_captures(recorder);
	enum switch_proof proof = recorder->pipeline.proofs.switch_proof;
	const struct process_table *table = &recorder->pipeline.processes;
	const struct perf_lost *lost = recorder_lost_so_far(recorder);
	struct rusage usage = { 0 };

	getrusage(RUSAGE_SELF, &usage);
	const struct {
		const char *name;
		int64_t value;
		const char *meaning;
	} rows[] = {
		{ "lost", (int64_t)(lost->samples + lost->records),
		  "samples and records lost, by the kernel's own count" },
		{ "lost_samples", (int64_t)lost->samples,
		  "of those, samples" },
		{ "lost_records", (int64_t)lost->records,
		  "of those, records of switches, mappings and processes: "
		  "samples near them are not proven" },
		{ "ring_bytes_moved", (int64_t)moved_bytes(recorder),
		  "bytes of records moved out of a ring that filled up because "
		  "the worker was behind" },
		{ "captures", (int64_t)total.captures,
		  "interpreters read while their thread was frozen" },
		{ "capture_queue_full", (int64_t)total.queue_full,
		  "interpreters not read because the worker was behind" },
		{ "capture_us_median", latency(&total, 0.5),
		  "microseconds from the sample to the last read, median" },
		{ "capture_us_p99", latency(&total, 0.99),
		  "the same, 99th percentile" },
		{ "capture_reading_us_median", reading(&total, 0.5),
		  "of those, microseconds of reading, median" },
		{ "capture_reading_us_p99", reading(&total, 0.99),
		  "the same, 99th percentile" },
		{ "capture_reads", (int64_t)total.reads,
		  "memory reads made while a thread was frozen" },
		{ "capture_reads_most", (int64_t)total.most_reads,
		  "most memory reads made for one sample" },
		{ "capture_reads_median", reads(&total, 0.5),
		  "memory reads made for one sample, median" },
		{ "capture_bytes", (int64_t)total.bytes,
		  "bytes that were kept of those reads" },
		{ "capture_realtime", all_realtime(recorder),
		  "1: every capture thread runs under SCHED_FIFO" },
		{ "proof_tracepoint", proof == SWITCH_PROOF_TRACEPOINT,
		  "1: proof by the filtered sched_switch tracepoint" },
		{ "proof_software", proof == SWITCH_PROOF_SOFTWARE,
		  "1: proof by the context-switch software event" },
		{ "proof_by_moves", recorder->perf.by_moves,
		  "1: that a thread ran is known by moves between CPUs, not by "
		  "records of all switches" },
		{ "processes", HASH_COUNT(table->processes),
		  "processes known to run" },
		{ "own_cpu_us", own_cpu_us(&usage),
		  "CPU time that the recorder itself used, in microseconds" },
		{ "own_rss_peak_kib", usage.ru_maxrss,
		  "the recorder's largest resident memory" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		store_set_health(recorder->store, rows[i].name, rows[i].value,
				 rows[i].meaning);
	pipeline_report_health(&recorder->pipeline);
}
