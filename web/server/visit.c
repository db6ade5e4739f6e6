// SPDX-License-Identifier: Apache-2.0
#include "web/server/visit.h"

#include <sys/socket.h>

#include "base/clock.h"
#include "web/server/event.h"
#include "web/server/server_state.h"
#include "web/server/ticker.h"

enum {
	HEAD_SECONDS = 5,
	LEAVING_SECONDS = 1,
	BODY_SECONDS = 10,
	WRITING_SECONDS = 30,
	// Who reads at this pace may take as long as it needs.
	WRITING_BYTES_A_SECOND = 16 << 10,
	DROP_SECONDS = 60,
};

struct visit *visit_create(struct server *server, int fd, bool local)
{
	struct visit *visit;

	if (fd >= SERVER_FDS_MAX)
		return NULL;
	visit = calloc(1, sizeof(*visit));
	if (!visit)
		return NULL;
	visit->fd = fd;
	visit->number = ++server->visit_number;
	visit->local = local;
	visit_enter(visit, VISIT_HEAD);
	server->visits[fd] = visit;
	server->visit_count++;
	return visit;
}

uint64_t visit_event(const struct visit *visit)
{
	return event_of(EVENT_VISIT,
			(uint64_t)visit->number << 16 | (uint64_t)visit->fd);
}

uint64_t visit_query_event(const struct visit *visit)
{
	return event_of(EVENT_VISIT_QUERY, event_subject(visit_event(visit)));
}

struct visit *visit_find(struct server *server, uint64_t event)
{
	size_t fd = event & 0xffff;
	struct visit *visit = fd < SERVER_FDS_MAX ? server->visits[fd] : NULL;

	return visit && event_subject(visit_event(visit)) ==
				event_subject(event) ? visit : NULL;
}

void visit_enter(struct visit *visit, enum visit_state state)
{
	visit->state = state;
	visit->since_ns = monotonic_ns();
}

void visit_suspend(struct visit *visit)
{
	visit->suspended = true;
	MHD_suspend_connection(visit->connection);
}

void visit_resume(struct visit *visit)
{
	if (!visit->suspended)
		return;
	visit->suspended = false;
	MHD_resume_connection(visit->connection);
}

// Nobody waits for what is done for it.
static void release_work(struct visit *visit)
{
	if (visit->answer) {
		visit->answer->context = NULL;
		__atomic_store_n(&visit->answer->job.unwanted, 1,
				 __ATOMIC_RELAXED);
		visit->answer = NULL;
	}
	if (visit->query)
		query_close(take_ptr(visit->query));
}

static void end_stream(struct server *server, struct visit *visit)
{
	if (!visit->stream)
		return;
	free(take_ptr(visit->stream));
	server->stream_count--;
	ticker_follow(server->ticker, server->stream_count);
}

void visit_destroy(struct server *server, struct visit *visit)
{
	release_work(visit);
	end_stream(server, visit);
	server->waiting_bytes -= visit->counted;
	server->visits[visit->fd] = NULL;
	server->visit_count--;
	if (visit->state <= VISIT_LEAVING)
		close(visit->fd);
	reply_deinit(&visit->reply);
	free(visit->head);
	free(visit->upload);
	free(visit);
}

// Of those that are closed in a callback the library cleans up, oldest first, as
// many as come before one that is not: one slow client would keep them all. All
// that have a time limit of their own are looked at, whatever it is.
static void drop(struct visit *visit)
{
	if (visit->connection)
		MHD_set_connection_option(visit->connection,
					  MHD_CONNECTION_OPTION_TIMEOUT,
					  DROP_SECONDS);
	visit_resume(visit);
}

void visit_give_up(struct visit *visit)
{
	visit->gone = true;
	release_work(visit);
	shutdown(visit->fd, SHUT_RDWR);
	drop(visit);
}

static void end(struct server *server, struct visit *visit)
{
	if (visit->state <= VISIT_LEAVING)
		visit_destroy(server, visit);
	else
		visit_give_up(visit);
}

// 0: as long as it takes; that is up to us.
static uint64_t seconds_allowed(const struct visit *visit)
{
	switch (visit->state) {
	case VISIT_HEAD:
		return HEAD_SECONDS;
	case VISIT_LEAVING:
		return LEAVING_SECONDS;
	case VISIT_BODY:
		return BODY_SECONDS;
	case VISIT_WRITING:
		return WRITING_SECONDS + visit->sent / WRITING_BYTES_A_SECOND;
	case VISIT_WAITING:
	case VISIT_STREAM:
		return 0;
	}
	return 0;
}

void visit_sweep(struct server *server, uint64_t now_ns)
{
	for (int fd = 0; fd < SERVER_FDS_MAX; fd++) {
		struct visit *visit = server->visits[fd];
		uint64_t seconds = visit ? seconds_allowed(visit) : 0;

		if (seconds && !visit->gone &&
		    now_ns > visit->since_ns + seconds * NS_PER_SEC)
			end(server, visit);
	}
}

// Who has been answered first, then who has not asked yet, then who asks or
// listens slowly; a client that means well is done in milliseconds.
static int precedence(const struct visit *visit)
{
	static const int order[] = {
		[VISIT_HEAD] = 2,   [VISIT_LEAVING] = 3, [VISIT_BODY] = 1,
		[VISIT_WAITING] = 0, [VISIT_WRITING] = 1, [VISIT_STREAM] = 0,
	};

	return visit->gone ? 0 : order[visit->state];
}

bool visit_make_room(struct server *server)
{
	struct visit *slowest = NULL;

	for (int fd = 0; fd < SERVER_FDS_MAX; fd++) {
		struct visit *visit = server->visits[fd];

		if (!visit || !precedence(visit))
			continue;
		if (!slowest || precedence(visit) > precedence(slowest) ||
		    (precedence(visit) == precedence(slowest) &&
		     visit->since_ns < slowest->since_ns))
			slowest = visit;
	}
	if (!slowest)
		return false;
	end(server, slowest);
	return true;
}
