// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/recorder_host.h"

#include "base/clock.h"
#include "daemon/perf/perf_ring.h"
#include "daemon/pipeline/recorder_cpus.h"
#include "daemon/pipeline/recorder_state.h"

#include <fcntl.h>

enum { LOOK_MS = 500, STANDSTILL_MS = 900 };

void recorder_host_init(struct recorder *recorder)
{
	recorder->host.online_fd = open("/sys/devices/system/cpu/online",
					O_RDONLY | O_CLOEXEC);
}

void recorder_host_deinit(struct recorder *recorder)
{
	if (recorder->host.online_fd >= 0)
		close(recorder->host.online_fd);
	recorder->host.online_fd = -1;
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

// A CPU may be offline and back between two looks, and its events are gone all
// the same: the clock that they count by stands still.
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

static void follow_cpu(struct recorder *recorder, size_t i, bool online,
		       uint64_t now_ns)
{
	struct recorder_cpu_state *state = &recorder->cpu_states[i];

	if (!online) {
		if (state->online || !state->incident)
			note_offline(recorder, i, now_ns);
		is_drained(recorder, i);
		return;
	}
	if (state->online && stands_still(recorder, i, now_ns))
		note_offline(recorder, i, state->counted_ns);
	if (!state->online)
		bring_up(recorder, i, now_ns);
}

static void follow_cpus(struct recorder *recorder, const struct cpu_list *online,
			uint64_t now_ns)
{
	for (size_t i = 0; i < recorder->capture_count; i++)
		follow_cpu(recorder, i,
			   cpu_list_has(online, recorder->cpus[i].cpu), now_ns);
}

static void follow_clock(struct recorder *recorder)
{
	struct host_clock_reading reading;
	const char *reason = "step";
	int64_t moved;

	if (!host_clock_read(&reading))
		return;
	switch (host_clock_look(&recorder->host.clock, &reading, &moved)) {
	case HOST_CLOCK_SAME:
		return;
	case HOST_CLOCK_STEPPED:
		break;
	case HOST_CLOCK_SUSPENDED:
		reason = "suspend";
		break;
	}
	store_clock(recorder->store, reading.monotonic_ns, reading.wall_ns,
		    reason);
}

void recorder_look_at_host(struct recorder *recorder, uint64_t now_ns)
{
	struct cpu_list online;

	if (now_ns - recorder->host.looked_ns < LOOK_MS * NS_PER_MS)
		return;
	recorder->host.looked_ns = now_ns;
	follow_clock(recorder);
	if (cpu_list_read(recorder->host.online_fd, &online))
		follow_cpus(recorder, &online, now_ns);
}
