// SPDX-License-Identifier: Apache-2.0
#include "daemon/perf/perf_attr.h"

#include "base/clock.h"

#include <errno.h>
#include <sys/ioctl.h>

// PERF_EVENT_IOC_PERIOD takes a frequency where the kernel adapts the period.
// The clocks' timers it turned into timers of a fixed period when they were
// opened (perf_swevent_init_hrtimer(), kernel/events/core.c).
static uint64_t period_argument(const struct perf_options *options,
				const struct perf_event_choice *choice)
{
	unsigned int hz = perf_attr_frequency(options, choice);

	return choice->kind == PERF_CHOICE_CLOCK ? NS_PER_SEC / hz : hz;
}

struct error *perf_cpu_set_event_frequency(struct perf_cpu *cpu,
					   const struct perf_options *options,
					   size_t index)
{
	uint64_t argument =
		period_argument(options, &options->events.choices[index]);

	for (size_t i = 0; i < cpu->fd_count; i++)
		if (cpu->sources[i] == PERF_SOURCE_TIMER && cpu->fds[i] >= 0 &&
		    cpu->events[i] == index &&
		    ioctl(cpu->fds[i], PERF_EVENT_IOC_PERIOD, &argument) < 0)
			return error_from_errno(errno, "sample CPU %u at %u Hz",
						cpu->cpu,
						options->frequency_hz);
	return NULL;
}

struct error *perf_cpu_set_frequency(struct perf_cpu *cpu,
				     const struct perf_options *options)
{
	struct error *error = NULL;

	for (size_t i = 0; i < options->events.count && !error; i++)
		if (!options->events.choices[i].frequency_hz)
			error = perf_cpu_set_event_frequency(cpu, options, i);
	return error;
}
