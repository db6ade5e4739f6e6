// SPDX-License-Identifier: Apache-2.0
#include "web/server/door.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "web/server/respond.h"
#include "web/server/server_state.h"
#include "web/server/transport.h"

enum {
	ACCEPTED_AT_ONCE = 32,
	GOING_MAX = 64,
	DRAINED_AT_ONCE = 16, // times the size of the scratch buffer
	ANSWER_MAX = 8 << 10,
	PARTS_MAX = 100, // of an address, or of cookies
};

// A user's number cannot be reused under us, unlike a process's.
static bool is_trusted(const struct server_options *options, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return false;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	for (size_t i = 0; i < options->peer_count; i++)
		if (options->peers[i] == peer.uid)
			return true;
	return false;
}

static void welcome(struct server *server, int fd, bool local)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET };
	struct visit *visit;

	if (server->visit_count >= SERVER_VISITS_MAX)
		visit_make_room(server);
	// The others are those that were told to go and have not yet.
	visit = server->visit_count < SERVER_VISITS_MAX + GOING_MAX ?
			visit_create(server, fd, local) : NULL;
	if (!visit) {
		close(fd);
		return;
	}
	if (local)
		visit->trusted = is_trusted(server->options, fd);
	event.data.u64 = visit_event(visit);
	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event))
		visit_destroy(server, visit);
	else
		door_look(server, visit, false);
}

void door_accept(struct server *server, int listener, bool local)
{
	for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
		int fd = accept4(listener, NULL, NULL,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0)
			welcome(server, fd, local);
		else if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

// What comes yet is thrown away: closing a socket that has unread bytes would
// reset the connection, and the answer with it.
static void drain(struct server *server, struct visit *visit)
{
	for (int i = 0; i < DRAINED_AT_ONCE; i++) {
		ssize_t got = recv(visit->fd, server->scratch,
				   sizeof(server->scratch), MSG_DONTWAIT);

		if (got > 0)
			continue;
		if (got < 0 && errno == EAGAIN)
			return;
		break;
	}
	visit_destroy(server, visit);
}

// reply->body is small, or this is not the place for it.
static size_t write_answer(const struct reply *reply, bool head_only,
			   char answer[ANSWER_MAX])
{
	struct reply_header own[REPLY_HEADERS_MAX];
	char values[512];
	size_t count = reply_own_headers(reply, own, values, sizeof(values));
	size_t body_size = reply->body ? reply->body->size : 0;
	FILE *out = fmemopen(answer, ANSWER_MAX, "w");
	size_t size;

	if (!out)
		return 0;
	fprintf(out, "HTTP/1.1 %u %s\r\n", reply->status,
		reply_title(reply->status));
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s: %s\r\n", own[i].name, own[i].value);
	for (const struct reply_header *header = reply_headers; header->name;
	     header++)
		fprintf(out, "%s: %s\r\n", header->name, header->value);
	if (reply->status != 204 && reply->status != 304)
		fprintf(out, "Content-Length: %zu\r\n", body_size);
	fprintf(out, "\r\n");
	if (body_size && !head_only)
		fwrite(reply->body->bytes, 1, body_size, out);
	size = (size_t)ftell(out);
	return fclose(out) ? 0 : size;
}

// It fits into the buffer of a socket that nothing was sent through.
static void answer_here(struct server *server, struct visit *visit)
{
	char answer[ANSWER_MAX];
	bool head_only = visit->head && visit->request.method == REQUEST_HEAD;
	size_t size = write_answer(&visit->reply, head_only, answer);

	send(visit->fd, answer, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(visit->fd, SHUT_WR);
	visit_enter(visit, VISIT_LEAVING);
	drain(server, visit);
}

static void refuse(struct visit *visit, unsigned int status, const char *why)
{
	reply_problem(&visit->reply, status, why);
}

static void refuse_host(struct visit *visit)
{
	char why[400];

	snprintf(why, sizeof(why), "this server does not go by the name "
		 "'%.*s'. If it should, add the name to `hosts` in section "
		 "[web] of brindle.conf, or give `brindle serve` --host.",
		 (int)(visit->request.host.size > 100 ?
			       100 : visit->request.host.size),
		 visit->request.host.at);
	refuse(visit, 421, why);
}

static bool is_ours(const struct server *server, const struct visit *visit)
{
	if (visit->local && span_is(visit->request.host, "localhost"))
		return true;
	return access_is_our_host(&server->rules, visit->request.host);
}

static bool has_shown_token(struct server *server, struct visit *visit)
{
	struct session_table *sessions = server->options->sessions;
	struct session *session;

	if (!sessions || visit->trusted ||
	    visit->endpoint.need == ACCESS_ANYONE)
		return true;
	session = access_session(&server->rules, sessions, &visit->request);
	if (session) {
		session->used_ns = monotonic_ns();
		return true;
	}
	return session_is_token(sessions,
				access_shown_token(&visit->request,
						   visit->endpoint.need));
}

static void refuse_token(struct server *server, struct visit *visit)
{
	struct span shown = access_shown_token(&visit->request,
					       visit->endpoint.need);

	if (shown.at && session_count_wrong(server->options->sessions,
					    monotonic_ns())) {
		refuse(visit, 429, "too many wrong tokens were shown");
		visit->reply.retry_s = 10;
		return;
	}
	refuse(visit, 401, "a token is needed: `brindle open` opens a browser "
	       "that has it");
}

// The library notes each of them, in memory that it has little of.
static bool has_many(struct span span, char mark)
{
	size_t count = 0;

	for (size_t i = 0; i < span.size; i++)
		count += span.at[i] == mark;
	return count >= PARTS_MAX;
}

// True: visit->reply says why not.
static bool is_refused(struct server *server, struct visit *visit)
{
	struct request *request = &visit->request;
	struct request_fault fault;

	if (!is_ours(server, visit)) {
		refuse_host(visit);
		return true;
	}
	visit->endpoint = endpoint_find(request->path);
	if (access_refuses_stranger(request,
				    visit->endpoint.kind == ENDPOINT_ASSET,
				    &fault))
		refuse(visit, fault.status, fault.sentence);
	else if (visit->endpoint.kind == ENDPOINT_NONE)
		refuse(visit, 404, "there is no such page");
	else if (!(visit->endpoint.methods & 1u << request->method))
		refuse(visit, 405, "this cannot be asked in that way");
	else if (!has_shown_token(server, visit))
		refuse_token(server, visit);
	else if (has_many(request->query, '&'))
		refuse(visit, 400, "there are too many parameters");
	else if (has_many(request_header(request, "Cookie"), ';'))
		refuse(visit, 431, "there are too many cookies");
	return visit->reply.status != 0;
}

// The request as it stands in its own bytes from here on.
static void let_in(struct server *server, struct visit *visit)
{
	struct request_fault fault;

	visit->head = malloc(visit->request.head_bytes);
	if (!visit->head) {
		visit_destroy(server, visit);
		return;
	}
	memcpy(visit->head, server->scratch, visit->request.head_bytes);
	request_parse(visit->head, visit->request.head_bytes, &visit->request,
		      &fault);
	if (is_refused(server, visit) || respond_at_once(server, visit))
		answer_here(server, visit);
	else
		transport_take(server, visit);
}

static void look_at_head(struct server *server, struct visit *visit, bool ended)
{
	struct request_fault fault;
	ssize_t got = recv(visit->fd, server->scratch, sizeof(server->scratch),
			   MSG_PEEK | MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		visit_destroy(server, visit);
		return;
	}
	switch (request_parse(server->scratch, (size_t)got, &visit->request,
			      &fault)) {
	case REQUEST_UNFINISHED:
		if (ended)
			visit_destroy(server, visit);
		return;
	case REQUEST_WHOLE:
		let_in(server, visit);
		return;
	case REQUEST_REFUSED:
		refuse(visit, fault.status, fault.sentence);
		answer_here(server, visit);
		return;
	}
}

void door_look(struct server *server, struct visit *visit, bool ended)
{
	if (visit->state == VISIT_HEAD)
		look_at_head(server, visit, ended);
	else
		drain(server, visit);
}
