// SPDX-License-Identifier: Apache-2.0
#include "web/server/body.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
	GZIP_WINDOW = 15 + 16, // zlib.h: adding 16 writes a gzip header
	GZIP_LEVEL = 2,
	GZIP_MEMORY = 8,
};

static struct body *make(const void *bytes, size_t size, bool constant)
{
	struct body *body = calloc(1, sizeof(*body));

	if (!body)
		return NULL;
	*body = (struct body){ .references = 1,
			       .constant = constant,
			       .size = size,
			       .bytes = bytes };
	return body;
}

struct body *body_create(char *bytes, size_t size)
{
	struct body *body = make(bytes, size, false);

	if (!body)
		free(bytes);
	return body;
}

struct body *body_create_constant(const void *bytes, size_t size, bool gzip)
{
	struct body *body = make(bytes, size, true);

	if (body)
		body->gzip = gzip;
	return body;
}

struct body *body_ref(struct body *body)
{
	__atomic_add_fetch(&body->references, 1, __ATOMIC_RELAXED);
	return body;
}

void body_unref(struct body *body)
{
	if (!body || __atomic_sub_fetch(&body->references, 1, __ATOMIC_ACQ_REL))
		return;
	if (!body->constant)
		free((char *)body->bytes);
	free(body);
}

static bool grow(struct body_writer *writer, size_t more)
{
	size_t capacity = writer->capacity ? writer->capacity : 16384;
	char *bytes;

	if (more > BODY_BYTES_MAX - writer->size) {
		writer->overflow = true;
		return false;
	}
	while (capacity < writer->size + more)
		capacity *= 2;
	if (capacity == writer->capacity)
		return true;
	bytes = realloc(writer->bytes, capacity);
	if (!bytes)
		return false;
	writer->bytes = bytes;
	writer->capacity = capacity;
	return true;
}

// fopencookie(3): 0 is an error.
static ssize_t take(void *context, const char *bytes, size_t size)
{
	struct body_writer *writer = context;

	if (!grow(writer, size))
		return 0;
	memcpy(writer->bytes + writer->size, bytes, size);
	writer->size += size;
	return (ssize_t)size;
}

struct error *body_writer_init(struct body_writer *writer)
{
	cookie_io_functions_t functions = { .write = take };

	*writer = (struct body_writer){ .bytes = NULL };
	writer->out = fopencookie(writer, "w", functions);
	if (!writer->out)
		return &error_nomem;
	setvbuf(writer->out, NULL, _IOFBF, 65536);
	return NULL;
}

struct error *body_writer_finish(struct body_writer *writer, struct body **ret)
{
	bool failed = ferror(writer->out);

	if (fclose(take_ptr(writer->out)))
		failed = true;
	if (failed && writer->overflow)
		return error_create(ERROR_UNSUPPORTED, "the answer is larger "
				    "than 64 MiB: ask for less");
	if (failed)
		return &error_nomem;
	*ret = body_create(take_ptr(writer->bytes), writer->size);
	return *ret ? NULL : &error_nomem;
}

void body_writer_deinit(struct body_writer *writer)
{
	if (writer->out)
		fclose(writer->out);
	free(writer->bytes);
}

struct error *body_compress(const struct body *body, struct body **ret)
{
	z_stream stream = { .next_in = (Bytef *)body->bytes,
			    .avail_in = (uInt)body->size };
	char *bytes;
	size_t room;

	if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW,
			 GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		return &error_nomem;
	room = deflateBound(&stream, body->size);
	bytes = malloc(room);
	stream.next_out = (Bytef *)bytes;
	stream.avail_out = (uInt)room;
	if (!bytes || deflate(&stream, Z_FINISH) != Z_STREAM_END) {
		deflateEnd(&stream);
		free(bytes);
		return &error_nomem;
	}
	room = stream.total_out;
	deflateEnd(&stream);
	*ret = body_create(bytes, room);
	if (!*ret)
		return &error_nomem;
	(*ret)->gzip = true;
	return NULL;
}

struct error *body_expand(const struct body *body, size_t size,
			  struct body **ret)
{
	z_stream stream = { .next_in = (Bytef *)body->bytes,
			    .avail_in = (uInt)body->size };
	char *bytes = malloc(size + 1);
	int result;

	stream.next_out = (Bytef *)bytes;
	stream.avail_out = (uInt)size;
	if (!bytes || inflateInit2(&stream, GZIP_WINDOW) != Z_OK) {
		free(bytes);
		return &error_nomem;
	}
	result = inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
	if (result != Z_STREAM_END) {
		free(bytes);
		return error_create(ERROR_BAD_DATA, "it does not expand");
	}
	*ret = body_create(bytes, size);
	return *ret ? NULL : &error_nomem;
}
