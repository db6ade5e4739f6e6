// SPDX-License-Identifier: Apache-2.0
#include "daemon/capture/deep_rest.h"

#include "daemon/capture/capture_queue.h"

uint64_t deep_rest_until(uint64_t sample_ns, uint64_t end_ns, uint32_t bytes)
{
	uint64_t held = end_ns - sample_ns;

	if (held < DEEP_HELD_NS || bytes <= CAPTURE_SNAPSHOT_MIN)
		return 0;
	if (held > DEEP_HELD_NS_MAX)
		held = DEEP_HELD_NS_MAX;
	return end_ns + held * DEEP_REST_SHARE;
}
