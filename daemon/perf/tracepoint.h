/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The id of a tracepoint, which only tracefs tells. Where no tracefs is
 * mounted, one is made that is attached to no place at all, so that the host
 * stays as it was.
 */
#ifndef BRINDLE_DAEMON_PERF_TRACEPOINT_H
#define BRINDLE_DAEMON_PERF_TRACEPOINT_H

#include "base/error.h"

#include <stdint.h>

/** A handle (O_PATH) of a tracefs, the caller's: of a mounted one whose events
 *  may be read, or else, with CAP_SYS_ADMIN, of one made for it. */
struct error *tracepoint_root(int *ret_fd);

/** Id of "group/name", e.g. "sched/sched_switch"; also checks that its format
 *  has the field @filter_field, unless that is NULL. */
struct error *tracepoint_id_in(int root, const char *event,
			       const char *filter_field, uint64_t *ret);

/** The same, in whatever tracefs there is. */
struct error *tracepoint_id(const char *event, const char *filter_field,
			    uint64_t *ret);

#endif
