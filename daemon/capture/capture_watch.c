// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/capture_watch.h"

#include "base/clock.h"

bool capture_watch_look(struct capture_watch *watch, uint64_t reading,
			uint64_t now_ns)
{
	const uint64_t step_max = CAPTURE_WATCH_STEP_MS * NS_PER_MS;
	uint64_t step = now_ns - watch->seen_ns;

	watch->seen_ns = now_ns;
	if (!reading || reading != watch->reading) {
		watch->reading = reading;
		watch->lasted_ns = 0;
		return false;
	}
	watch->lasted_ns += step < step_max ? step : step_max;
	return watch->lasted_ns >= CAPTURE_STUCK_MS * NS_PER_MS;
}
