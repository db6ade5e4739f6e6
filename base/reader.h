/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded cursor over foreign bytes: ELF sections, perf records, line
 * tables. Reading past the end yields zero and sets `failed`, which stays set,
 * so that a parser may read a whole structure and check once. Borrowed bytes;
 * little-endian, which is what both supported architectures are.
 */
#ifndef BRINDLE_BASE_READER_H
#define BRINDLE_BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
	const uint8_t *bytes; /* borrowed */
	size_t size;
	size_t offset;
	bool failed;
};

static inline void reader_init(struct reader *reader, const void *bytes,
			       size_t size)
{
	*reader = (struct reader){ .bytes = bytes, .size = size };
}

static inline size_t reader_left(const struct reader *reader)
{
	return reader->size - reader->offset;
}

/** The next @size bytes, or NULL (and failed) when fewer are left. */
static inline const uint8_t *reader_bytes(struct reader *reader, size_t size)
{
	const uint8_t *bytes = reader->bytes + reader->offset;

	if (reader->failed || size > reader_left(reader)) {
		reader->failed = true;
		return NULL;
	}
	reader->offset += size;
	return bytes;
}

static inline void reader_seek(struct reader *reader, size_t offset)
{
	if (offset > reader->size)
		reader->failed = true;
	else
		reader->offset = offset;
}

#define READER_FIXED(name, type)                                               \
	static inline type reader_##name(struct reader *reader)                \
	{                                                                      \
		const uint8_t *bytes = reader_bytes(reader, sizeof(type));     \
		type value = 0;                                                \
                                                                               \
		if (bytes)                                                     \
			memcpy(&value, bytes, sizeof(value));                  \
		return value;                                                  \
	}

READER_FIXED(u8, uint8_t)
READER_FIXED(u16, uint16_t)
READER_FIXED(u32, uint32_t)
READER_FIXED(u64, uint64_t)

#undef READER_FIXED

/** DWARF 5 section 7.6; more than 64 significant bits fail. */
uint64_t reader_uleb128(struct reader *reader);
int64_t reader_sleb128(struct reader *reader);

/** A NUL-terminated string inside the bytes, or NULL (and failed). */
const char *reader_string(struct reader *reader);

#endif
