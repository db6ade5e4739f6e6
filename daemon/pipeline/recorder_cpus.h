/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CPUs of a recording: for each its rings, its events and its capture
 * thread, which are opened, started, replaced and closed here. Part of a
 * recorder; used by the worker alone.
 */
#ifndef BRINDLE_DAEMON_PIPELINE_RECORDER_CPUS_H
#define BRINDLE_DAEMON_PIPELINE_RECORDER_CPUS_H

#include "base/error.h"
#include "daemon/perf/perf_event.h"

struct recorder;

/** The rings, which take a while to make, without events. */
struct error *recorder_cpus_open(struct recorder *recorder);

/** The events of @scope on each CPU, disabled. */
struct error *recorder_cpus_add(struct recorder *recorder,
				const struct perf_scope *scope);

/** The capture threads, and the events that prove what they read. */
struct error *recorder_cpus_start(struct recorder *recorder);
struct error *recorder_cpus_enable(struct recorder *recorder);

/** After CPU @i was offline: what went with it, anew, and enabled. */
struct error *recorder_cpu_reopen(struct recorder *recorder, size_t i);

/** Most bytes that wait in the queue of one CPU. */
uint64_t recorder_cpus_waiting(const struct recorder *recorder);

/** CPU time of the capture threads that run now, in nanoseconds. */
uint64_t recorder_cpus_time(const struct recorder *recorder);

/** Disables the events; the capture threads scan what is left, and end. */
void recorder_cpus_stop(struct recorder *recorder);

/** The same, and they and their queues go; before the targets do. */
void recorder_cpus_end(struct recorder *recorder);

/** Unmaps the rings, when nobody looks at them any more. */
void recorder_cpus_close(struct recorder *recorder);

#endif
