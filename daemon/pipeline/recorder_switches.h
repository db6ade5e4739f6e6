/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Switches what every context switch of the host pays for on and off, so that
 * it stays within a hundredth of each CPU: see switch_duty.h. Part of a
 * recorder; used by the worker alone.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_RECORDER_SWITCHES_H
#define BRINDLE_DAEMON_PIPELINE_RECORDER_SWITCHES_H

#include <stdbool.h>
#include <stdint.h>

struct recorder;

/** After every round. */
void recorder_cycle_switches(struct recorder *recorder);

/** True while the rings fill so fast that the next round should come soon. */
bool recorder_is_cycling(const struct recorder *recorder);

#endif
