/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the recorder says about itself in v_health: losses, latencies, its own
 * cost, how it was set up.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_RECORDER_HEALTH_H
#define BRINDLE_DAEMON_PIPELINE_RECORDER_HEALTH_H

#include "daemon/perf/perf_event.h"

struct recorder;

void recorder_report_health(struct recorder *recorder);

/** What was lost, by the kernel's own count; a system call for each event. Where
 *  the kernel does not count by event all that it told of may be samples. */
struct perf_lost recorder_lost(const struct recorder *recorder);

/** The same, asked for anew only where there may be more. */
const struct perf_lost *recorder_lost_so_far(struct recorder *recorder);

#endif
