// SPDX-License-Identifier: Apache-2.0
#include "web/server/stream.h"

#include <string.h>

#include "base/clock.h"
#include "web/server/server_state.h"
#include "web/server/ticker.h"

enum { SILENCE_SECONDS = 15 };

static const char hello[] = "retry: 2000\n\n";
static const char heartbeat[] = ": still here\n\n";

static bool add(struct stream *stream, const char *text, size_t size)
{
	if (size > sizeof(stream->pending) - stream->size)
		return false;
	memcpy(stream->pending + stream->size, text, size);
	stream->size += size;
	stream->said_ns = monotonic_ns();
	return true;
}

struct error *stream_open(struct server *server, struct visit *visit)
{
	if (server->stream_count == SERVER_STREAMS_MAX)
		return error_create(ERROR_BUSY, "%d pages follow already",
				    SERVER_STREAMS_MAX);
	visit->stream = calloc(1, sizeof(*visit->stream));
	if (!visit->stream)
		return &error_nomem;
	server->stream_count++;
	add(visit->stream, hello, sizeof(hello) - 1);
	ticker_follow(server->ticker, server->stream_count);
	return NULL;
}

static void say_to(struct visit *visit, const char *text, size_t size)
{
	if (visit->gone)
		return;
	if (add(visit->stream, text, size))
		visit_resume(visit);
	else
		visit_give_up(visit);
}

void stream_say(struct server *server, const char *text, size_t size)
{
	for (int fd = 0; fd < SERVER_FDS_MAX; fd++)
		if (server->visits[fd] && server->visits[fd]->stream)
			say_to(server->visits[fd], text, size);
}

void stream_keep_alive(struct server *server, uint64_t now_ns)
{
	for (int fd = 0; fd < SERVER_FDS_MAX && server->stream_count; fd++) {
		struct visit *visit = server->visits[fd];

		if (visit && visit->stream &&
		    now_ns > visit->stream->said_ns +
				     SILENCE_SECONDS * NS_PER_SEC)
			say_to(visit, heartbeat, sizeof(heartbeat) - 1);
	}
}

size_t stream_take(struct stream *stream, char *buffer, size_t size)
{
	if (size > stream->size)
		size = stream->size;
	memcpy(buffer, stream->pending, size);
	stream->size -= size;
	memmove(stream->pending, stream->pending + size, stream->size);
	return size;
}
