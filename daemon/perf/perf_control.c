// SPDX-License-Identifier: Apache-2.0
// What is done to the events of a CPU while they run, and asked of them.
#include "daemon/perf/perf_event.h"

static size_t event_count(const struct perf_cpu *cpu)
{
	return __atomic_load_n(&cpu->fd_count, __ATOMIC_ACQUIRE);
}

void perf_lost_add(struct perf_lost *lost, enum perf_source source,
		   uint64_t count)
{
	switch (source) {
	case PERF_SOURCE_TIMER:
		lost->samples += count;
		break;
	case PERF_SOURCE_PROOF:
	case PERF_SOURCE_SIDEBAND:
	case PERF_SOURCE_SWITCHES:
	case PERF_SOURCE_MOVES:
	case PERF_SOURCE_WAKING:
		lost->records += count;
		break;
	case PERF_SOURCE_ALERTS:
		break;
	}
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
		perf_lost_add(&lost, cpu->sources[i], read_count.lost);
	}
	return lost;
}

static size_t find_alias(const struct perf_cpu *cpu, uint64_t id, size_t count)
{
	for (size_t i = 0; id && i < PERF_ALIASES; i++)
		if (__atomic_load_n(&cpu->aliases[i].id, __ATOMIC_SEQ_CST) == id)
			return __atomic_load_n(&cpu->aliases[i].index,
					       __ATOMIC_SEQ_CST);
	return count;
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
	if (low < count && cpu->ids[low] == id)
		return low;
	return find_alias(cpu, id, count);
}

enum perf_source perf_cpu_source(const struct perf_cpu *cpu, uint64_t id)
{
	size_t index = find_event(cpu, id);

	return index < event_count(cpu) ?
		       (enum perf_source)cpu->sources[index] :
		       PERF_SOURCE_SIDEBAND;
}

enum perf_record_kind perf_cpu_record_kind(const struct perf_cpu *cpu,
					   const void *bytes, uint32_t type)
{
	if (type != PERF_RECORD_SAMPLE)
		return PERF_KIND_OTHER;
	switch (perf_cpu_source(cpu, perf_record_sample_id(bytes))) {
	case PERF_SOURCE_TIMER:
		return PERF_KIND_TIMER;
	case PERF_SOURCE_PROOF:
		return PERF_KIND_PROOF;
	case PERF_SOURCE_WAKING:
		return PERF_KIND_WAKING;
	case PERF_SOURCE_MOVES:
		return PERF_KIND_MOVE;
	case PERF_SOURCE_SIDEBAND:
	case PERF_SOURCE_SWITCHES:
	case PERF_SOURCE_ALERTS:
		return PERF_KIND_OTHER;
	}
	return PERF_KIND_OTHER;
}

unsigned int perf_cpu_event(const struct perf_cpu *cpu, uint64_t id)
{
	size_t index = find_event(cpu, id);

	return index < event_count(cpu) ? cpu->events[index] : 0;
}
