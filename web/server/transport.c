// SPDX-License-Identifier: Apache-2.0
#include "web/server/transport.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "web/server/respond.h"
#include "web/server/server_state.h"
#include "web/server/stream.h"

enum {
	BLOCK_BYTES = 32 << 10,
	CONNECTION_BYTES = 40 << 10,
};

static struct visit *visit_of(struct server *server,
			      struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	int fd = info ? info->connect_fd : -1;

	return fd >= 0 && fd < SERVER_FDS_MAX ? server->visits[fd] : NULL;
}

static ssize_t read_body(void *context, uint64_t position, char *buffer,
			 size_t size)
{
	struct visit *visit = context;
	const struct body *body = visit->reply.body;

	if (visit->gone || position >= body->size)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (size > body->size - position)
		size = body->size - (size_t)position;
	memcpy(buffer, body->bytes + position, size);
	visit->sent = (size_t)position + size;
	return (ssize_t)size;
}

static ssize_t read_stream(void *context, uint64_t position, char *buffer,
			   size_t size)
{
	struct visit *visit = context;

	(void)position;
	if (visit->gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	size = stream_take(visit->stream, buffer, size);
	if (!size)
		visit_suspend(visit);
	return (ssize_t)size;
}

static ssize_t read_file(void *context, uint64_t position, char *buffer,
			 size_t size)
{
	struct visit *visit = context;
	ssize_t got;

	if (visit->gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	got = pread(visit->file, buffer, size, (off_t)position);
	if (got <= 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	visit->sent = (size_t)position + (size_t)got;
	return got;
}

static struct MHD_Response *make_response(struct visit *visit)
{
	const struct body *body = visit->reply.body;

	if (visit->stream)
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN,
							 1024, read_stream,
							 visit, NULL);
	if (visit->file_size)
		return MHD_create_response_from_callback(visit->file_size,
							 BLOCK_BYTES, read_file,
							 visit, NULL);
	if (!body || !body->size)
		return MHD_create_response_from_buffer(0, (void *)"",
						       MHD_RESPMEM_PERSISTENT);
	return MHD_create_response_from_callback(body->size, BLOCK_BYTES,
						 read_body, visit, NULL);
}

static enum MHD_Result send_reply(struct visit *visit)
{
	struct reply_header own[REPLY_HEADERS_MAX];
	char values[512];
	size_t count = reply_own_headers(&visit->reply, own, values,
					 sizeof(values));
	struct MHD_Response *response = make_response(visit);
	enum MHD_Result result = response ? MHD_YES : MHD_NO;

	for (size_t i = 0; i < count && result == MHD_YES; i++)
		result = MHD_add_response_header(response, own[i].name,
						 own[i].value);
	for (size_t i = 0; reply_headers[i].name && result == MHD_YES; i++)
		result = MHD_add_response_header(response,
						 reply_headers[i].name,
						 reply_headers[i].value);
	if (result == MHD_YES)
		result = MHD_queue_response(visit->connection,
					    visit->reply.status, response);
	if (response)
		MHD_destroy_response(response);
	visit_enter(visit, visit->stream ? VISIT_STREAM : VISIT_WRITING);
	return result;
}

static enum MHD_Result wait_for_work(struct visit *visit)
{
	visit_enter(visit, VISIT_WAITING);
	visit_suspend(visit);
	return MHD_YES;
}

// The door has seen how long it is.
static enum MHD_Result take_upload(struct visit *visit, const char *bytes,
				   size_t size)
{
	if (!visit->upload)
		visit->upload = malloc(visit->request.body_bytes + 1);
	if (!visit->upload ||
	    size > visit->request.body_bytes - visit->upload_size)
		return MHD_NO;
	memcpy(visit->upload + visit->upload_size, bytes, size);
	visit->upload_size += size;
	visit->upload[visit->upload_size] = 0;
	return MHD_YES;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection,
			      const char *url, const char *method,
			      const char *version, const char *upload,
			      size_t *upload_size, void **visit_context)
{
	struct server *server = context;
	struct visit *visit = visit_of(server, connection);

	(void)url;
	(void)method;
	(void)version;
	if (!visit || visit->gone)
		return MHD_NO;
	if (!*visit_context) {
		*visit_context = visit;
		visit->connection = connection;
		return MHD_YES;
	}
	if (*upload_size) {
		enum MHD_Result result = take_upload(visit, upload,
						     *upload_size);

		*upload_size = 0;
		return result;
	}
	if (visit->state == VISIT_WAITING ? respond_finish(visit) :
					    respond_begin(server, visit))
		return send_reply(visit);
	return wait_for_work(visit);
}

static void notice(void *context, struct MHD_Connection *connection,
		   void **socket_context,
		   enum MHD_ConnectionNotificationCode code)
{
	struct server *server = context;
	struct visit *visit = visit_of(server, connection);

	(void)socket_context;
	if (visit && code == MHD_CONNECTION_NOTIFY_STARTED)
		visit->arrived = true;
	if (visit && code == MHD_CONNECTION_NOTIFY_CLOSED)
		visit_destroy(server, visit);
}

// Whatever it has to say is about clients, and told to them.
static void say_nothing(void *context, const char *format, va_list arguments)
{
	(void)context;
	(void)format;
	(void)arguments;
}

struct error *transport_start(struct server *server)
{
	server->http = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
			MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG,
		0, NULL, NULL, handle, server,
		MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, notice, server,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)SERVER_FDS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
		MHD_OPTION_END);
	return server->http ? NULL : error_create(ERROR_SYSTEM,
						  "start libmicrohttpd");
}

void transport_stop(struct server *server)
{
	if (!server->http)
		return;
	for (int fd = 0; fd < SERVER_FDS_MAX; fd++)
		if (server->visits[fd] &&
		    server->visits[fd]->state > VISIT_LEAVING)
			visit_give_up(server->visits[fd]);
	MHD_run(server->http);
	MHD_stop_daemon(server->http);
}

void transport_take(struct server *server, struct visit *visit)
{
	struct epoll_event event = { .events = EPOLLRDHUP | EPOLLET,
				     .data.u64 = visit_event(visit) };
	struct sockaddr address = { .sa_family = AF_UNIX };

	visit_enter(visit, VISIT_BODY);
	epoll_ctl(server->epoll, EPOLL_CTL_MOD, visit->fd, &event);
	if (MHD_add_connection(server->http, visit->fd, &address,
			       sizeof(address)) == MHD_YES)
		return;
	// It has closed the socket.
	visit_destroy(server, visit);
}

int transport_run(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG timeout;

	MHD_run(server->http);
	if (MHD_get_timeout(server->http, &timeout) != MHD_YES)
		return -1;
	return timeout > 1000 ? 1000 : (int)timeout;
}
