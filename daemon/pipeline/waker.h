/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who ended a wait? The kernel records each wake-up in the context of the thread
 * that does it (sched:sched_waking), somewhat before the woken one runs again.
 * The last such record before its switch-in names the waker. Wake-ups by timers
 * and other interrupts are left out in the kernel: nobody did them.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_WAKER_H
#define BRINDLE_DAEMON_PIPELINE_WAKER_H

#include "daemon/pipeline/pipeline.h"

/** A record of kind WAKING; most are of waits that nobody sampled. */
void waker_take_record(struct pipeline *pipeline,
		       const struct perf_record *record);

#endif
