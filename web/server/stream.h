/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who follows what happens (server-sent events, the HTML standard 9.2): a
 * stream gets each event once; one that is read too slowly is ended.
 */
#ifndef BRINDLE_WEB_SERVER_STREAM_H
#define BRINDLE_WEB_SERVER_STREAM_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct server;
struct visit;

enum { STREAM_PENDING_MAX = 32 << 10 };

struct stream {
	char pending[STREAM_PENDING_MAX];
	size_t size;
	uint64_t said_ns; /* when something was last said */
};

/** Makes visit's stream, which ends with the visit; ERROR_BUSY when there are
 * too many. */
struct error *stream_open(struct server *server, struct visit *visit);

/** Says @text to all. */
void stream_say(struct server *server, const char *text, size_t size);
/** Says that we are there to those who have heard nothing for long. */
void stream_keep_alive(struct server *server, uint64_t now_ns);

/** Takes up to @size bytes of what is to be said. */
size_t stream_take(struct stream *stream, char *buffer, size_t size);

#endif
