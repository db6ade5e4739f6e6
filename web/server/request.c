// SPDX-License-Identifier: Apache-2.0
#include "web/server/request.h"

#include <string.h>
#include <strings.h>

enum { METHOD_MAX = 16 };

/** The bytes of the head, and how far they were understood. */
struct head {
	const char *at, *end;
	struct request *request;
	struct request_fault *fault;
	struct span authority; // of a target that names one
	bool has_length;
};

bool span_is(struct span span, const char *text)
{
	return span.at && span.size == strlen(text) &&
	       !memcmp(span.at, text, span.size);
}

bool span_is_nocase(struct span span, const char *text)
{
	return span.at && span.size == strlen(text) &&
	       !strncasecmp(span.at, text, span.size);
}

static enum request_state refuse(struct head *head, unsigned int status,
				 const char *sentence)
{
	*head->fault = (struct request_fault){ status, sentence };
	return REQUEST_REFUSED;
}

// RFC 9110 5.6.2
static bool is_token_byte(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z') ||
	       (byte && strchr("!#$%&'*+-.^_`|~", byte));
}

static bool is_token(struct span span)
{
	for (size_t i = 0; i < span.size; i++)
		if (!is_token_byte(span.at[i]))
			return false;
	return span.size > 0;
}

// RFC 9110 5.5: visible, space, tab, and bytes beyond ASCII.
static bool is_value(struct span span)
{
	for (size_t i = 0; i < span.size; i++) {
		unsigned char byte = (unsigned char)span.at[i];

		if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
			return false;
	}
	return true;
}

static bool is_target(struct span span)
{
	for (size_t i = 0; i < span.size; i++)
		if (span.at[i] <= 0x20 || span.at[i] >= 0x7f ||
		    span.at[i] == '#')
			return false;
	return span.size > 0;
}

// One line up to CR LF, which are passed. Neither of them stands alone.
static enum request_state take_line(struct head *head, struct span *ret)
{
	for (const char *at = head->at; at < head->end; at++) {
		if (*at == '\n')
			return refuse(head, 400, "a line ends in LF alone");
		if (*at != '\r')
			continue;
		if (at + 1 == head->end)
			return REQUEST_UNFINISHED;
		if (at[1] != '\n')
			return refuse(head, 400, "CR stands inside a line");
		*ret = (struct span){ head->at, (size_t)(at - head->at) };
		head->at = at + 2;
		return REQUEST_WHOLE;
	}
	return REQUEST_UNFINISHED;
}

static enum request_state take_method(struct head *head, struct span method)
{
	static const char *const known[] = { "GET", "HEAD", "POST", "DELETE" };
	static const char *const others[] = { "PUT", "PATCH", "OPTIONS",
					      "TRACE", "CONNECT" };

	if (!is_token(method))
		return refuse(head, 400, "the method is none");
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (span_is(method, known[i])) {
			head->request->method = (enum request_method)i;
			return REQUEST_WHOLE;
		}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (span_is(method, others[i]))
			return refuse(head, 405, "there is GET, HEAD, POST and "
				      "DELETE");
	return refuse(head, 501, "there is GET, HEAD, POST and DELETE");
}

static void split_query(struct request *request, struct span target)
{
	const char *mark = memchr(target.at, '?', target.size);

	request->path = target;
	if (!mark)
		return;
	request->path.size = (size_t)(mark - target.at);
	request->query = (struct span){
		mark + 1, target.size - request->path.size - 1 };
}

// "/path?query", or "http://host/path?query" as RFC 9112 3.2.2 has it.
static enum request_state take_target(struct head *head, struct span target)
{
	static const char scheme[] = "http://";
	size_t scheme_size = sizeof(scheme) - 1;
	const char *slash;

	if (!is_target(target))
		return refuse(head, 400, "the target is none");
	if (target.size > scheme_size &&
	    !strncasecmp(target.at, scheme, scheme_size)) {
		target.at += scheme_size;
		target.size -= scheme_size;
		slash = memchr(target.at, '/', target.size);
		if (!slash)
			return refuse(head, 400, "the target has no path");
		head->authority = (struct span){
			target.at, (size_t)(slash - target.at) };
		target.at = slash;
		target.size -= head->authority.size;
	}
	if (*target.at != '/')
		return refuse(head, 400, "the target does not begin with '/'");
	split_query(head->request, target);
	return REQUEST_WHOLE;
}

static enum request_state take_request_line(struct head *head, struct span line)
{
	const char *first = memchr(line.at, ' ', line.size);
	const char *last = memrchr(line.at, ' ', line.size);
	enum request_state state;
	struct span method, target, version;

	if (!first || first == last)
		return refuse(head, 400, "the first line is not that of an "
			      "HTTP/1.1 request");
	method = (struct span){ line.at, (size_t)(first - line.at) };
	target = (struct span){ first + 1, (size_t)(last - first - 1) };
	version = (struct span){ last + 1, (size_t)(line.at + line.size -
						    last - 1) };
	if (!span_is(version, "HTTP/1.1") && !span_is(version, "HTTP/1.0"))
		return refuse(head, 400, "this server speaks HTTP/1.1");
	if (target.size > REQUEST_TARGET_MAX)
		return refuse(head, 414, "the address is longer than 8192 "
			      "bytes");
	state = take_method(head, method);
	return state == REQUEST_WHOLE ? take_target(head, target) : state;
}

static struct span trim(struct span span)
{
	while (span.size && (*span.at == ' ' || *span.at == '\t')) {
		span.at++;
		span.size--;
	}
	while (span.size && (span.at[span.size - 1] == ' ' ||
			     span.at[span.size - 1] == '\t'))
		span.size--;
	return span;
}

static enum request_state take_length(struct head *head, struct span value)
{
	uint64_t length = 0;

	if (head->has_length)
		return refuse(head, 400, "there are two lengths");
	head->has_length = true;
	for (size_t i = 0; i < value.size; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return refuse(head, 400, "the length is no number");
		if (length <= REQUEST_BODY_MAX)
			length = length * 10 + (uint64_t)(value.at[i] - '0');
	}
	if (!value.size)
		return refuse(head, 400, "the length is no number");
	if (length > REQUEST_BODY_MAX)
		return refuse(head, 413, "a body may have 1 MiB at most");
	head->request->body_bytes = (size_t)length;
	return REQUEST_WHOLE;
}

static enum request_state take_host(struct head *head, struct span value)
{
	if (head->request->host.at)
		return refuse(head, 400, "there are two hosts");
	head->request->host = value;
	return REQUEST_WHOLE;
}

static enum request_state take_coding(struct head *head, struct span value)
{
	if (span_is_nocase(value, "identity"))
		return REQUEST_WHOLE;
	return refuse(head, 415, "a body may not be compressed");
}

static enum request_state refuse_chunks(struct head *head, struct span value)
{
	(void)value;
	return refuse(head, 400, "a body needs Content-Length, without "
		      "Transfer-Encoding");
}

static enum request_state take_expectation(struct head *head,
					   struct span value)
{
	if (span_is_nocase(value, "100-continue"))
		return REQUEST_WHOLE;
	return refuse(head, 417, "nothing can be expected but 100-continue");
}

static const struct {
	const char *name;
	enum request_state (*take)(struct head *head, struct span value);
} headers_that_matter[] = {
	{ "Host", take_host },
	{ "Content-Length", take_length },
	{ "Transfer-Encoding", refuse_chunks },
	{ "Content-Encoding", take_coding },
	{ "Expect", take_expectation },
};

static enum request_state take_meaning(struct head *head,
				       const struct request_header *header)
{
	for (size_t i = 0; i < sizeof(headers_that_matter) /
				       sizeof(*headers_that_matter); i++)
		if (span_is_nocase(header->name, headers_that_matter[i].name))
			return headers_that_matter[i].take(head, header->value);
	return REQUEST_WHOLE;
}

static enum request_state take_header(struct head *head, struct span line)
{
	struct request *request = head->request;
	const char *colon = memchr(line.at, ':', line.size);
	struct request_header *header;

	if (*line.at == ' ' || *line.at == '\t')
		return refuse(head, 400, "a header goes on in a second line");
	if (request->header_count == REQUEST_HEADERS_MAX)
		return refuse(head, 431, "there are more than 64 headers");
	if (!colon)
		return refuse(head, 400, "a header has no colon");
	header = &request->headers[request->header_count++];
	header->name = (struct span){ line.at, (size_t)(colon - line.at) };
	header->value = trim((struct span){
		colon + 1, line.size - header->name.size - 1 });
	if (!is_token(header->name) || !is_value(header->value))
		return refuse(head, 400, "a header has bytes that it may not "
			      "have");
	return take_meaning(head, header);
}

static enum request_state check_whole(struct head *head)
{
	struct request *request = head->request;
	struct span authority = head->authority;

	if (!request->host.at)
		return refuse(head, 400, "there is no host");
	if (authority.at && (authority.size != request->host.size ||
			     memcmp(authority.at, request->host.at,
				    authority.size) != 0))
		return refuse(head, 400, "the target names another host");
	if (request->body_bytes && request->method != REQUEST_POST)
		return refuse(head, 400, "only POST has a body");
	return REQUEST_WHOLE;
}

// What can be said of bytes of which the first line has not ended.
static enum request_state check_beginning(struct head *head)
{
	size_t size = (size_t)(head->end - head->at);
	const char *space = memchr(head->at, ' ', size);
	struct span method = { head->at, space ? (size_t)(space - head->at) :
						 size };

	if (size && (!is_token(method) || method.size > METHOD_MAX))
		return refuse(head, 400, "this is not HTTP");
	if (space && (size_t)(head->end - space) > REQUEST_TARGET_MAX + 16)
		return refuse(head, 414, "the address is longer than 8192 "
			      "bytes");
	return REQUEST_UNFINISHED;
}

static enum request_state take_head(struct head *head)
{
	const char *begin = head->at;
	struct span line;
	enum request_state state = take_line(head, &line);

	if (state == REQUEST_UNFINISHED)
		return check_beginning(head);
	if (state == REQUEST_WHOLE)
		state = take_request_line(head, line);
	while (state == REQUEST_WHOLE) {
		state = take_line(head, &line);
		if (state != REQUEST_WHOLE)
			break;
		if (!line.size) {
			head->request->head_bytes = (size_t)(head->at - begin);
			return check_whole(head);
		}
		state = take_header(head, line);
	}
	return state;
}

enum request_state request_parse(const char *bytes, size_t size,
				 struct request *ret,
				 struct request_fault *ret_fault)
{
	struct head head = {
		.at = bytes,
		.end = bytes + (size < REQUEST_HEAD_MAX ? size :
							  REQUEST_HEAD_MAX),
		.request = ret,
		.fault = ret_fault,
	};
	enum request_state state;

	ret->path = ret->query = ret->host = (struct span){ NULL, 0 };
	ret->header_count = ret->body_bytes = ret->head_bytes = 0;
	state = take_head(&head);
	if (state == REQUEST_UNFINISHED && size >= REQUEST_HEAD_MAX)
		return refuse(&head, 431, "the head is longer than 16384 "
			      "bytes");
	return state;
}

struct span request_header(const struct request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (span_is_nocase(request->headers[i].name, name))
			return request->headers[i].value;
	return (struct span){ NULL, 0 };
}
