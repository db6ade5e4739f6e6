// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/governor.h"

enum {
	OVER_WINDOWS = 2,
	CALM_WINDOWS = 6,
	PATIENCE_WINDOWS = 30,
	PATIENCE_MOST = 360, // an hour
	// A raise that is undone so soon has failed.
	TRIAL_WINDOWS = 6,
	// What the double rate may cost, in percent of the budget.
	MARGIN_PERCENT = 80,
	// At least such a part is saved by a step down, or it is in vain.
	SAVED_PART = 5,
};

void governor_init(struct governor *governor,
		   const struct governor_limits *limits)
{
	*governor = (struct governor){ .limits = *limits,
				       .patience = PATIENCE_WINDOWS,
				       .since_raise = TRIAL_WINDOWS,
				       .starting = GOVERNOR_START_WINDOWS,
				       .cpu.patience = PATIENCE_WINDOWS,
				       .memory.patience = PATIENCE_WINDOWS };
}

void governor_set_limits(struct governor *governor,
			 const struct governor_limits *limits)
{
	governor->limits = *limits;
	governor->over = 0;
	governor->calm = 0;
	governor->patience = PATIENCE_WINDOWS;
	governor->cpu = governor->memory =
		(struct governor_cost){ .patience = PATIENCE_WINDOWS };
}

unsigned int governor_frequency_hz(const struct governor *governor)
{
	unsigned int hz = governor->limits.frequency_hz >> governor->step;

	return hz ? hz : 1;
}

uint64_t governor_cpu_millipercent(const struct governor_window *window)
{
	uint64_t ms = window->elapsed_ns / 1000000;

	// cpu_ns * 100,000 / elapsed_ns, with less to overflow.
	return ms ? window->cpu_ns / 10 / ms : 0;
}

static enum governor_verdict lower(struct governor *governor,
				   enum governor_verdict verdict)
{
	governor->over = 0;
	governor->calm = 0;
	if (governor->step == GOVERNOR_STEPS ||
	    governor_frequency_hz(governor) == 1)
		return GOVERNOR_KEEP;
	if (governor->since_raise < TRIAL_WINDOWS &&
	    governor->patience < PATIENCE_MOST)
		governor->patience *= 2;
	governor->since_raise = TRIAL_WINDOWS;
	governor->step++;
	return verdict;
}

static enum governor_verdict restore(struct governor *governor,
				     struct governor_cost *cost)
{
	cost->lowered = 0;
	cost->vain = cost->patience;
	if (cost->patience < PATIENCE_MOST)
		cost->patience *= 2;
	governor->over = 0;
	governor->step--;
	return GOVERNOR_RESTORE;
}

// @now is too much of it.
static enum governor_verdict answer(struct governor *governor,
				    struct governor_cost *cost, uint64_t now,
				    enum governor_verdict verdict)
{
	if (cost->vain) {
		governor->over = 0;
		return GOVERNOR_KEEP;
	}
	if (governor->step && cost->lowered &&
	    now > cost->lowered - cost->lowered / SAVED_PART)
		return restore(governor, cost);
	verdict = lower(governor, verdict);
	cost->lowered = verdict == GOVERNOR_KEEP ? 0 : now;
	return verdict;
}

static enum governor_verdict judge_memory(struct governor *governor,
					  uint64_t bytes)
{
	governor->calm = 0;
	if (!governor->trimmed) {
		governor->trimmed = true;
		return GOVERNOR_TRIM;
	}
	governor->trimmed = false;
	return answer(governor, &governor->memory, bytes, GOVERNOR_LOWER_MEMORY);
}

static bool may_rise(const struct governor *governor, uint64_t cpu)
{
	bool fits = cpu * 2 * 100 <=
		    governor->limits.cpu_millipercent * MARGIN_PERCENT;

	if (!governor->step)
		return false;
	return governor->calm >= (fits ? CALM_WINDOWS : governor->patience);
}

static enum governor_verdict judge_cpu(struct governor *governor, uint64_t cpu)
{
	if (cpu > governor->limits.cpu_millipercent) {
		governor->calm = 0;
		if (++governor->over < OVER_WINDOWS)
			return GOVERNOR_KEEP;
		return answer(governor, &governor->cpu, cpu,
			      GOVERNOR_LOWER_CPU);
	}
	governor->over = 0;
	governor->cpu.lowered = 0;
	governor->calm++;
	if (!may_rise(governor, cpu))
		return GOVERNOR_KEEP;
	governor->calm = 0;
	governor->since_raise = 0;
	governor->step--;
	return GOVERNOR_RAISE;
}

static void wait_on(struct governor_cost *cost)
{
	if (cost->vain)
		cost->vain--;
}

enum governor_verdict governor_feed(struct governor *governor,
				    const struct governor_window *window)
{
	if (!window->elapsed_ns)
		return GOVERNOR_KEEP;
	if (governor->since_raise < TRIAL_WINDOWS)
		governor->since_raise++;
	wait_on(&governor->cpu);
	wait_on(&governor->memory);
	if (window->memory_bytes <= governor->limits.memory_bytes)
		governor->memory.lowered = 0;
	else if (!governor->memory.vain)
		return judge_memory(governor, window->memory_bytes);
	governor->trimmed = false;
	if (governor->starting) {
		governor->starting--;
		return GOVERNOR_KEEP;
	}
	return judge_cpu(governor, governor_cpu_millipercent(window));
}
