/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper's rings as one stream: what all CPUs have recorded of mappings,
 * forks, execs and ends, in time order, a batch at a time. A fork on one CPU is
 * so seen before the exec of the child on another.
 *
 * Owned and used by the keeper's thread.
 */
#ifndef BRINDLE_DAEMON_CAPTURE_ALERTS_H
#define BRINDLE_DAEMON_CAPTURE_ALERTS_H

#include "daemon/perf/perf_event.h"
#include "daemon/perf/perf_record.h"

struct alerts;

/** Over the alert rings of @cpus, borrowed. NULL: no memory. */
struct alerts *alerts_create(const struct arch *arch, struct perf_cpu *cpus,
			     size_t cpu_count);
void alerts_destroy(struct alerts *alerts);

/** Begins a batch: what the rings hold now. */
void alerts_begin(struct alerts *alerts);

/** The next record of the batch, borrowed until the next call; NULL: that was
 *  all, and its room is the kernel's again. */
const struct perf_record *alerts_next(struct alerts *alerts);

#endif
