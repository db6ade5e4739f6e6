// SPDX-License-Identifier: Apache-2.0
#include "daemon/pipeline/host_switches.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdlib.h>

#define LOOK_NS (2 * NS_PER_SEC)

uint64_t host_switches_parse(FILE *stat)
{
	_cleanup_free_ char *line = NULL;
	uint64_t count = 0;
	size_t room = 0;

	while (!count && getline(&line, &room, stat) > 0)
		if (sscanf(line, "ctxt %" SCNu64, &count) != 1)
			count = 0;
	return count;
}

void host_switches_follow(struct host_switches *host, uint64_t now_ns)
{
	_cleanup_fclose_ FILE *stat = NULL;
	uint64_t before = host->count, passed_ns = now_ns - host->read_ns;

	if (host->read_ns && passed_ns < LOOK_NS)
		return;
	stat = fopen("/proc/stat", "re");
	host->count = stat ? host_switches_parse(stat) : 0;
	// In units of a millisecond, so that no product overflows.
	if (before && host->count > before)
		host->a_second = (host->count - before) * 1000 /
				 (passed_ns / NS_PER_MS);
	host->read_ns = now_ns;
}
