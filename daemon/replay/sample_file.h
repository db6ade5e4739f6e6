/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the samples of a running recording: what the pipeline walked becomes a
 * kept_sample with all that it was walked from, and goes to a sample_writer.h.
 * Used by the worker alone. The format is told in sample_format.h.
 */
#ifndef BRINDLE_DAEMON_REPLAY_SAMPLE_FILE_H
#define BRINDLE_DAEMON_REPLAY_SAMPLE_FILE_H

#include "daemon/capture/capture_queue.h"
#include "daemon/perf/perf_record.h"
#include "daemon/process/process.h"
#include "unwind/walk.h"

struct sample_file;

struct error *sample_file_create(const char *path, const struct arch *arch,
				 struct sample_file **ret);

/**
 * @capture may be NULL. Failures are kept and told by sample_file_close(). The
 * result is for sample_file_verdict().
 */
int64_t sample_file_add(struct sample_file *file, struct process *process,
			const struct perf_record *record,
			const struct capture *capture,
			const struct walk_result *walk);

/** What became of the proof of an added sample. @reason NULL: none. */
void sample_file_verdict(struct sample_file *file, int64_t number,
			 uint32_t trust, const char *reason);

struct error *sample_file_close(struct sample_file *file);

#endif
