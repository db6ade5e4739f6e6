// SPDX-License-Identifier: Apache-2.0
/*
 * What a CPU that goes offline takes along: the kernel removes every event that
 * was opened for the CPU as a whole, for good (perf_event_exit_cpu(),
 * kernel/events/core.c). Events of threads stay, and so do the anchors with
 * their rings, for they belong to a thread; they go on when the CPU is back.
 */
#include "daemon/perf/perf_event.h"

#include "daemon/perf/perf_ring.h"

static bool is_gone(const struct perf_cpu *cpu,
		    const struct perf_options *options, bool system_wide,
		    size_t i)
{
	if (cpu->fds[i] == cpu->ring->fd || cpu->fds[i] == cpu->alerts->fd)
		return false;
	return system_wide ||
	       (cpu->sources[i] == PERF_SOURCE_PROOF &&
		options->switch_proof == SWITCH_PROOF_TRACEPOINT);
}

void perf_cpu_forget_events(struct perf_cpu *cpu,
			    const struct perf_options *options,
			    bool system_wide)
{
	struct perf_lost lost = perf_cpu_lost(cpu), rest;
	size_t kept = 0;

	for (size_t i = 0; i < cpu->fd_count; i++) {
		if (is_gone(cpu, options, system_wide, i)) {
			if (cpu->fds[i] >= 0)
				close(cpu->fds[i]);
			continue;
		}
		cpu->fds[kept] = cpu->fds[i];
		cpu->ids[kept] = cpu->ids[i];
		cpu->sources[kept] = cpu->sources[i];
		cpu->events[kept] = cpu->events[i];
		kept++;
	}
	__atomic_store_n(&cpu->fd_count, kept, __ATOMIC_RELEASE);
	for (size_t i = 0; i < PERF_ALIASES; i++)
		__atomic_store_n(&cpu->aliases[i].id, 0, __ATOMIC_SEQ_CST);
	cpu->closed_lost = (struct perf_lost){ 0 };
	rest = perf_cpu_lost(cpu);
	cpu->closed_lost.samples = lost.samples - rest.samples;
	cpu->closed_lost.records = lost.records - rest.records;
}

static bool read_value(int fd, uint64_t *ret)
{
	uint64_t words[3]; // value, id, lost where the kernel counts that

	if (read(fd, words, sizeof(words)) < (ssize_t)sizeof(words[0]))
		return false;
	*ret = words[0];
	return true;
}

bool perf_cpu_clock(const struct perf_cpu *cpu,
		    const struct perf_options *options, uint64_t *ret)
{
	for (size_t i = 0; i < cpu->fd_count; i++) {
		const struct perf_event_choice *choice =
			&options->events.choices[cpu->events[i]];

		if (cpu->sources[i] == PERF_SOURCE_TIMER &&
		    choice->kind == PERF_CHOICE_CLOCK)
			return read_value(cpu->fds[i], ret);
	}
	return false;
}
