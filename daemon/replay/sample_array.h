/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arrays in a block of a sample file (sample_format.h), read: bytes and a
 * padding. What is longer than the block, or than it may be, is NULL.
 */
#ifndef BRINDLE_DAEMON_REPLAY_SAMPLE_ARRAY_H
#define BRINDLE_DAEMON_REPLAY_SAMPLE_ARRAY_H

#include "base/reader.h"

#include <stddef.h>
#include <stdint.h>

/** The next array, of @size bytes. Borrowed from what @reader reads. */
const uint8_t *reader_padded(struct reader *reader, size_t size);

/** A copy of the next array as a string; owned. NULL also without memory. */
char *reader_text(struct reader *reader, size_t size, size_t most);

#endif
