/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only tracefs tells of a tracepoint. Where no tracefs is
 * mounted, one is made that is attached to no place at all, so that the host
 * stays as it was.
 */
#ifndef BRINDLE_DAEMON_PERF_TRACEPOINT_H
#define BRINDLE_DAEMON_PERF_TRACEPOINT_H

#include "base/error.h"

#include <stdint.h>

struct tracepoint {
	uint64_t id;
	/* Where in its records, in bytes, the field asked for lies. */
	uint32_t field_offset, field_size;
};

/** A handle (O_PATH) of a tracefs, the caller's: of a mounted one whose events
 *  may be read, or else, with CAP_SYS_ADMIN, of one made for it. */
struct error *tracepoint_root(int *ret_fd);

/** "group/name", e.g. "sched/sched_switch"; ERROR_UNSUPPORTED when its format
 *  has no field @field, unless that is NULL. */
struct error *tracepoint_find_in(int root, const char *event, const char *field,
				 struct tracepoint *ret);

/** The same, in whatever tracefs there is. */
struct error *tracepoint_find(const char *event, const char *field,
			      struct tracepoint *ret);

#endif
