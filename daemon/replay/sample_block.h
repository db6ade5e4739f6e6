/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One block of a sample file being put together: see sample_format.h. Running
 * out of memory or over the limit is remembered, and told when it is written.
 */
#ifndef BRINDLE_DAEMON_REPLAY_SAMPLE_BLOCK_H
#define BRINDLE_DAEMON_REPLAY_SAMPLE_BLOCK_H

#include "base/error.h"
#include "daemon/replay/sample_format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sample_block {
	uint8_t *bytes; /* owned; header first */
	size_t size, capacity;
	bool failed;
};

void sample_block_begin(struct sample_block *block,
			enum sample_block_kind kind);
void sample_block_deinit(struct sample_block *block);

void sample_block_u8(struct sample_block *block, uint8_t value);
void sample_block_u16(struct sample_block *block, uint16_t value);
void sample_block_u32(struct sample_block *block, uint32_t value);
void sample_block_u64(struct sample_block *block, uint64_t value);

/** @size bytes and zeros up to a multiple of 8. */
void sample_block_array(struct sample_block *block, const void *bytes,
			size_t size);

/** @text cut or filled with zeros to @size bytes. */
void sample_block_text(struct sample_block *block, const char *text,
		       size_t size);

struct error *sample_block_write(struct sample_block *block, FILE *file);

#endif
