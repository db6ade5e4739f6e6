/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection, which has one request: what it is at, what is done for it, and
 * when it has taken too long. All of them belong to the server (its visits, by
 * their fd) and to the thread of the loop.
 */
#ifndef BRINDLE_WEB_SERVER_VISIT_H
#define BRINDLE_WEB_SERVER_VISIT_H

#include "web/server/answer.h"
#include "web/server/endpoint.h"
#include "web/sql/query_box.h"

#include <microhttpd.h>

struct server;
struct stream;

enum visit_state {
	VISIT_HEAD,    /* its head has not come yet */
	VISIT_LEAVING, /* was answered at the door; until it closes */
	VISIT_BODY,    /* of a request */
	VISIT_WAITING, /* for an answer that is being made */
	VISIT_WRITING,
	VISIT_STREAM,
};

struct visit {
	int fd; /* owned up to VISIT_LEAVING, then the library's */
	uint32_t number; /* tells visits of one fd apart */
	enum visit_state state;
	uint64_t since_ns; /* of this state, CLOCK_MONOTONIC */
	bool local;	   /* through a local socket */
	bool trusted;	   /* by a user who needs no token there */
	bool arrived;	   /* the library has taken it */
	bool gone;	   /* the client closed it */

	char *head; /* owned; what request points into */
	struct request request;
	struct endpoint endpoint;
	struct MHD_Connection *connection; /* borrowed; from VISIT_BODY on */
	bool suspended;
	char *upload; /* owned */
	size_t upload_size;

	struct answer *answer; /* owned, but when in a worker's hands */
	struct query *query;   /* owned */
	struct reply reply;    /* what is being sent */
	int file;	       /* its body, of the query, when file_size > 0 */
	size_t file_size;
	size_t sent; /* bytes of its body */
	size_t counted; /* those that count as waiting to be sent */
	struct stream *stream; /* owned */
};

struct visit *visit_create(struct server *server, int fd, bool local);
/** Of the fd and number that an event is about; NULL: it has gone. */
struct visit *visit_find(struct server *server, uint64_t event);
/** What tells the loop that something happened to its connection ... */
uint64_t visit_event(const struct visit *visit);
/** ... or that its query has an answer. */
uint64_t visit_query_event(const struct visit *visit);
void visit_enter(struct visit *visit, enum visit_state state);
/** The library lets it rest until it is resumed. */
void visit_suspend(struct visit *visit);
/** Lets it go on if it rests. */
void visit_resume(struct visit *visit);
/** Frees it; the fd is closed when it is ours. */
void visit_destroy(struct server *server, struct visit *visit);
/** The client went away or is too slow: what is done for it ends. */
void visit_give_up(struct visit *visit);
/** Gives up those that are too slow. */
void visit_sweep(struct server *server, uint64_t now_ns);
/** Gives up the slowest. False: all are waiting for us. */
bool visit_make_room(struct server *server);

#endif
