// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/host_clock.h"

#include "base/clock.h"

enum { READ_TRIES = 5 };

static const uint64_t close_ns = NS_PER_MS;

bool host_clock_read(struct host_clock_reading *ret)
{
	for (int i = 0; i < READ_TRIES; i++) {
		uint64_t before = monotonic_ns();
		uint64_t wall = clock_now_ns(CLOCK_REALTIME);
		uint64_t boot = clock_now_ns(CLOCK_BOOTTIME);

		// Whoever was interrupted in between would see a step.
		if (monotonic_ns() - before > close_ns)
			continue;
		*ret = (struct host_clock_reading){ before, wall, boot };
		return true;
	}
	return false;
}

static bool is_step(int64_t moved_ns)
{
	const int64_t step_ns = HOST_CLOCK_STEP_MS * (int64_t)NS_PER_MS;

	return moved_ns > step_ns || moved_ns < -step_ns;
}

enum host_clock_change
host_clock_look(struct host_clock *clock,
		const struct host_clock_reading *reading, int64_t *ret_ns)
{
	struct host_clock now = {
		.wall_offset_ns =
			(int64_t)(reading->wall_ns - reading->monotonic_ns),
		.slept_ns = (int64_t)(reading->boot_ns - reading->monotonic_ns),
		.begun = true,
	};
	int64_t wall = now.wall_offset_ns - clock->wall_offset_ns;
	int64_t slept = now.slept_ns - clock->slept_ns;
	bool changed = clock->begun && (is_step(wall) || is_step(slept));

	if (changed || !clock->begun)
		*clock = now;
	if (!changed)
		return HOST_CLOCK_SAME;
	*ret_ns = is_step(slept) ? slept : wall;
	return is_step(slept) ? HOST_CLOCK_SUSPENDED : HOST_CLOCK_STEPPED;
}
