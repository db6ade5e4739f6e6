/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mappings of a process from where the kernel tells them: MMAP2 records for
 * new ones, /proc for those that were there before.
 */
#ifndef BRINDLE_DAEMON_PROCESS_PROCESS_SCAN_H
#define BRINDLE_DAEMON_PROCESS_PROCESS_SCAN_H

#include "daemon/process/process.h"

/** Adds the mapping of an MMAP2 record. False without memory. */
bool process_map_record(struct process_table *table, struct process *process,
			const struct perf_mapping_fields *fields);

#endif
