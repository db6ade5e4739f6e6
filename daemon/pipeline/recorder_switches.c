// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/recorder_switches.h"

#include "base/clock.h"
#include "daemon/pipeline/recorder_state.h"

// What a switch costs, measured with a pipe ping-pong: 1.4 us for its two
// records, and 0.4 us for the tracepoint of off-CPU samples. 1 % of a CPU.
enum {
	SWITCHES_PER_SECOND = 7000,
	SWITCHES_PER_SECOND_OFF_CPU = 5500,
};

static uint64_t busiest(struct recorder *recorder)
{
	struct merge *merge = &recorder->pipeline.merge;
	uint64_t most = 0;

	for (size_t i = 0; i < merge->source_count; i++) {
		struct merge_source *source = &merge->sources[i];

		if (source->switches > most)
			most = source->switches;
		source->switches = 0;
	}
	return most / 2; // a record for who goes, and one for who comes
}

static void record_switches(struct recorder *recorder, bool on)
{
	for (size_t i = 0; i < recorder->cpu_count; i++)
		perf_cpu_record_switches(&recorder->cpus[i], &recorder->perf,
					 on);
}

// Evidence counts only from when every CPU gives it until the first does not.
static void switch_over(struct recorder *recorder, bool on)
{
	struct pipeline *pipeline = &recorder->pipeline;

	recorder->switches_off = !on;
	if (on) {
		record_switches(recorder, true);
		proof_book_switches_on(&pipeline->proofs, monotonic_ns());
		return;
	}
	recorder->switches_cut_ns = monotonic_ns();
	proof_book_switches_off(&pipeline->proofs, recorder->switches_cut_ns);
	record_switches(recorder, false);
}

// When everything from before they were switched off has been taken.
static void cut_waits(struct recorder *recorder)
{
	struct pipeline *pipeline = &recorder->pipeline;
	uint64_t cut_ns = recorder->switches_cut_ns;

	if (!cut_ns || pipeline->merge.safe_ns < cut_ns)
		return;
	recorder->switches_cut_ns = 0;
	if (pipeline->follows_blocked)
		blocked_cut(&pipeline->blocked, cut_ns);
}

void recorder_cycle_switches(struct recorder *recorder)
{
	struct switch_duty *duty = &recorder->switch_duty;
	uint64_t now = monotonic_ns();

	if (!recorder->options.system_wide)
		return;
	if (!duty->rate)
		switch_duty_init(duty, recorder->pipeline.follows_blocked ?
				 SWITCHES_PER_SECOND_OFF_CPU :
				 SWITCHES_PER_SECOND, now);
	cut_waits(recorder);
	switch_duty_step(duty, now, busiest(recorder));
	if (duty->on == recorder->switches_off && !recorder->switches_cut_ns)
		switch_over(recorder, duty->on);
	recorder->pipeline.blocked.scale = switch_duty_scale(duty);
}

bool recorder_is_cycling(const struct recorder *recorder)
{
	const struct switch_duty *duty = &recorder->switch_duty;

	return duty->on && duty->off_ns > duty->on_ns / 64;
}
