// SPDX-License-Identifier: Apache-2.0
/* Any bytes for a request: what comes in pieces means what it means whole, and
 * nothing of it lies outside of them. */
#include "web/server/access.h"
#include "web/server/question.h"
#include "web/server/query_string.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_span(struct span span, const char *bytes, size_t size)
{
	if (span.at && (span.at < bytes || span.at + span.size > bytes + size))
		abort();
}

// The door looks again whenever more has come.
static void check_pieces(const char *bytes, const struct request *whole)
{
	struct request_fault fault;
	struct request request;

	for (size_t size = 0; size < whole->head_bytes;
	     size += 1 + whole->head_bytes / 64)
		if (request_parse(bytes, size, &request, &fault) !=
		    REQUEST_UNFINISHED)
			abort();
	if (request_parse(bytes, whole->head_bytes, &request, &fault) !=
		    REQUEST_WHOLE ||
	    request.body_bytes != whole->body_bytes)
		abort();
}

static void ask_for_access(const struct request *request)
{
	static const char *const hosts[] = { "dash", "proxy:443", "any:*",
					     NULL };
	struct access_rules rules = { .port = 7099,
				      .hosts = hosts,
				      .cookie_name = "brindle-7099" };
	struct session_table *table = NULL;
	struct request_fault fault;

	access_is_our_host(&rules, request->host);
	rules.loopback = true;
	access_is_our_host(&rules, request->host);
	access_refuses_stranger(request, false, &fault);
	access_refuses_stranger(request, true, &fault);
	access_shown_token(request, ACCESS_TOKEN_IN_ADDRESS);
	if (session_table_create(&table))
		abort();
	// Nobody was given a session.
	if (access_session(&rules, table, request))
		abort();
	session_table_destroy(table);
}

static void read_questions(const struct request *request, const char *body,
			   size_t size)
{
	struct query_string query;
	struct question question;
	struct error *error = query_string_parse(request->query, NULL, &query);

	if (!error)
		query_string_deinit(&query);
	error_destroy(error);
	error = question_parse_query(request->query, &question);
	if (!error)
		question_deinit(&question);
	error_destroy(error);
	error = question_parse_body(body, size, &question);
	if (!error)
		question_deinit(&question);
	error_destroy(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct request request;
	struct request_fault fault = { 0, NULL };
	enum request_state state = request_parse(bytes, size, &request, &fault);

	if (state == REQUEST_REFUSED && (fault.status < 400 || !fault.sentence))
		abort();
	if (state == REQUEST_UNFINISHED && size >= REQUEST_HEAD_MAX)
		abort();
	if (state != REQUEST_WHOLE)
		return 0;
	if (request.head_bytes > size || request.body_bytes > REQUEST_BODY_MAX)
		abort();
	check_span(request.path, bytes, size);
	check_span(request.query, bytes, size);
	for (size_t i = 0; i < request.header_count; i++) {
		check_span(request.headers[i].name, bytes, size);
		check_span(request.headers[i].value, bytes, size);
	}
	check_pieces(bytes, &request);
	ask_for_access(&request);
	read_questions(&request, bytes + request.head_bytes,
		       size - request.head_bytes);
	return 0;
}
