// SPDX-License-Identifier: Apache-2.0
#include "base/reader.h"

// Bytes beyond 64 bits may only be padding (0x80 0x80 ... 0x00), as some
// linkers emit it to keep a fixed width.
uint64_t reader_uleb128(struct reader *reader)
{
	uint64_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		byte = reader_u8(reader);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		else if (byte & 0x7f)
			reader->failed = true;
		if (shift == 63 && (byte & 0x7e))
			reader->failed = true;
		shift += 7;
	} while ((byte & 0x80) && !reader->failed);
	return reader->failed ? 0 : value;
}

int64_t reader_sleb128(struct reader *reader)
{
	uint64_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		byte = reader_u8(reader);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) && !reader->failed);
	if (shift < 64 && (byte & 0x40))
		value |= ~UINT64_C(0) << shift;
	return reader->failed ? 0 : (int64_t)value;
}

const char *reader_string(struct reader *reader)
{
	const uint8_t *start = reader->bytes + reader->offset;
	const uint8_t *end = NULL;

	if (!reader->failed && reader_left(reader))
		end = memchr(start, 0, reader_left(reader));
	if (!end) {
		reader->failed = true;
		return NULL;
	}
	reader->offset += (size_t)(end - start) + 1;
	return (const char *)start;
}
