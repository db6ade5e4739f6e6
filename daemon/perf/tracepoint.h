/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The id of a tracepoint, which only tracefs tells. Where no tracefs is
 * mounted, a short-lived child mounts one in a mount namespace of its own and
 * reports what it read, so that the host stays as it was.
 */
#ifndef BRINDLE_DAEMON_PERF_TRACEPOINT_H
#define BRINDLE_DAEMON_PERF_TRACEPOINT_H

#include "base/error.h"

#include <stdint.h>

/** Id of "group/name", e.g. "sched/sched_switch"; also checks that its format
 *  has the field @filter_field. */
struct error *tracepoint_id(const char *event, const char *filter_field,
			    uint64_t *ret);

#endif
