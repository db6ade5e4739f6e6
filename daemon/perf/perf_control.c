// SPDX-License-Identifier: Apache-2.0
// What is done to the events of a CPU while they run, and asked of them.
#include "daemon/perf/perf_event.h"

#include <sys/ioctl.h>

static size_t event_count(const struct perf_cpu *cpu)
{
	return __atomic_load_n(&cpu->fd_count, __ATOMIC_ACQUIRE);
}

static bool costs_switches(const struct perf_cpu *cpu,
			   const struct perf_options *options, size_t i)
{
	switch ((enum perf_source)cpu->sources[i]) {
	case PERF_SOURCE_TIMER:
		return options->events.choices[cpu->events[i]].kind ==
		       PERF_CHOICE_OFF_CPU;
	case PERF_SOURCE_PROOF:
	case PERF_SOURCE_SWITCHES:
	case PERF_SOURCE_WAKING:
		return true;
	case PERF_SOURCE_SIDEBAND:
		return false;
	}
	return false;
}

void perf_cpu_record_switches(struct perf_cpu *cpu,
			      const struct perf_options *options, bool on)
{
	size_t count = event_count(cpu);

	for (size_t i = 0; i < count; i++)
		if (costs_switches(cpu, options, i))
			ioctl(cpu->fds[i], on ? PERF_EVENT_IOC_ENABLE :
						PERF_EVENT_IOC_DISABLE, 0);
}

struct perf_lost perf_cpu_lost(const struct perf_cpu *cpu)
{
	struct {
		uint64_t value, id, lost;
	} read_count;
	struct perf_lost lost = cpu->closed_lost;
	size_t count = event_count(cpu);

	// Without PERF_FORMAT_LOST the kernel gives two words, and no answer.
	for (size_t i = 0; i < count; i++) {
		if (read(cpu->fds[i], &read_count, sizeof(read_count)) !=
		    sizeof(read_count))
			continue;
		if (cpu->sources[i] == PERF_SOURCE_TIMER)
			lost.samples += read_count.lost;
		else
			lost.records += read_count.lost;
	}
	return lost;
}

// The index of event @id, or the number of events.
static size_t find_event(const struct perf_cpu *cpu, uint64_t id)
{
	size_t count = event_count(cpu), low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (cpu->ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && cpu->ids[low] == id ? low : count;
}

enum perf_source perf_cpu_source(const struct perf_cpu *cpu, uint64_t id)
{
	size_t index = find_event(cpu, id);

	return index < event_count(cpu) ?
		       (enum perf_source)cpu->sources[index] :
		       PERF_SOURCE_SIDEBAND;
}

unsigned int perf_cpu_event(const struct perf_cpu *cpu, uint64_t id)
{
	size_t index = find_event(cpu, id);

	return index < event_count(cpu) ? cpu->events[index] : 0;
}
