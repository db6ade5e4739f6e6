/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a sample file (sample_format.h): with each sample whatever it needs
 * and has not been written yet. Modules are kept referenced until the end, so
 * that their addresses tell them apart. Buffered, never synced: it must keep
 * pace with a recording. The file is its owner's alone, for it holds what was
 * in the memory of others.
 *
 * The first failure ends the writing and is told when the writer is closed.
 */
#ifndef BRINDLE_DAEMON_REPLAY_SAMPLE_WRITER_H
#define BRINDLE_DAEMON_REPLAY_SAMPLE_WRITER_H

#include "base/error.h"
#include "daemon/replay/kept_sample.h"

enum { SAMPLE_NUMBER_NONE = -1 };

struct sample_writer;

/** Replaces a sample file; refuses to overwrite anything else. The times are
 *  those of the start of the recording. */
struct error *sample_writer_create(const char *path, const struct arch *arch,
				   uint64_t monotonic_ns, uint64_t wall_ns,
				   struct sample_writer **ret);

/** Its number in the file, from 0, or SAMPLE_NUMBER_NONE after a failure. */
int64_t sample_writer_add(struct sample_writer *writer,
			  const struct kept_sample *sample);

/** What became of the proof of sample @number; @reason "": nothing against. */
void sample_writer_verdict(struct sample_writer *writer, int64_t number,
			   uint32_t trust, const char *reason);

/** The name of a kernel address that samples have met. */
void sample_writer_kernel_symbol(struct sample_writer *writer,
				 uint64_t address, const char *name);

/** Writes the end and destroys @writer. NULL is fine. */
struct error *sample_writer_close(struct sample_writer *writer);

#endif
