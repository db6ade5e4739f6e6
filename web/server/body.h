/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of an answer: made once, then never changed, so that a connection
 * may send what the cache keeps. Shared, counted; any thread. */
#ifndef BRINDLE_WEB_SERVER_BODY_H
#define BRINDLE_WEB_SERVER_BODY_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { BODY_BYTES_MAX = 64 << 20 };

struct body {
	unsigned int references; /* atomic */
	bool gzip;
	bool constant; /* the bytes are the program's own */
	size_t size;
	const char *bytes; /* owned unless constant */
};

/** Takes @bytes, which were allocated. NULL: no memory, and they are freed. */
struct body *body_create(char *bytes, size_t size);
struct body *body_create_constant(const void *bytes, size_t size, bool gzip);
struct body *body_ref(struct body *body);
void body_unref(struct body *body);

/** What is written to @ret, up to BODY_BYTES_MAX; beyond it writing fails. */
struct body_writer {
	char *bytes; /* owned */
	size_t size, capacity;
	bool overflow;
	FILE *out;
};
struct error *body_writer_init(struct body_writer *writer);
/** The body; ERROR_UNSUPPORTED when it would be too large. Deinits. */
struct error *body_writer_finish(struct body_writer *writer,
				 struct body **ret);
void body_writer_deinit(struct body_writer *writer);

/** The same, smaller: at a level for answers that somebody waits for. */
struct error *body_compress(const struct body *body, struct body **ret);
/** And back, for who cannot read it compressed. */
struct error *body_expand(const struct body *body, size_t size,
			  struct body **ret);

#endif
