// SPDX-License-Identifier: Apache-2.0
#include "schema/show/protobuf.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

// https://protobuf.dev/programming-guides/encoding: the low bits of a key.
enum wire_type { WIRE_VARINT = 0, WIRE_BYTES = 2 };
enum { VARINT_BYTES_MAX = 10 };

void protobuf_deinit(struct protobuf *message)
{
	free(message->bytes);
	*message = (struct protobuf){ 0 };
}

void protobuf_clear(struct protobuf *message)
{
	message->size = 0;
}

static size_t encode(uint8_t *bytes, uint64_t value)
{
	size_t size = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[size++] = (uint8_t)(value | 0x80);
	bytes[size++] = (uint8_t)value;
	return size;
}

static void add(struct protobuf *message, const void *bytes, size_t size)
{
	size_t wanted;

	if (message->failed || size == 0)
		return;
	if (__builtin_add_overflow(message->size, size, &wanted) ||
	    !array_reserve((void **)&message->bytes, &message->capacity, wanted,
			   1)) {
		message->failed = true;
		return;
	}
	memcpy(message->bytes + message->size, bytes, size);
	message->size = wanted;
}

void protobuf_element(struct protobuf *message, uint64_t value)
{
	uint8_t bytes[VARINT_BYTES_MAX];

	add(message, bytes, encode(bytes, value));
}

static uint64_t key(unsigned int field, enum wire_type type)
{
	return (uint64_t)field << 3 | type;
}

void protobuf_number(struct protobuf *message, unsigned int field,
		     uint64_t value)
{
	if (value == 0)
		return;
	protobuf_element(message, key(field, WIRE_VARINT));
	protobuf_element(message, value);
}

void protobuf_bytes(struct protobuf *message, unsigned int field,
		    const void *bytes, size_t size)
{
	protobuf_element(message, key(field, WIRE_BYTES));
	protobuf_element(message, size);
	add(message, bytes, size);
}

void protobuf_message(struct protobuf *message, unsigned int field,
		      const struct protobuf *inner)
{
	protobuf_bytes(message, field, inner->bytes, inner->size);
	message->failed |= inner->failed;
}

void protobuf_flush(struct protobuf *message, unsigned int field, FILE *out)
{
	uint8_t head[2 * VARINT_BYTES_MAX];
	size_t size = encode(head, key(field, WIRE_BYTES));

	size += encode(head + size, message->size);
	fwrite(head, 1, size, out);
	if (message->size)
		fwrite(message->bytes, 1, message->size, out);
	protobuf_clear(message);
}
