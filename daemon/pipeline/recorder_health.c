// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/recorder_health.h"

#include "daemon/pipeline/recorder_state.h"

#include <sys/resource.h>

// The kernel's counter is exact (PERF_FORMAT_LOST); the records that report
// losses are not, for the last loss has no record after it.
uint64_t recorder_lost(const struct recorder *recorder)
{
	uint64_t lost = 0;

	if (!recorder->features.lost_count)
		return recorder->pipeline.stats.lost;
	for (size_t i = 0; i < recorder->cpu_count; i++) {
		struct perf_lost one = perf_cpu_lost(&recorder->cpus[i]);

		lost += one.samples + one.records;
	}
	return lost;
}

uint64_t recorder_lost_samples(const struct recorder *recorder)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < recorder->cpu_count &&
			   recorder->features.lost_count; i++)
		lost += perf_cpu_lost(&recorder->cpus[i]).samples;
	return lost;
}

// The latency, in microseconds, that @share of the captures do not exceed.
static int64_t latency(const struct capture_stats *total, double share)
{
	uint64_t wanted = (uint64_t)((double)total->captures * share);
	uint64_t seen = 0;
	int us = 0;

	if (!total->captures)
		return 0;
	while (us < CAPTURE_LATENCY_BUCKETS - 1 &&
	       (seen += total->latency_us[us]) <= wanted)
		us++;
	return us;
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
		if (counter(&one->most_reads) > total.most_reads)
			total.most_reads = counter(&one->most_reads);
		for (int us = 0; us < CAPTURE_LATENCY_BUCKETS; us++)
			total.latency_us[us] += counter(&one->latency_us[us]);
	}
	return total;
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
	struct rusage usage = { 0 };

	getrusage(RUSAGE_SELF, &usage);
	const struct {
		const char *name;
		int64_t value;
		const char *meaning;
	} rows[] = {
		{ "lost", (int64_t)recorder_lost(recorder),
		  "samples and records lost, by the kernel's own count" },
		{ "lost_samples", (int64_t)recorder_lost_samples(recorder),
		  "of those, samples" },
		{ "captures", (int64_t)total.captures,
		  "interpreters read while their thread was frozen" },
		{ "capture_queue_full", (int64_t)total.queue_full,
		  "interpreters not read because the worker was behind" },
		{ "capture_us_median", latency(&total, 0.5),
		  "microseconds from the sample to the last read, median" },
		{ "capture_us_p99", latency(&total, 0.99),
		  "the same, 99th percentile" },
		{ "capture_reads", (int64_t)total.reads,
		  "memory reads made while a thread was frozen" },
		{ "capture_reads_most", (int64_t)total.most_reads,
		  "most memory reads made for one sample" },
		{ "capture_realtime", all_realtime(recorder),
		  "1: every capture thread runs under SCHED_FIFO" },
		{ "proof_tracepoint", proof == SWITCH_PROOF_TRACEPOINT,
		  "1: proof by the filtered sched_switch tracepoint" },
		{ "proof_software", proof == SWITCH_PROOF_SOFTWARE,
		  "1: proof by the context-switch software event" },
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
