/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What does the head of an HTTP/1.1 request say, and may it be taken at its
 * word? Stricter than RFC 9112 lets one be: what two programs could understand
 * in two ways (bare line feeds, folded lines, two lengths, chunks) is refused,
 * so that nothing behind this parser can see another request than it did.
 *
 *     GET /api/v1/top?limit=5 HTTP/1.1\r\n
 *     Host: 127.0.0.1:7077\r\n
 *     \r\n
 *
 * A pure function: the strings of a request point into the bytes it was given.
 */
#ifndef BRINDLE_WEB_SERVER_REQUEST_H
#define BRINDLE_WEB_SERVER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	REQUEST_HEAD_MAX = 16 << 10,
	REQUEST_TARGET_MAX = 8 << 10,
	REQUEST_HEADERS_MAX = 64,
	REQUEST_BODY_MAX = 1 << 20,
};

/* Not NUL-terminated; at NULL: there is none. */
struct span {
	const char *at;
	size_t size;
};

bool span_is(struct span span, const char *text);
/** ASCII letters alike, large or small. */
bool span_is_nocase(struct span span, const char *text);

enum request_method {
	REQUEST_GET,
	REQUEST_HEAD,
	REQUEST_POST,
	REQUEST_DELETE,
};

struct request_header {
	struct span name, value; /* without white space around them */
};

struct request {
	enum request_method method;
	struct span path;  /* begins with '/'; still encoded */
	struct span query; /* behind the '?' */
	struct span host;
	struct request_header headers[REQUEST_HEADERS_MAX];
	size_t header_count;
	size_t body_bytes; /* that follow the head */
	size_t head_bytes;
};

enum request_state {
	REQUEST_UNFINISHED, /* right so far */
	REQUEST_WHOLE,
	REQUEST_REFUSED,
};

struct request_fault {
	unsigned int status;  /* of HTTP */
	const char *sentence; /* what is wrong, for people; constant */
};

/** Looks at the @size bytes that have come. More than REQUEST_HEAD_MAX need not
 *  be given. */
enum request_state request_parse(const char *bytes, size_t size,
				 struct request *ret,
				 struct request_fault *ret_fault);

/** The value of the first header of that name; at NULL: there is none. */
struct span request_header(const struct request *request, const char *name);

#endif
