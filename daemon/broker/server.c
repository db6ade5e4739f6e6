// SPDX-License-Identifier: Apache-2.0
#include "daemon/broker/server.h"

#include "daemon/broker/request.h"
#include "daemon/perf/tracepoint.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/** An answer in the making. */
struct answer {
	struct broker_reply reply;
	size_t payload_size;
	int fd; /* owned; -1: none */
};

static void answer_fd(struct answer *answer, int fd)
{
	answer->fd = fd;
	answer->reply.result = fd < 0 ? fd : 0;
}

// In words: why a file is not the one that was mapped has no errno.
static void answer_error(struct answer *answer, struct error *error)
{
	size_t size = strlen(error->message);

	if (size > sizeof(answer->reply.payload))
		size = sizeof(answer->reply.payload);
	memcpy(answer->reply.payload, error->message, size);
	answer->payload_size = size;
	answer->reply.code = (uint32_t)error->code;
	answer->reply.result = -EBADMSG;
	error_destroy(error);
}

/*
 * Only programs and libraries are handed out. A profiler that was taken over
 * could name any path and say that a process has it mapped; a key or a mailbox
 * does not begin like an ELF file.
 */
static bool is_elf(int fd)
{
	static const char magic[4] = { 0x7f, 'E', 'L', 'F' };
	char head[sizeof(magic)];

	return pread(fd, head, sizeof(head), 0) == sizeof(head) &&
	       !memcmp(head, magic, sizeof(head));
}

static void answer_mapped_file(struct answer *answer,
			       const struct broker_request *request)
{
	struct opener_mapping mapping = {
		.start = request->start,
		.end = request->end,
		.path = request->text,
		.dev_major = request->dev_major,
		.dev_minor = request->dev_minor,
		.inode = request->inode,
	};
	struct error *error = opener_mapped_file(&opener_cautious, request->pid,
						 &mapping, &answer->fd);

	if (!error && !is_elf(answer->fd))
		error = error_create(ERROR_PERMISSION, "'%s' is no ELF file",
				     request->text);
	if (!error)
		return;
	if (answer->fd >= 0)
		close(take_fd(&answer->fd));
	answer_error(answer, error);
}

static void answer_text(struct answer *answer,
			const struct broker_request *request)
{
	const struct opener_ops *ops = opener_cautious.ops;
	ssize_t size = ops->text(NULL, (enum opener_text)request->which,
				 request->pid, request->tid,
				 answer->reply.payload, request->room);

	answer->reply.result = size;
	answer->payload_size = size < 0 ? 0 : (size_t)size;
}

static void answer_list(struct answer *answer,
			const struct broker_request *request)
{
	pid_t numbers[BROKER_NUMBERS_MAX];
	ssize_t count;

	answer->reply.position = request->position;
	count = opener_cautious.ops->list(NULL, request->pid,
					&answer->reply.position, numbers,
					request->room);
	answer->reply.result = count;
	if (count <= 0)
		return;
	answer->payload_size = (size_t)count * sizeof(numbers[0]);
	memcpy(answer->reply.payload, numbers, answer->payload_size);
}

static void answer_tracepoint(const struct broker_server *server,
			      struct answer *answer,
			      const struct broker_request *request)
{
	struct tracepoint tracepoint = { 0 };
	struct error *error = tracepoint_find_in(
		server->tracefs, request->text,
		*request->field ? request->field : NULL, &tracepoint);

	answer->reply.id = tracepoint.id;
	answer->reply.field_offset = tracepoint.field_offset;
	answer->reply.field_size = tracepoint.field_size;
	if (error)
		answer_error(answer, error);
}

static void answer_request(const struct broker_server *server,
			   struct answer *answer,
			   const struct broker_request *request)
{
	const struct opener_ops *ops = opener_cautious.ops;

	switch ((enum broker_operation)request->operation) {
	case BROKER_MEMORY:
		answer_fd(answer, ops->memory(NULL, request->pid));
		break;
	case BROKER_MAPS:
		answer_fd(answer, ops->maps(NULL, request->pid));
		break;
	case BROKER_MAPPED_FILE:
		answer_mapped_file(answer, request);
		break;
	case BROKER_TEXT:
		answer_text(answer, request);
		break;
	case BROKER_LIST:
		answer_list(answer, request);
		break;
	case BROKER_PERF_EVENT:
		answer_fd(answer, ops->perf_event(NULL, &request->attr,
						  request->tid, request->cpu));
		break;
	case BROKER_TRACEPOINT:
		answer_tracepoint(server, answer, request);
		break;
	case BROKER_KERNEL_SYMBOLS:
		answer_fd(answer, ops->kernel_symbols(NULL));
		break;
	case BROKER_CHANNEL:
		answer_fd(answer, server->add_channel(server->context));
		break;
	case BROKER_OPERATION_COUNT:
		break;
	}
}

static bool send_answer(int channel, struct answer *answer)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec io = {
		.iov_base = &answer->reply,
		.iov_len = offsetof(struct broker_reply, payload) +
			   answer->payload_size,
	};
	struct msghdr message = { .msg_iov = &io, .msg_iovlen = 1 };

	if (answer->fd >= 0) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &answer->fd, sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	return sendmsg(channel, &message, MSG_NOSIGNAL) >= 0;
}

// False: the profiler has gone.
static bool serve_one(const struct broker_server *server, int channel)
{
	struct broker_request packet, request = { 0 };
	struct answer answer;
	ssize_t size;
	bool sent;
	int failed;

	do {
		size = recv(channel, &packet, sizeof(packet), 0);
	} while (size < 0 && errno == EINTR);
	if (size <= 0)
		return false;
	memset(&answer.reply, 0, offsetof(struct broker_reply, payload));
	answer.payload_size = 0;
	answer.fd = -1;
	failed = broker_request_parse(&packet, (size_t)size, &request);
	answer.reply.sequence = request.sequence;
	answer.reply.result = failed;
	if (!failed)
		answer_request(server, &answer, &request);
	sent = send_answer(channel, &answer);
	if (answer.fd >= 0)
		close(answer.fd);
	return sent;
}

void broker_serve(const struct broker_server *server, int channel)
{
	while (serve_one(server, channel))
		continue;
}
