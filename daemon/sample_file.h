/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept samples: what one sample was unwound from, so that it can be unwound
 * again anywhere with the same result. A file is a header and a sequence of
 * blocks; all integers little-endian, every block 8-byte aligned:
 *
 *     "brindle samples\n" version u32 arch u32
 *     block: kind u32, size u32, payload[size], padding to 8
 *
 * Blocks: a module (id, path, build-id), a process (pid, name, mappings,
 * CPython), a sample (registers, stack copy, kernel chain, snapshot, what the
 * recorder made of it). A block refers to earlier ones by id. Readers treat it
 * as foreign data.
 */
#ifndef BRINDLE_DAEMON_SAMPLE_FILE_H
#define BRINDLE_DAEMON_SAMPLE_FILE_H

#include "daemon/capture_queue.h"
#include "daemon/perf_record.h"
#include "daemon/process.h"
#include "unwind/walk.h"

#include <stdio.h>

struct sample_file;

struct error *sample_file_create(const char *path, const struct arch *arch,
				 struct sample_file **ret);

/** @capture may be NULL. Failures are kept and told by sample_file_close(). */
void sample_file_add(struct sample_file *file, struct process *process,
		     const struct perf_record *record,
		     const struct capture *capture,
		     const struct walk_result *walk);

struct error *sample_file_close(struct sample_file *file);

#endif
