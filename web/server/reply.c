// SPDX-License-Identifier: Apache-2.0
#include "web/server/reply.h"

#include "schema/show/json.h"

#include <string.h>

const struct reply_header reply_headers[] = {
	{ "Content-Security-Policy",
	  "default-src 'none'; script-src 'self'; style-src 'self'; "
	  "connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
	  "form-action 'none'; frame-ancestors 'none'; "
	  "require-trusted-types-for 'script'; trusted-types 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Vary", "Accept-Encoding, Cookie" },
	// A request is looked at before the library that answers it sees it;
	// a second one on the same connection would not be.
	{ "Connection", "close" },
	{ NULL, NULL },
};

static const struct {
	unsigned int status;
	const char *title;
} titles[] = {
	{ 200, "OK" },
	{ 204, "No Content" },
	{ 304, "Not Modified" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
};

const char *reply_title(unsigned int status)
{
	for (size_t i = 0; i < sizeof(titles) / sizeof(*titles); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Error";
}

static void add(struct reply_header *headers, size_t *count, const char *name,
		const char *value)
{
	if (value && *value)
		headers[(*count)++] = (struct reply_header){ name, value };
}

size_t reply_own_headers(const struct reply *reply,
			 struct reply_header headers[REPLY_HEADERS_MAX],
			 char *buffer, size_t buffer_size)
{
	bool compressed = reply->body && reply->body->gzip;
	bool keep = reply->caching == REPLY_ASK_AGAIN;
	size_t count = 0, half = buffer_size / 2;

	*buffer = buffer[half] = 0;
	if (*reply->file_name)
		snprintf(buffer, half, "attachment; filename=\"%s\"",
			 reply->file_name);
	if (reply->retry_s)
		snprintf(buffer + half, half, "%u", reply->retry_s);
	add(headers, &count, "Content-Type", reply->content_type);
	add(headers, &count, "Content-Encoding", compressed ? "gzip" : NULL);
	add(headers, &count, "ETag", reply->etag);
	add(headers, &count, "Cache-Control", keep ? "private, no-cache" :
						     "no-store");
	add(headers, &count, "Set-Cookie", reply->cookie);
	add(headers, &count, "Content-Disposition", buffer);
	add(headers, &count, "Retry-After", buffer + half);
	add(headers, &count, "WWW-Authenticate",
	    reply->status == 401 ? "Bearer" : NULL);
	add(headers, &count, "Allow",
	    reply->status == 405 ? "GET, HEAD, POST, DELETE" : NULL);
	return count;
}

void reply_problem(struct reply *reply, unsigned int status,
		   const char *detail)
{
	struct body_writer writer;
	struct json json;

	*reply = (struct reply){ .status = status };
	if (body_writer_init(&writer))
		return;
	json = (struct json){ .out = writer.out };
	json_open(&json, NULL, '{');
	json_text(&json, "type", "about:blank");
	json_text(&json, "title", reply_title(status));
	json_integer(&json, "status", status);
	json_text(&json, "detail", detail);
	json_close(&json, '}');
	error_destroy(body_writer_finish(&writer, &reply->body));
	body_writer_deinit(&writer);
	if (reply->body)
		reply->content_type = "application/problem+json";
}

static unsigned int status_of(enum error_code code)
{
	switch (code) {
	case ERROR_USAGE:
		return 400;
	case ERROR_NOT_FOUND:
		return 404;
	case ERROR_BUSY:
	case ERROR_NO_MEMORY:
		return 503;
	case ERROR_UNSUPPORTED:
		return 422;
	case ERROR_SYSTEM:
	case ERROR_PERMISSION:
	case ERROR_BAD_DATA:
		return 500;
	}
	return 500;
}

void reply_error(struct reply *reply, struct error *error)
{
	reply_problem(reply, status_of(error->code), error->message);
	if (reply->status == 503)
		reply->retry_s = 1;
	error_destroy(error);
}

void reply_set_file_name(struct reply *reply, const char *name)
{
	size_t size = 0;

	for (; *name && size + 1 < sizeof(reply->file_name); name++) {
		bool plain = (*name >= '0' && *name <= '9') ||
			     (*name >= 'A' && *name <= 'Z') ||
			     (*name >= 'a' && *name <= 'z') ||
			     strchr("._-", *name);

		reply->file_name[size++] = plain ? *name : '_';
	}
	reply->file_name[size] = 0;
}

void reply_deinit(struct reply *reply)
{
	body_unref(reply->body);
	*reply = (struct reply){ .status = 0 };
}
