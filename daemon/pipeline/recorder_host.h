/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to the host while a recording goes on: CPUs go offline and come
 * back, the clock is set, the host sleeps. Noted in the store, and made good where
 * something can be.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_RECORDER_HOST_H
#define BRINDLE_DAEMON_PIPELINE_RECORDER_HOST_H

#include "base/error.h"
#include "daemon/perf/cpu_absence.h"
#include "daemon/perf/cpu_list.h"
#include "daemon/service/host_clock.h"

struct recorder;

/** Of one CPU of the recording. */
struct recorder_cpu_state {
	bool online;
	int64_t incident;    /* that it is not; 0: none */
	uint64_t clock;	     /* how far it had counted */
	uint64_t head;	     /* of its ring, at the last look */
	uint64_t counted_ns; /* when it last was seen to count */
};

struct recorder_host {
	int online_fd; /* owned; of the kernel's list of CPUs */
	struct cpu_absence absence; /* places as of recorder->cpus */
	uint64_t clocks_ns;   /* when the clocks were looked at */
	uint64_t saw_cpus_ns; /* and which CPUs are online */
	uint64_t asked_ns;    /* and those that are silent asked */
	bool unseen;	      /* a CPU without events runs threads, or may */
	uint64_t doubt_until_ns; /* may: since the host slept */
	struct host_clock clock;
};

void recorder_host_init(struct recorder *recorder);
void recorder_host_deinit(struct recorder *recorder);

/** At each round, before its records are taken. Nothing is proven of a time later
 *  than that: the stream that is taken ends before it. */
void recorder_look_at_host(struct recorder *recorder, uint64_t now_ns);

#endif
