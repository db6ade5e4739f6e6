/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Closes descriptors whose close() takes long: the last event of a tracepoint
 * waits until no CPU can be in its probe any more (perf_trace_event_unreg(),
 * kernel/trace/trace_event_perf.c), tens of milliseconds. A thread of its own, so
 * that nobody else waits.
 */
#ifndef BRINDLE_DAEMON_PERF_LATE_CLOSE_H
#define BRINDLE_DAEMON_PERF_LATE_CLOSE_H

#include "base/error.h"
#include "daemon/process/opener.h"

struct late_close;

struct error *late_close_start(const struct opener *opener,
			       struct late_close **ret);

/** Takes @fd over, -1 is none. Without @closer, or when too many wait, it is closed here. */
void late_close_fd(struct late_close *closer, int fd);

/** Closes what waits, and ends the thread. */
void late_close_stop(struct late_close *closer);

#endif
