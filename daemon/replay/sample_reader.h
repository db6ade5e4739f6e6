/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a sample file (sample_format.h), foreign data to the last bit. Opening
 * it reads everything but the samples; those are read one at a time. A file that
 * was cut off, or is broken somewhere, yields the samples before that place.
 *
 * Owns what its samples refer to: modules made of the recorded functions,
 * processes, code objects.
 */
#ifndef BRINDLE_DAEMON_REPLAY_SAMPLE_READER_H
#define BRINDLE_DAEMON_REPLAY_SAMPLE_READER_H

#include "base/error.h"
#include "daemon/replay/kept_sample.h"

struct sample_reader;

struct error *sample_reader_open(const char *path, struct sample_reader **ret);

/** Of a seekable @file, which it takes over, also on failure. */
struct error *sample_reader_from(FILE *file, struct sample_reader **ret);
void sample_reader_destroy(struct sample_reader *reader);

/** Why the file could not be read to its end; NULL: it could. Borrowed. */
const struct error *sample_reader_problem(const struct sample_reader *reader);

/** When it began. */
void sample_reader_start(const struct sample_reader *reader,
			 uint64_t *ret_monotonic_ns, uint64_t *ret_wall_ns);

/** Leaves the last part of all paths, which else tell where somebody lives. */
void sample_reader_shorten_paths(struct sample_reader *reader);

const struct arch *sample_reader_arch(const struct sample_reader *reader);
size_t sample_reader_count(const struct sample_reader *reader);

/** Sample @number, borrowed until the next one is got. */
struct error *sample_reader_get(struct sample_reader *reader, size_t number,
				struct kept_sample *ret);

/** What became of its proof: an enum store_trust. False: the file ends first.
 *  @ret_reason is "" where nothing spoke against it; borrowed. */
bool sample_reader_verdict(const struct sample_reader *reader, size_t number,
			   uint32_t *ret_trust, const char **ret_reason);

/** Of the recording's kernel; NULL: not recorded. Borrowed. */
const char *sample_reader_kernel_symbol(const struct sample_reader *reader,
					uint64_t address);

#endif
