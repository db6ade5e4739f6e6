// SPDX-License-Identifier: Apache-2.0
#include "daemon/replay/sample_array.h"

#include "daemon/replay/sample_format.h"

#include <string.h>

static size_t padded(size_t size)
{
	return (size + SAMPLE_BLOCK_ALIGNMENT - 1) &
	       ~(size_t)(SAMPLE_BLOCK_ALIGNMENT - 1);
}

const uint8_t *reader_padded(struct reader *reader, size_t size)
{
	return reader_bytes(reader, padded(size));
}

char *reader_text(struct reader *reader, size_t size, size_t most)
{
	const uint8_t *bytes = size <= most ? reader_padded(reader, size) :
					      NULL;

	return bytes ? strndup((const char *)bytes, size) : NULL;
}
