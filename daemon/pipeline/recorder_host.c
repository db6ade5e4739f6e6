// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/recorder_host.h"

#include "base/clock.h"
#include "daemon/perf/perf_ring.h"
#include "daemon/pipeline/recorder_cpus.h"
#include "daemon/pipeline/recorder_state.h"

#include <fcntl.h>

enum { ASK_MS = 500, STANDSTILL_MS = 900,
       // Until a CPU that lost its events to a suspend has been found out.
       STANDSTILL_FOUND_MS = STANDSTILL_MS + 3 * ASK_MS };

void recorder_host_init(struct recorder *recorder)
{
	recorder->host.online_fd = open("/sys/devices/system/cpu/online",
					O_RDONLY | O_CLOEXEC);
	// They are watched from here on, and nothing was to be seen before.
	recorder->host.saw_cpus_ns = monotonic_ns();
}

void recorder_host_deinit(struct recorder *recorder)
{
	if (recorder->host.online_fd >= 0)
		close(recorder->host.online_fd);
	recorder->host.online_fd = -1;
	cpu_absence_deinit(&recorder->host.absence);
}

static void note_offline(struct recorder *recorder, size_t i, uint64_t since_ns)
{
	struct recorder_cpu_state *state = &recorder->cpu_states[i];
	char detail[32];

	snprintf(detail, sizeof(detail), "CPU %u", recorder->cpus[i].cpu);
	state->online = false;
	state->incident = store_incident(recorder->store, "cpu-offline",
					 since_ns, 0, detail);
}

// What is in the ring yet goes by the events that are to be forgotten. Nothing
// wakes the capture thread of a CPU that is offline but we.
static bool is_drained(const struct recorder *recorder, size_t i)
{
	if (merge_source_is_drained(&recorder->pipeline.merge.sources[i]))
		return true;
	capture_poke(recorder->captures[i]);
	return false;
}

// Fails when it goes offline again meanwhile: then the next look tries.
static void bring_up(struct recorder *recorder, size_t i, uint64_t now_ns)
{
	struct recorder_cpu_state *state = &recorder->cpu_states[i];
	struct error *error;

	if (!is_drained(recorder, i))
		return;
	// Before it has events, so that none are lost unseen.
	cpu_absence_watch(&recorder->host.absence, i, recorder->cpus[i].cpu);
	error = recorder_cpu_reopen(recorder, i);
	if (error) {
		error_destroy(error);
		return;
	}
	state->online = true;
	state->clock = 0;
	state->counted_ns = now_ns;
	if (state->incident)
		store_end_incident(recorder->store, state->incident, now_ns);
	state->incident = 0;
}

// The clock of events that are gone stands still, and tells, late, where nothing
// else does.
// Asking that clock interrupts the CPU, so it is asked where no record came.
static bool stands_still(struct recorder *recorder, size_t i, uint64_t now_ns)
{
	struct recorder_cpu_state *state = &recorder->cpu_states[i];
	uint64_t head = perf_ring_head(recorder->cpus[i].ring);
	uint64_t clock;

	if (head != state->head) {
		state->head = head;
		state->counted_ns = now_ns;
		return false;
	}
	if (!recorder->options.system_wide ||
	    !perf_cpu_clock(&recorder->cpus[i], &recorder->perf, &clock))
		return false;
	if (clock != state->clock || !state->counted_ns) {
		state->clock = clock;
		state->counted_ns = now_ns;
		return false;
	}
	return now_ns - state->counted_ns > STANDSTILL_MS * NS_PER_MS;
}

// One that is online, and has no events any more? It was offline between two
// looks. @since_ns: of the look before; comes to be when it was seen to count.
static bool lost_events(struct recorder *recorder, size_t i, bool asks,
			uint64_t now_ns, uint64_t *since_ns)
{
	const struct recorder_cpu_state *state = &recorder->cpu_states[i];

	if (!state->online)
		return false;
	if (cpu_absence_told(&recorder->host.absence, i))
		return true;
	if (!asks || !stands_still(recorder, i, now_ns))
		return false;
	*since_ns = state->counted_ns;
	return true;
}

// Which are away? Returns since when one may have run threads unseen; never:
// UINT64_MAX. @asks: whether those that sample nothing are asked for their clock.
static uint64_t find_away(struct recorder *recorder,
			  const struct cpu_list *online, bool asks,
			  uint64_t now_ns)
{
	uint64_t unseen_ns = UINT64_MAX;

	for (size_t i = 0; i < recorder->capture_count; i++) {
		struct recorder_cpu_state *state = &recorder->cpu_states[i];
		uint64_t since_ns = recorder->host.saw_cpus_ns;

		if (!cpu_list_has(online, recorder->cpus[i].cpu)) {
			if (state->online || !state->incident)
				note_offline(recorder, i, now_ns);
			continue;
		}
		if (lost_events(recorder, i, asks, now_ns, &since_ns))
			note_offline(recorder, i, since_ns);
		if (!state->online && since_ns < unseen_ns)
			unseen_ns = since_ns;
	}
	return unseen_ns;
}

// False: one runs threads and has no events yet.
static bool bring_back(struct recorder *recorder,
		       const struct cpu_list *online, uint64_t now_ns)
{
	bool all = true;

	for (size_t i = 0; i < recorder->capture_count; i++) {
		struct recorder_cpu_state *state = &recorder->cpu_states[i];

		if (state->online)
			continue;
		if (!cpu_list_has(online, recorder->cpus[i].cpu)) {
			is_drained(recorder, i);
			continue;
		}
		bring_up(recorder, i, now_ns);
		all = all && state->online;
	}
	return all;
}

// What was sampled since then may have run on a CPU without events, whichever CPU
// sampled it, and is not proven, until that one has some. Events of single threads
// go with these wherever they run.
static void begin_unseen(struct recorder *recorder, uint64_t since_ns)
{
	if (!recorder->options.system_wide || recorder->host.unseen)
		return;
	recorder->host.unseen = true;
	proof_book_switches_off(&recorder->pipeline.proofs, since_ns);
}

static void end_unseen(struct recorder *recorder)
{
	recorder->host.unseen = false;
	if (!recorder->switches_off)
		proof_book_switches_on(&recorder->pipeline.proofs,
				       monotonic_ns());
}

static void follow_cpus(struct recorder *recorder, const struct cpu_list *online,
			bool asks, uint64_t now_ns)
{
	struct recorder_host *host = &recorder->host;
	uint64_t unseen_ns = find_away(recorder, online, asks, now_ns);

	if (unseen_ns != UINT64_MAX)
		begin_unseen(recorder, unseen_ns);
	host->saw_cpus_ns = now_ns;
	if (bring_back(recorder, online, now_ns) && host->unseen &&
	    now_ns >= host->doubt_until_ns)
		end_unseen(recorder);
}

// A host that sleeps takes all CPUs but one offline, and their events go.
static void note_sleep(struct recorder *recorder, uint64_t now_ns)
{
	recorder->host.doubt_until_ns = now_ns + STANDSTILL_FOUND_MS * NS_PER_MS;
	begin_unseen(recorder, recorder->host.clocks_ns);
}

static void look_at_clocks(struct recorder *recorder,
			   const struct host_clock_reading *reading)
{
	const char *reason = "step";
	int64_t moved;

	switch (host_clock_look(&recorder->host.clock, reading, &moved)) {
	case HOST_CLOCK_SAME:
		return;
	case HOST_CLOCK_STEPPED:
		break;
	case HOST_CLOCK_SUSPENDED:
		reason = "suspend";
		note_sleep(recorder, reading->monotonic_ns);
		break;
	}
	store_clock(recorder->store, reading->monotonic_ns, reading->wall_ns,
		    reason);
}

static void follow_clocks(struct recorder *recorder)
{
	struct host_clock_reading reading;

	if (!host_clock_read(&reading))
		return;
	look_at_clocks(recorder, &reading);
	recorder->host.clocks_ns = reading.monotonic_ns;
}

void recorder_look_at_host(struct recorder *recorder, uint64_t now_ns)
{
	struct recorder_host *host = &recorder->host;
	bool due = now_ns - host->asked_ns >= ASK_MS * NS_PER_MS;
	struct cpu_list online;

	follow_clocks(recorder);
	if (due)
		host->asked_ns = now_ns;
	cpu_absence_look(&host->absence);
	if (cpu_list_read(host->online_fd, &online))
		follow_cpus(recorder, &online, due, now_ns);
}
