/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events that every context switch of the host pays for, as they are opened
 * and closed again while others go on: see perf_cpu_record_switches().
 */
#ifndef BRINDLE_DAEMON_PERF_PERF_SWITCHES_H
#define BRINDLE_DAEMON_PERF_PERF_SWITCHES_H

#include "daemon/perf/perf_event.h"

/**
 * Which records of tracepoint event @fd are wanted, by what it is for. Proofs:
 * switches to @capture_tid or to the stopper (proof.h). Off-CPU samples: of who
 * blocks, but @capture_tid, if that is known. 0, or a negative errno.
 */
int perf_switches_filter(int fd, enum perf_source source, pid_t capture_tid);

/** An event that samples who blocks, at the tracepoint. */
bool perf_switches_is_filtered(const struct perf_event_choice *choice);

#endif
