// SPDX-License-Identifier: Apache-2.0
#include "web/server/request.h"

#include "tests/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST "Host: localhost:7099\r\n"

static void keeps_what_was_asked(void **state)
{
	static const char text[] =
		"POST /api/v1/query?a=1&b=%20 HTTP/1.1\r\n" HOST
		"X-Empty:\r\nX-Spaces: \t a b \t\r\nContent-Length: 12\r\n\r\n{";
	struct request request;
	struct request_fault fault;

	(void)state;
	assert_int_equal(request_parse(text, strlen(text), &request, &fault),
			 REQUEST_WHOLE);
	assert_int_equal(request.method, REQUEST_POST);
	assert_true(span_is(request.path, "/api/v1/query"));
	assert_true(span_is(request.query, "a=1&b=%20"));
	assert_true(span_is(request.host, "localhost:7099"));
	assert_int_equal(request.body_bytes, 12);
	assert_int_equal(request.head_bytes, strlen(text) - 1);
	assert_true(span_is(request_header(&request, "x-spaces"), "a b"));
	assert_true(span_is(request_header(&request, "X-EMPTY"), ""));
	assert_null(request_header(&request, "X-None").at);
}

// What has come so far must not be taken for anything else than it will be.
static void waits_for_the_end(void **state)
{
	static const char text[] =
		"GET http://localhost:7099/x HTTP/1.1\r\n" HOST "A: b\r\n\r\n";
	struct request request;
	struct request_fault fault;

	(void)state;
	for (size_t size = 0; size < strlen(text); size++)
		assert_int_equal(request_parse(text, size, &request, &fault),
				 REQUEST_UNFINISHED);
	assert_int_equal(request_parse(text, strlen(text), &request, &fault),
			 REQUEST_WHOLE);
	assert_true(span_is(request.path, "/x"));
}

static unsigned int status_of(const char *text, size_t size)
{
	struct request request;
	struct request_fault fault = { 0, NULL };
	enum request_state state = request_parse(text, size, &request, &fault);

	if (state == REQUEST_WHOLE)
		return 200;
	if (state == REQUEST_UNFINISHED)
		return 0;
	assert_non_null(fault.sentence);
	return fault.status;
}

static void refuses_what_is_ambiguous(void **state)
{
	static const struct {
		const char *text;
		unsigned int status;
	} cases[] = {
		{ "GET / HTTP/1.1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400 },
		{ "GET / HTTP/1.1\n", 400 },
		{ "GET / HTTP/1.1\r\n" HOST " folded\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n" HOST "A\r\n\r\n", 400 },
		{ "GET / HTTP/2.0\r\n", 400 },
		{ "GET x HTTP/1.1\r\n", 400 },
		{ "GET http://evil/ HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "GET /# HTTP/1.1\r\n", 400 },
		{ "TRACE / HTTP/1.1\r\n", 405 },
		{ "BREW / HTTP/1.1\r\n", 501 },
		{ "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 400 },
		{ "POST / HTTP/1.1\r\nContent-Length: 1\r\n"
		  "Content-Length: 1\r\n", 400 },
		{ "POST / HTTP/1.1\r\nContent-Length: 1 1\r\n", 400 },
		{ "POST / HTTP/1.1\r\nContent-Length: 99999999\r\n", 413 },
		{ "POST / HTTP/1.1\r\nContent-Encoding: gzip\r\n", 415 },
		{ "GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nExpect: tea\r\n", 417 },
		{ "\x16\x03\x01", 400 },
		{ "GGGGGGGGGGGGGGGGGGGG", 400 },
		{ "GET / HTTP/1.0\r\n" HOST "\r\n", 200 },
		{ "GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", 200 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(status_of(cases[i].text,
					   strlen(cases[i].text)),
				 cases[i].status);
	assert_int_equal(status_of("GET / HTTP/1.1\r\nA: b\0\r\n", 24), 400);
}

static void refuses_what_is_long(void **state)
{
	char *text = malloc(REQUEST_HEAD_MAX + 1000);
	size_t size;

	(void)state;
	assert_non_null(text);
	size = (size_t)sprintf(text, "GET /");
	memset(text + size, 'a', REQUEST_HEAD_MAX);
	assert_int_equal(status_of(text, 9000), 414);
	size = (size_t)sprintf(text, "GET / HTTP/1.1\r\nA: ");
	memset(text + size, 'a', REQUEST_HEAD_MAX);
	assert_int_equal(status_of(text, REQUEST_HEAD_MAX - 1), 0);
	assert_int_equal(status_of(text, REQUEST_HEAD_MAX), 431);
	size = (size_t)sprintf(text, "GET / HTTP/1.1\r\n" HOST);
	for (int i = 0; i < REQUEST_HEADERS_MAX; i++)
		size += (size_t)sprintf(text + size, "A: b\r\n");
	assert_int_equal(status_of(text, size), 431);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_was_asked),
		cmocka_unit_test(waits_for_the_end),
		cmocka_unit_test(refuses_what_is_ambiguous),
		cmocka_unit_test(refuses_what_is_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
