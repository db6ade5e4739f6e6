/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The web server: one thread that owns all connections, two that answer, one
 * that looks once a second whether there is anything new, and the keeper of
 * queries, a process.
 *
 *      accept ─▶ door: the head, by our own parser ─▶ refused there, or
 *                  │ right, and allowed
 *                  ▼
 *              libmicrohttpd: bodies in, answers and streams out
 *                  │
 *                  ▼
 *           job ─▶ worker ─▶ api_routes ─▶ reply
 *
 * The door looks at a request before the library sees a byte of it, which is
 * why a connection has one request. What a client does slowly has a deadline;
 * when there are too many of them, the slowest goes first.
 */
#ifndef BRINDLE_WEB_SERVER_SERVER_H
#define BRINDLE_WEB_SERVER_SERVER_H

#include "web/server/session.h"

#include <stdbool.h>
#include <sys/types.h>

enum {
	SERVER_LISTENERS_MAX = 4,
	SERVER_VISITS_MAX = 160, /* connections at one time */
	SERVER_STREAMS_MAX = 16, /* of them, those that follow events */
	SERVER_PEERS_MAX = 16,
};

struct server_options {
	const char *database; /* path */
	bool live;	      /* a daemon writes it */
	bool source_files;    /* see api.h */
	const int *listeners; /* TCP and local; they stay open */
	size_t listener_count;
	uint16_t port;		      /* of the TCP ones */
	const char *const *hosts;     /* see access.h */
	struct session_table *sessions; /* NULL: nobody needs a token */
	/* Besides root and ourselves: users who need none at a local socket. */
	const uid_t *peers;
	size_t peer_count;
	/* Readable when it shall end: a signalfd. */
	int stop_fd;
	/* Called when all processes and before all threads are made. NULL:
	   nothing is to be done then. */
	struct error *(*close_in)(void *context);
	/* Asked each second; false: it shall end, to be started anew. NULL:
	   it is always. */
	bool (*is_valid)(void *context);
	void *context;
};

/** Serves until stop_fd or is_valid says so. Call it with one thread. */
struct error *server_run(const struct server_options *options);

#endif
