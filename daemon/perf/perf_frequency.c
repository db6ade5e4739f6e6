// SPDX-License-Identifier: Apache-2.0
#include "daemon/perf/perf_event.h"

#include "base/clock.h"

#include <errno.h>
#include <sys/ioctl.h>

// PERF_EVENT_IOC_PERIOD takes a frequency where the kernel adapts the period.
// The clocks' timers it turned into timers of a fixed period when they were
// opened (perf_swevent_init_hrtimer(), kernel/events/core.c).
static uint64_t period_argument(const struct perf_options *options)
{
	if (options->choice.is_clock)
		return NS_PER_SEC / options->frequency_hz;
	return options->frequency_hz;
}

struct error *perf_cpu_set_frequency(struct perf_cpu *cpu,
				     const struct perf_options *options)
{
	uint64_t argument = period_argument(options);

	for (size_t i = 0; i < cpu->fd_count; i++)
		if (cpu->sources[i] == PERF_SOURCE_TIMER &&
		    ioctl(cpu->fds[i], PERF_EVENT_IOC_PERIOD, &argument) < 0)
			return error_from_errno(errno, "sample CPU %u at %u Hz",
						cpu->cpu,
						options->frequency_hz);
	return NULL;
}
