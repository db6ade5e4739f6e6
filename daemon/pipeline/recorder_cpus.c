// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/recorder_cpus.h"

#include "daemon/pipeline/recorder_state.h"

#include <unistd.h>

struct error *recorder_cpus_open(struct recorder *recorder)
{
	struct perf_scope nobody = { .tid_count = 0 };
	long count = sysconf(_SC_NPROCESSORS_CONF);

	recorder->cpus = calloc((size_t)count, sizeof(*recorder->cpus));
	recorder->captures = calloc((size_t)count, sizeof(*recorder->captures));
	if (!recorder->cpus || !recorder->captures)
		return &error_nomem;
	for (long cpu = 0; cpu < count; cpu++) {
		struct perf_cpu *slot = &recorder->cpus[recorder->cpu_count];
		struct error *error;

		if (!cpu_is_online((unsigned int)cpu))
			continue;
		error = perf_cpu_open((unsigned int)cpu, &recorder->perf,
				      &nobody, slot);
		if (error)
			return error;
		recorder->cpu_count++;
	}
	return NULL;
}

struct error *recorder_cpus_add(struct recorder *recorder,
				const struct perf_scope *scope)
{
	struct error *error = NULL;

	for (size_t i = 0; i < recorder->cpu_count && !error; i++)
		error = perf_cpu_add(&recorder->cpus[i], &recorder->perf,
				     scope);
	return error;
}

static struct error *start_capture(struct recorder *recorder, size_t i)
{
	struct capture_options options = {
		.arch = recorder->perf.arch,
		.realtime = recorder->options.realtime,
		.late_us = recorder->options.late_us,
	};
	struct perf_cpu *cpu = &recorder->cpus[i];
	struct capture_thread *capture = calloc(1, sizeof(*capture));
	enum switch_proof granted;
	struct error *error;

	if (!capture)
		return &error_nomem;
	error = capture_start(capture, cpu, recorder->targets, (unsigned int)i,
			      &options);
	// From here on destroying the recorder ends it, if it was started.
	recorder->captures[recorder->capture_count++] = capture;
	if (!error)
		error = perf_cpu_open_proof(cpu, &recorder->perf, capture->tid,
					    &granted);
	if (error)
		return error;
	recorder->pipeline.proofs.switch_proof = granted;
	recorder->pipeline.merge.sources[i].perf = cpu;
	recorder->pipeline.merge.sources[i].capture = capture;
	return NULL;
}

struct error *recorder_cpus_start(struct recorder *recorder)
{
	struct error *error = NULL;

	for (size_t i = 0; i < recorder->cpu_count && !error; i++)
		error = start_capture(recorder, i);
	return error;
}

struct error *recorder_cpus_enable(struct recorder *recorder)
{
	struct error *error = NULL;

	for (size_t i = 0; i < recorder->cpu_count && !error; i++)
		error = perf_cpu_enable(&recorder->cpus[i]);
	return error;
}

uint64_t recorder_cpus_waiting(const struct recorder *recorder)
{
	uint64_t most = 0;

	for (size_t i = 0; i < recorder->capture_count; i++) {
		uint64_t waiting =
			capture_queue_waiting(&recorder->captures[i]->queue);

		if (waiting > most)
			most = waiting;
	}
	return most;
}

void recorder_cpus_stop(struct recorder *recorder)
{
	for (size_t i = 0; i < recorder->cpu_count; i++)
		perf_cpu_disable(&recorder->cpus[i]);
	for (size_t i = 0; i < recorder->capture_count; i++)
		capture_stop(recorder->captures[i]);
}

void recorder_cpus_end(struct recorder *recorder)
{
	recorder_cpus_stop(recorder);
	while (recorder->capture_count)
		recorder_keep_stuck(recorder,
				    recorder->captures[--recorder->capture_count]);
	recorder_free_stuck(recorder);
}

// The ring of a thread that hangs in a read stays: it may look there again.
void recorder_cpus_close(struct recorder *recorder)
{
	for (size_t i = 0; i < recorder->cpu_count; i++)
		if (!recorder_has_stuck(recorder, &recorder->cpus[i]))
			perf_cpu_close(&recorder->cpus[i]);
	free(recorder->cpus);
	free(recorder->captures);
}
