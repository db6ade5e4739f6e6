/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many context switches does the host make? By the kernel's own count, where
 * no record tells of them: line "ctxt" of /proc/stat (proc_stat(5)). That takes
 * milliseconds to read on a host of many CPUs, so it is read now and then.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_HOST_SWITCHES_H
#define BRINDLE_DAEMON_PIPELINE_HOST_SWITCHES_H

#include <stdint.h>
#include <stdio.h>

struct host_switches {
	uint64_t count, read_ns; /* when it was read last; 0: never */
	uint64_t a_second;	 /* of late, on all CPUs; 0: not known */
};

/** Looks again, if the last look was long ago. */
void host_switches_follow(struct host_switches *host, uint64_t now_ns);

/** The number in line "ctxt" of @stat; 0: there is none. */
uint64_t host_switches_parse(FILE *stat);

#endif
