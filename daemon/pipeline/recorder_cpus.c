// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/recorder_cpus.h"

#include "base/clock.h"
#include "daemon/pipeline/recorder_state.h"

#include <unistd.h>

// CPUs that are offline get their rings, too: those belong to a thread.
struct error *recorder_cpus_open(struct recorder *recorder)
{
	struct perf_scope nobody = { .tid_count = 0 };
	struct error *error = NULL;
	struct cpu_list present;
	size_t count;

	cpu_list_named("present", &present);
	count = cpu_list_count(&present);
	recorder->cpus = calloc(count, sizeof(*recorder->cpus));
	recorder->captures = calloc(count, sizeof(*recorder->captures));
	recorder->cpu_states = calloc(count, sizeof(*recorder->cpu_states));
	if (!recorder->cpus || !recorder->captures || !recorder->cpu_states)
		return &error_nomem;
	error = cpu_absence_init(&recorder->host.absence, count);
	for (unsigned int cpu = 0; cpu < CPU_LIST_CPUS && !error; cpu++) {
		if (!cpu_list_has(&present, cpu))
			continue;
		cpu_absence_watch(&recorder->host.absence, recorder->cpu_count,
				  cpu);
		error = perf_cpu_open(cpu, &recorder->perf, &nobody,
				      &recorder->cpus[recorder->cpu_count]);
		if (!error)
			recorder->cpu_count++;
	}
	return error;
}

struct error *recorder_cpus_add(struct recorder *recorder,
				const struct perf_scope *scope)
{
	struct error *error = NULL;
	struct cpu_list online;

	cpu_list_named("online", &online);
	for (size_t i = 0; i < recorder->cpu_count && !error; i++) {
		struct recorder_cpu_state *state = &recorder->cpu_states[i];

		state->online = cpu_list_has(&online, recorder->cpus[i].cpu);
		if (state->online || !scope->system_wide)
			error = perf_cpu_add(&recorder->cpus[i],
					     &recorder->perf, scope);
	}
	return error;
}

static struct error *start_capture(struct recorder *recorder, size_t i)
{
	struct capture_options options = {
		.arch = recorder->perf.arch,
		.realtime = recorder->options.realtime,
		.late_us = recorder->options.late_us,
		.filling = &recorder->filling,
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
	if (error)
		return error;
	if (!capture->realtime)
		recorder->pipeline.proofs.switch_most_ns = PROOF_SWITCH_MOST_NS;
	if (recorder->cpu_states[i].online) {
		error = perf_cpu_open_proof(cpu, &recorder->perf, capture->tid,
					    &granted);
		if (error)
			return error;
		recorder->pipeline.proofs.switch_proof = granted;
		recorder->pipeline.proofs.by_moves = recorder->perf.by_moves;
	}
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

struct error *recorder_cpu_reopen(struct recorder *recorder, size_t i)
{
	struct perf_scope everyone = { .system_wide = true };
	bool system_wide = recorder->options.system_wide;
	struct perf_cpu *cpu = &recorder->cpus[i];
	struct capture_thread *capture = recorder->captures[i];
	struct error *error = NULL;
	enum switch_proof granted;

	perf_cpu_forget_events(cpu, &recorder->perf, system_wide);
	capture_pin(capture);
	if (system_wide)
		error = perf_cpu_add(cpu, &recorder->perf, &everyone);
	if (!error)
		error = perf_cpu_open_proof(cpu, &recorder->perf, capture->tid,
					    &granted);
	if (!error && system_wide)
		error = perf_cpu_enable(cpu);
	return error;
}

uint64_t recorder_cpus_time(const struct recorder *recorder)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < recorder->capture_count; i++) {
		const struct capture_thread *capture = recorder->captures[i];
		clockid_t clock;

		if (capture && capture->started &&
		    !pthread_getcpuclockid(capture->thread, &clock))
			sum += clock_now_ns(clock);
	}
	return sum;
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
	free(recorder->cpu_states);
}
