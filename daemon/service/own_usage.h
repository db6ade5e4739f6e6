/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon itself costs: CPU time and resident memory of its two
 * processes. CPU time of interrupts is not in it, nor in anybody's.
 */
#ifndef BRINDLE_DAEMON_SERVICE_OWN_USAGE_H
#define BRINDLE_DAEMON_SERVICE_OWN_USAGE_H

#include <stdint.h>
#include <sys/types.h>

struct own_usage {
	uint64_t cpu_ns;       /* since their start */
	uint64_t memory_bytes; /* resident now */
};

/** Of this process and of @other, unless that is 0 or this one. What cannot
 *  be read counts as nothing. */
struct own_usage own_usage_read(pid_t other);

#endif
