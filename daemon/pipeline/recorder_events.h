/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a recording samples by, how often, and what the kernel makes of it: a
 * rate that it does not allow, throttled events, lost records, switch records
 * that would cost too much. Part of a recorder; used by the worker alone.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_RECORDER_EVENTS_H
#define BRINDLE_DAEMON_PIPELINE_RECORDER_EVENTS_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct recorder;

/** The events and the rate asked for, as far as this host has them; what it has
 *  not goes into the recorder's note. */
struct error *recorder_choose_events(struct recorder *recorder);

/** Makes the events known to the pipeline and its store. */
struct error *recorder_start_events(struct recorder *recorder);

/** Once a second: what went wrong since the last time becomes an incident, and
 *  a change of the highest rate allowed is followed. */
void recorder_watch_events(struct recorder *recorder, uint64_t now_ns);

/** The last of it, before the store is closed. */
void recorder_end_events(struct recorder *recorder, uint64_t now_ns);

#endif
