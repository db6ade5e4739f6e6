// SPDX-License-Identifier: Apache-2.0
#include "schema/show/gzip.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

// zlib.h: 16 more than the bits of the window is gzip's head and tail.
enum { WINDOW_BITS = 15 + 16, MEMORY_LEVEL = 8, PIECE_BYTES = 16384 };

struct gzip {
	FILE *out; /* borrowed */
	z_stream stream;
	unsigned char piece[PIECE_BYTES];
};

static int deflate_all(struct gzip *gzip, int flush)
{
	do {
		size_t size;

		gzip->stream.next_out = gzip->piece;
		gzip->stream.avail_out = sizeof(gzip->piece);
		if (deflate(&gzip->stream, flush) == Z_STREAM_ERROR)
			return -1;
		size = sizeof(gzip->piece) - gzip->stream.avail_out;
		if (fwrite(gzip->piece, 1, size, gzip->out) != size)
			return -1;
	} while (gzip->stream.avail_out == 0);
	return 0;
}

// What stdio passes is one buffer, so it fits a uInt.
static ssize_t write_gzip(void *cookie, const char *bytes, size_t size)
{
	struct gzip *gzip = cookie;

	if (size > INT32_MAX)
		size = INT32_MAX;
	gzip->stream.next_in = (unsigned char *)bytes;
	gzip->stream.avail_in = (uInt)size;
	return deflate_all(gzip, Z_NO_FLUSH) == 0 ? (ssize_t)size : 0;
}

static int close_gzip(void *cookie)
{
	struct gzip *gzip = cookie;
	int result;

	gzip->stream.avail_in = 0;
	result = deflate_all(gzip, Z_FINISH);
	deflateEnd(&gzip->stream);
	free(gzip);
	return result == 0 ? 0 : EOF;
}

FILE *gzip_open(FILE *out, int level)
{
	struct gzip *gzip = calloc(1, sizeof(*gzip));
	FILE *stream;

	if (!gzip)
		return NULL;
	gzip->out = out;
	if (deflateInit2(&gzip->stream, level, Z_DEFLATED, WINDOW_BITS,
			 MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(gzip);
		return NULL;
	}
	stream = fopencookie(gzip, "w",
			     (cookie_io_functions_t){ .write = write_gzip,
						      .close = close_gzip });
	if (!stream) {
		deflateEnd(&gzip->stream);
		free(gzip);
	}
	return stream;
}
