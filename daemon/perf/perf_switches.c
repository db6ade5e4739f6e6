// SPDX-License-Identifier: Apache-2.0
/*
 * Off means closed, not disabled. While a single event asks for switch records,
 * enabled or not and on whatever CPU, the kernel goes through all events of a
 * CPU that get side-band records, twice a switch (perf_event_switch(),
 * kernel/events/core.c): 230 ns beside ours, measured. And while an event of a
 * tracepoint is open its probe is called: 50 ns for sched_switch, 150 for
 * sched_waking. To open them is quick; to close the last one of a tracepoint is
 * not, see late_close.h.
 */
#include "daemon/perf/perf_switches.h"

#include "daemon/perf/late_close.h"
#include "daemon/perf/perf_attr.h"
#include "daemon/perf/perf_ring.h"

#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>

enum { FILTER_BYTES = 64 };

bool perf_switches_is_filtered(const struct perf_event_choice *choice)
{
	return choice->kind == PERF_CHOICE_OFF_CPU &&
	       choice->type == PERF_TYPE_TRACEPOINT;
}

// Proofs: what is switched to before a capture thread, too. Priority 0 has the
// stopper, and nobody else but real-time threads of the highest priority.
// Off-CPU samples: only of who blocks (S, D, T, t in include/linux/sched.h), not
// of who is preempted, idles or ends. A capture thread goes to sleep after each
// sample, and must not cause the next. Wake-ups: who is current when an interrupt
// wakes somebody had nothing to do with it: TRACE_FLAG_HARDIRQ, _SOFTIRQ and _NMI
// of include/linux/trace_events.h.
static const char *filter_for(enum perf_source source, pid_t capture_tid)
{
	switch (source) {
	case PERF_SOURCE_PROOF:
		return "next_pid == %d || next_prio == 0";
	case PERF_SOURCE_TIMER:
		return capture_tid ? "prev_state & 15 && prev_pid != %d" :
				     "prev_state & 15";
	case PERF_SOURCE_WAKING:
		return "!(common_flags & 88)";
	case PERF_SOURCE_SIDEBAND:
	case PERF_SOURCE_ALERTS:
	case PERF_SOURCE_SWITCHES:
	case PERF_SOURCE_MOVES:
		return NULL;
	}
	return NULL;
}

int perf_switches_filter(int fd, enum perf_source source, pid_t capture_tid)
{
	const char *format = filter_for(source, capture_tid);
	char filter[FILTER_BYTES];

	if (!format)
		return 0;
	snprintf(filter, sizeof(filter), format, (int)capture_tid);
	return ioctl(fd, PERF_EVENT_IOC_SET_FILTER, filter) < 0 ? -errno : 0;
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
	case PERF_SOURCE_ALERTS:
	case PERF_SOURCE_MOVES:
		return false;
	}
	return false;
}

// As it was opened first: for everyone on the CPU.
static struct perf_event_attr attr_of(const struct perf_cpu *cpu,
				      const struct perf_options *options,
				      size_t i)
{
	struct perf_target everyone = { .tid = PERF_TARGET_ALL };

	switch ((enum perf_source)cpu->sources[i]) {
	case PERF_SOURCE_TIMER:
		return perf_attr_sample(options, cpu->events[i], &everyone);
	case PERF_SOURCE_PROOF:
		return cpu->proof_filtered ?
			       perf_attr_switch_tracepoint(options) :
			       perf_attr_switch_software(options, &everyone);
	case PERF_SOURCE_WAKING:
		return perf_attr_waking(options, &everyone);
	case PERF_SOURCE_SIDEBAND:
	case PERF_SOURCE_ALERTS:
	case PERF_SOURCE_SWITCHES:
	case PERF_SOURCE_MOVES:
		break;
	}
	return perf_attr_switches(options, &everyone);
}

static int filter_again(const struct perf_cpu *cpu,
			const struct perf_options *options, size_t i, int fd)
{
	enum perf_source source = cpu->sources[i];

	if (source == PERF_SOURCE_TIMER &&
	    !perf_switches_is_filtered(&options->events.choices[cpu->events[i]]))
		return 0;
	if (source == PERF_SOURCE_PROOF && !cpu->proof_filtered)
		return 0;
	return perf_switches_filter(fd, source, cpu->capture_tid);
}

// The capture thread may look while this changes: an alias that is replaced is
// of events whose records have been read long ago.
static int add_alias(struct perf_cpu *cpu, int fd, size_t i)
{
	struct perf_alias *alias =
		&cpu->aliases[cpu->alias_count++ % PERF_ALIASES];
	uint64_t id;

	if (ioctl(fd, PERF_EVENT_IOC_ID, &id) < 0)
		return -errno;
	__atomic_store_n(&alias->id, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&alias->index, i, __ATOMIC_SEQ_CST);
	__atomic_store_n(&alias->id, id, __ATOMIC_SEQ_CST);
	return 0;
}

// A CPU that is offline has nothing to record, and gets its events anew later.
static bool open_again(struct perf_cpu *cpu, const struct perf_options *options,
		       size_t i)
{
	struct perf_event_attr attr = attr_of(cpu, options, i);
	_cleanup_close_ int fd = opener_perf_event(
		cpu->opener, &attr, PERF_TARGET_ALL, (int)cpu->cpu);

	if (fd < 0)
		return fd == -ENODEV;
	if (filter_again(cpu, options, i, fd) || add_alias(cpu, fd, i) ||
	    ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, cpu->ring->fd) < 0 ||
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		return false;
	cpu->fds[i] = take_fd(&fd);
	return true;
}

static void close_for_now(struct perf_cpu *cpu, size_t i)
{
	struct {
		uint64_t value, id, lost;
	} count;

	if (cpu->fds[i] < 0)
		return;
	ioctl(cpu->fds[i], PERF_EVENT_IOC_DISABLE, 0);
	if (read(cpu->fds[i], &count, sizeof(count)) == sizeof(count))
		perf_lost_add(&cpu->closed_lost, cpu->sources[i], count.lost);
	late_close_fd(cpu->closer, take_fd(&cpu->fds[i]));
}

// Proofs of a capture thread that was replaced stay closed.
static bool is_outdated(const struct perf_cpu *cpu, size_t i)
{
	size_t count = cpu->fd_count;

	if (cpu->sources[i] != PERF_SOURCE_PROOF)
		return false;
	while (++i < count)
		if (cpu->sources[i] == PERF_SOURCE_PROOF)
			return true;
	return false;
}

static bool switch_one(struct perf_cpu *cpu, const struct perf_options *options,
		       bool on, size_t i)
{
	if (!on)
		close_for_now(cpu, i);
	else if (cpu->fds[i] < 0 && !is_outdated(cpu, i))
		return open_again(cpu, options, i);
	return true;
}

bool perf_cpu_record_switches(struct perf_cpu *cpu,
			      const struct perf_options *options, bool on)
{
	size_t count = __atomic_load_n(&cpu->fd_count, __ATOMIC_ACQUIRE);
	bool done = true;

	for (size_t i = 0; i < count; i++)
		if (costs_switches(cpu, options, i) &&
		    !switch_one(cpu, options, on, i))
			done = false;
	return done;
}
