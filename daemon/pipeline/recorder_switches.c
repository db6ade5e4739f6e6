// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/recorder_switches.h"

#include "base/clock.h"
#include "daemon/pipeline/recorder_state.h"

// What a switch costs, measured with a pipe ping-pong: 0.1 to 0.2 us for the
// tracepoint of the proof, 1 us for its two records, 0.5 us for the tracepoint of
// off-CPU samples, up to 0.4 us for that of wake-ups. 1 % of a CPU.
enum {
	SWITCHES_PER_SECOND_BY_MOVES = 45000,
	SWITCHES_PER_SECOND = 6000,
	SWITCHES_PER_SECOND_OFF_CPU = 4000,
	OFF_CPU_SECONDS = 5, // that off-CPU samples are saved up for
	CATCH_UP_MOST = 64,  // times the rate, while it can
};

#define CAUGHT_UP_NS (20 * NS_PER_MS)

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

// Since the last step, on one CPU, of those that are paid for.
static uint64_t switches_paid(struct recorder *recorder, uint64_t now)
{
	const struct switch_duty *duty = &recorder->switch_duty;
	struct host_switches *host = &recorder->host_switches;

	if (!recorder->perf.by_moves)
		return busiest(recorder);
	host_switches_follow(host, now);
	return duty->on ? host->a_second * ((now - duty->now_ns) / NS_PER_MS) /
				  (1000 * recorder->cpu_count) :
			  0;
}

static uint64_t switches_allowed(const struct recorder *recorder)
{
	if (recorder->perf.by_moves)
		return SWITCHES_PER_SECOND_BY_MOVES;
	return recorder->pipeline.follows_blocked ?
		       SWITCHES_PER_SECOND_OFF_CPU : SWITCHES_PER_SECOND;
}

// True when every CPU does as told.
static bool record_switches(struct recorder *recorder, bool on)
{
	bool done = true;

	for (size_t i = 0; i < recorder->cpu_count; i++)
		if (!perf_cpu_record_switches(&recorder->cpus[i],
					      &recorder->perf, on))
			done = false;
	return done;
}

static void switch_off(struct recorder *recorder)
{
	struct pipeline *pipeline = &recorder->pipeline;

	if (pipeline->follows_blocked)
		blocked_before_gap(&pipeline->blocked, monotonic_ns());
	recorder->switches_cut_ns = monotonic_ns();
	proof_book_switches_off(&pipeline->proofs, recorder->switches_cut_ns);
	record_switches(recorder, false);
	recorder->switches_off = true;
}

// Evidence counts only from when every CPU gives it until the first does not:
// where one cannot, none is begun with, and the next round tries again.
static void switch_on(struct recorder *recorder)
{
	struct pipeline *pipeline = &recorder->pipeline;

	if (recorder->host.unseen || !record_switches(recorder, true)) {
		record_switches(recorder, false);
		recorder->switch_duty.on = false;
		return;
	}
	recorder->switches_off = false;
	proof_book_switches_on(&pipeline->proofs, monotonic_ns());
	if (pipeline->follows_blocked)
		blocked_end_gap(&pipeline->blocked, monotonic_ns());
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
		blocked_begin_gap(&pipeline->blocked, cut_ns);
}

static void set_off_cpu(struct recorder *recorder, size_t index,
			unsigned int hz)
{
	struct perf_event_choice *choice =
		&recorder->perf.events.choices[index];

	if (choice->frequency_hz == hz)
		return;
	choice->frequency_hz = hz;
	for (size_t i = 0; i < recorder->cpu_count; i++)
		error_destroy(perf_cpu_set_event_frequency(
			&recorder->cpus[i], &recorder->perf, index));
}

// The rate that the budget allows; @hz as it is while there is no need.
static unsigned int off_cpu_rate(struct recorder *recorder, unsigned int hz,
				 uint64_t now)
{
	struct off_cpu_budget *budget = &recorder->off_cpu;
	uint64_t begun = recorder->pipeline.blocked.begun;
	int64_t a_second = PERF_OFF_CPU_HZ * (int64_t)recorder->cpu_count;
	uint64_t passed = now - budget->now_ns;

	if (!budget->now_ns || passed > NS_PER_SEC)
		passed = NS_PER_SEC;
	// In whole samples, or nothing would ever be saved up.
	if ((uint64_t)a_second * passed < NS_PER_SEC)
		return hz;
	budget->now_ns = now;
	budget->samples += a_second * (int64_t)passed / (int64_t)NS_PER_SEC;
	budget->samples -= (int64_t)(begun - budget->begun);
	budget->begun = begun;
	if (budget->samples > OFF_CPU_SECONDS * a_second)
		budget->samples = OFF_CPU_SECONDS * a_second;
	if (budget->samples <= 0)
		return PERF_OFF_CPU_HZ / 2;
	return budget->samples > a_second ? PERF_OFF_CPU_MOST_HZ : hz;
}

// The rate is meant for all the time: where switches are recorded for a part of
// it only, that part has to do. In steps, for each is a system call.
static unsigned int catch_up(const struct recorder *recorder, unsigned int hz)
{
	uint64_t scale = switch_duty_scale(&recorder->switch_duty);
	unsigned int times = 1;

	while (times < CATCH_UP_MOST &&
	       scale >= 2ULL * times * SWITCH_DUTY_ALWAYS)
		times *= 2;
	return hz * times;
}

// Who waits seldom is seen each time; who does so all the time, now and then.
static void adapt_off_cpu(struct recorder *recorder, uint64_t now)
{
	struct perf_choices *events = &recorder->perf.events;

	for (size_t i = 0; i < events->count; i++) {
		if (!events->choices[i].is_adaptive)
			continue;
		recorder->off_cpu.hz = off_cpu_rate(
			recorder, recorder->off_cpu.hz, now);
		set_off_cpu(recorder, i,
			    catch_up(recorder, recorder->off_cpu.hz));
	}
}

// When what came in while it started up has been taken: that is spent and gone.
static bool may_begin(const struct recorder *recorder, uint64_t now)
{
	return now - recorder->pipeline.merge.safe_ns < CAUGHT_UP_NS ||
	       now - recorder->enabled_ns > NS_PER_SEC;
}

static void begin_cycling(struct recorder *recorder, uint64_t now)
{
	struct switch_duty *duty = &recorder->switch_duty;

	recorder->off_cpu.hz = PERF_OFF_CPU_MOST_HZ;
	switch_duty_init(duty, switches_allowed(recorder), now);
	switch_duty_expect(duty, busiest(recorder), now - recorder->enabled_ns);
}

static void follow_duty(struct recorder *recorder)
{
	bool on = recorder->switch_duty.on;

	if (on != recorder->switches_off || recorder->switches_cut_ns)
		return;
	if (on)
		switch_on(recorder);
	else
		switch_off(recorder);
}

void recorder_cycle_switches(struct recorder *recorder)
{
	struct switch_duty *duty = &recorder->switch_duty;
	uint64_t now = monotonic_ns();

	if (!recorder->options.system_wide)
		return;
	if (!duty->rate && !may_begin(recorder, now))
		return;
	if (!duty->rate)
		begin_cycling(recorder, now);
	cut_waits(recorder);
	switch_duty_step(duty, now, switches_paid(recorder, now));
	adapt_off_cpu(recorder, now);
	follow_duty(recorder);
	recorder->pipeline.blocked.scale = switch_duty_scale(duty);
}

bool recorder_is_cycling(const struct recorder *recorder)
{
	const struct switch_duty *duty = &recorder->switch_duty;

	return duty->on && duty->off_ns > duty->on_ns / 64;
}
