// SPDX-License-Identifier: Apache-2.0
#include "web/server/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "web/server/answer_cache.h"
#include "web/server/door.h"
#include "web/server/event.h"
#include "web/server/server_state.h"
#include "web/server/stream.h"
#include "web/server/ticker.h"
#include "web/server/transport.h"

enum { EVENTS_AT_ONCE = 64, SWEEP_MS = 250, LOOK_MS = 1000 };

static struct error *watch(struct server *server, int fd, enum event_kind kind)
{
	struct epoll_event event = {
		.events = EPOLLIN,
		.data.u64 = event_of(kind, (uint64_t)fd),
	};

	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event))
		return error_from_errno(errno, "watch a descriptor");
	return NULL;
}

static bool is_local(int fd)
{
	int domain = 0;
	socklen_t size = sizeof(domain);

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
	return domain == AF_UNIX;
}

static void take_visit_event(struct server *server, uint64_t about,
			     uint32_t events)
{
	struct visit *visit = visit_find(server, about);

	if (!visit)
		return;
	if (visit->state <= VISIT_LEAVING)
		door_look(server, visit, events & (EPOLLRDHUP | EPOLLHUP |
						   EPOLLERR));
	else if (visit->state == VISIT_WAITING ||
		 visit->state == VISIT_STREAM)
		visit_give_up(visit);
}

static void take_query_event(struct server *server, uint64_t about)
{
	struct visit *visit = visit_find(server, about);

	if (visit)
		visit_resume(visit);
}

static void take_answer(struct server *server, struct visit *visit,
			struct answer *answer)
{
	size_t size = answer->reply.body ? answer->reply.body->size : 0;

	visit->answer = NULL;
	if (size > SERVER_WAITING_BYTES_MAX - server->waiting_bytes) {
		reply_problem(&visit->reply, 503, "large answers wait for "
			      "their readers: ask again in a moment");
		visit->reply.retry_s = 5;
	} else {
		visit->reply = answer->reply;
		answer->reply = (struct reply){ .status = 0 };
		visit->counted = size;
		server->waiting_bytes += size;
	}
	visit_resume(visit);
}

static void take_answers(struct server *server)
{
	struct job *job;

	while ((job = job_take_done(server->jobs))) {
		struct answer *answer = (struct answer *)job;

		if (answer->context)
			take_answer(server, answer->context, answer);
		answer_destroy(answer);
	}
}

static void take_ticks(struct server *server)
{
	size_t size;
	char *text = ticker_take(server->ticker, &size);

	if (text)
		stream_say(server, text, size);
	free(text);
}

static void take_event(struct server *server, const struct epoll_event *event)
{
	uint64_t about = event_subject(event->data.u64);

	switch (event_kind_of(event->data.u64)) {
	case EVENT_VISIT:
		take_visit_event(server, about, event->events);
		return;
	case EVENT_VISIT_QUERY:
		take_query_event(server, about);
		return;
	case EVENT_LISTENER:
		door_accept(server, (int)about, is_local((int)about));
		return;
	case EVENT_HTTP:
		return; // runs in each round
	case EVENT_JOBS:
		take_answers(server);
		return;
	case EVENT_TICKER:
		take_ticks(server);
		return;
	case EVENT_KEEPER:
		server->keeper_gone = true;
		server->stopping = true;
		return;
	case EVENT_STOP:
		server->stopping = true;
		return;
	}
}

static bool is_valid(const struct server_options *options)
{
	return !options->is_valid || options->is_valid(options->context);
}

// What is due by time.
static void sweep(struct server *server)
{
	uint64_t now = monotonic_ns();

	if (now - server->swept_ns < SWEEP_MS * NS_PER_MS)
		return;
	server->swept_ns = now;
	visit_sweep(server, now);
	stream_keep_alive(server, now);
	if (!is_valid(server->options))
		server->stopping = true;
}

static struct error *loop(struct server *server)
{
	struct epoll_event events[EVENTS_AT_ONCE];

	while (!server->stopping) {
		int wait = transport_run(server);
		int most = server->visit_count ? SWEEP_MS : LOOK_MS;
		int count;

		if (wait < 0 || wait > most)
			wait = most;
		count = epoll_wait(server->epoll, events, EVENTS_AT_ONCE, wait);
		if (count < 0 && errno != EINTR)
			return error_from_errno(errno, "wait for requests");
		for (int i = 0; i < count; i++)
			take_event(server, &events[i]);
		sweep(server);
	}
	if (server->keeper_gone)
		return error_create(ERROR_SYSTEM, "the keeper of queries has "
				    "ended");
	return NULL;
}

static struct error *watch_all(struct server *server)
{
	const struct server_options *options = server->options;
	struct error *error = watch(server, job_pool_fd(server->jobs),
				    EVENT_JOBS);

	if (!error)
		error = watch(server, ticker_fd(server->ticker), EVENT_TICKER);
	if (!error)
		error = watch(server, query_box_fd(server->queries),
			      EVENT_KEEPER);
	if (!error)
		error = watch(server, options->stop_fd, EVENT_STOP);
	if (!error)
		error = watch(server, MHD_get_daemon_info(
			server->http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
			EVENT_HTTP);
	for (size_t i = 0; i < options->listener_count && !error; i++)
		error = watch(server, options->listeners[i], EVENT_LISTENER);
	return error;
}

static struct error *start_threads(struct server *server)
{
	struct error *error;

	server->cache = answer_cache_create();
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!server->cache || server->epoll < 0)
		return error_from_errno(errno, "start the server");
	error = transport_start(server);
	if (!error)
		error = job_pool_create(server->options->database,
					&server->jobs);
	if (!error)
		error = ticker_create(&server->host, &server->ticker);
	return error ? error : watch_all(server);
}

static void end_visits(struct server *server)
{
	for (int fd = 0; fd < SERVER_FDS_MAX; fd++)
		if (server->visits[fd])
			visit_destroy(server, server->visits[fd]);
}

static void drop_answer(struct job *job)
{
	answer_destroy((struct answer *)job);
}

static void stop(struct server *server)
{
	transport_stop(server);
	end_visits(server);
	job_pool_destroy(server->jobs, drop_answer);
	ticker_destroy(server->ticker);
	answer_cache_destroy(server->cache);
	for (size_t i = 0; i < SERVER_ASSETS_MAX; i++)
		body_unref(server->expanded[i]);
	query_box_stop(server->queries);
	if (server->epoll >= 0)
		close(server->epoll);
}

// Local sockets are nobody else's, either.
static bool is_loopback(int listener)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage room;
	} address = { .any.sa_family = AF_UNSPEC };
	socklen_t size = sizeof(address);

	if (getsockname(listener, &address.any, &size) < 0)
		return false;
	if (address.any.sa_family == AF_INET)
		return ntohl(address.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	if (address.any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr);
	return address.any.sa_family == AF_UNIX;
}

static bool are_loopback(const struct server_options *options)
{
	for (size_t i = 0; i < options->listener_count; i++)
		if (!is_loopback(options->listeners[i]))
			return false;
	return true;
}

static void prepare(struct server *server)
{
	const struct server_options *options = server->options;

	snprintf(server->cookie_name, sizeof(server->cookie_name),
		 "brindle-%u", options->port);
	server->rules = (struct access_rules){
		.port = options->port,
		.loopback = are_loopback(options),
		.hosts = options->hosts,
		.cookie_name = server->cookie_name,
	};
	server->host = (struct api_host){
		.database = options->database,
		.live = options->live,
		.source_files = options->source_files,
	};
}

struct error *server_run(const struct server_options *options)
{
	struct server *server = calloc(1, sizeof(*server));
	struct query_box_options queries = { .database = options->database };
	struct error *error;

	if (!server)
		return &error_nomem;
	server->options = options;
	server->epoll = -1;
	prepare(server);
	signal(SIGPIPE, SIG_IGN);
	error = query_box_start(&queries, &server->queries);
	if (!error && options->close_in)
		error = options->close_in(options->context);
	if (!error)
		error = start_threads(server);
	if (!error)
		error = loop(server);
	stop(server);
	free(server);
	return error;
}
