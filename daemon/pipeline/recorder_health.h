/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the recorder says about itself in v_health: losses, latencies, its own
 * cost, how it was set up.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_RECORDER_HEALTH_H
#define BRINDLE_DAEMON_PIPELINE_RECORDER_HEALTH_H

#include <stdint.h>

struct recorder;

void recorder_report_health(struct recorder *recorder);

/** Samples and records lost, by the kernel's own count. */
uint64_t recorder_lost(const struct recorder *recorder);
/** The samples alone; 0 where the kernel does not count by event. */
uint64_t recorder_lost_samples(const struct recorder *recorder);

#endif
