// SPDX-License-Identifier: Apache-2.0
#include "daemon/replay/sample_block.h"

#include "base/array.h"

#include <errno.h>
#include <string.h>

enum { SIZE_OFFSET = 4 };

static void put(struct sample_block *block, const void *bytes, size_t size)
{
	if (size > SAMPLE_BLOCK_MAX - block->size ||
	    !array_reserve((void **)&block->bytes, &block->capacity,
			   block->size + size, 1))
		block->failed = true;
	if (block->failed || !size)
		return;
	memcpy(block->bytes + block->size, bytes, size);
	block->size += size;
}

static void pad(struct sample_block *block)
{
	static const uint8_t zeros[SAMPLE_BLOCK_ALIGNMENT];

	put(block, zeros, -block->size % SAMPLE_BLOCK_ALIGNMENT);
}

void sample_block_begin(struct sample_block *block, enum sample_block_kind kind)
{
	block->size = 0;
	block->failed = false;
	sample_block_u32(block, kind);
	sample_block_u32(block, 0);
}

void sample_block_deinit(struct sample_block *block)
{
	free(block->bytes);
	*block = (struct sample_block){ 0 };
}

void sample_block_u8(struct sample_block *block, uint8_t value)
{
	put(block, &value, sizeof(value));
}

void sample_block_u16(struct sample_block *block, uint16_t value)
{
	put(block, &value, sizeof(value));
}

void sample_block_u32(struct sample_block *block, uint32_t value)
{
	put(block, &value, sizeof(value));
}

void sample_block_u64(struct sample_block *block, uint64_t value)
{
	put(block, &value, sizeof(value));
}

void sample_block_array(struct sample_block *block, const void *bytes,
			size_t size)
{
	put(block, bytes, size);
	pad(block);
}

void sample_block_text(struct sample_block *block, const char *text,
		       size_t size)
{
	size_t length = strnlen(text, size);

	put(block, text, length);
	for (; length < size; length++)
		sample_block_u8(block, 0);
}

struct error *sample_block_write(struct sample_block *block, FILE *file)
{
	uint32_t size;

	pad(block);
	if (block->failed)
		return error_create(ERROR_NO_MEMORY,
				    "more than memory or a limit allows");
	size = (uint32_t)(block->size - SAMPLE_BLOCK_HEADER_BYTES);
	memcpy(block->bytes + SIZE_OFFSET, &size, sizeof(size));
	if (fwrite(block->bytes, 1, block->size, file) != block->size)
		return error_from_errno(errno, "write");
	return NULL;
}
