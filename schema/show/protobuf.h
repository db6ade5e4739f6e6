/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocol buffers, written: a message is fields one after the other, each
 * with its number, a number or a length with bytes. pprof's format needs no
 * more of it than this, so there is no compiler of .proto files, and none is
 * needed to build.
 */
#ifndef BRINDLE_SCHEMA_SHOW_PROTOBUF_H
#define BRINDLE_SCHEMA_SHOW_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct protobuf {
	uint8_t *bytes; /* owned */
	size_t size, capacity;
	bool failed; /* no memory; stays set */
};

void protobuf_deinit(struct protobuf *message);

/** Empty again, its memory kept for the next message. */
void protobuf_clear(struct protobuf *message);

/** A field that is 0 is left out, as readers take it for 0. */
void protobuf_number(struct protobuf *message, unsigned int field,
		     uint64_t value);
void protobuf_bytes(struct protobuf *message, unsigned int field,
		    const void *bytes, size_t size);
/** @inner, whole, as a field. */
void protobuf_message(struct protobuf *message, unsigned int field,
		      const struct protobuf *inner);

/** A number without a field: an element of a packed list. */
void protobuf_element(struct protobuf *message, uint64_t value);

/** @message as a field of the message that @out is made of; it is empty then. */
void protobuf_flush(struct protobuf *message, unsigned int field, FILE *out);

#endif
