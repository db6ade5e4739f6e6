// SPDX-License-Identifier: Apache-2.0
#include "daemon/broker/client.h"

#include "base/clock.h"
#include "daemon/broker/nursery.h"
#include "daemon/broker/request.h"
#include "daemon/perf/tracepoint.h"
#include "daemon/process/process_labels.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

/** A reply as received. */
struct received {
	struct broker_reply reply;
	size_t payload_size;
	int fd; /* owned; -1: none */
};

static int fd_of_message(struct msghdr *message)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (control && control->cmsg_level == SOL_SOCKET &&
	    control->cmsg_type == SCM_RIGHTS &&
	    control->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(control), sizeof(fd));
	return fd;
}

static int receive(int channel, int flags, struct received *ret)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	const size_t head = offsetof(struct broker_reply, payload);
	struct iovec io = { .iov_base = &ret->reply,
			    .iov_len = sizeof(ret->reply) };
	struct msghdr message = { .msg_iov = &io,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t size;

	do {
		size = recvmsg(channel, &message, flags | MSG_CMSG_CLOEXEC);
	} while (size < 0 && errno == EINTR);
	if (size < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	ret->fd = fd_of_message(&message);
	if ((size_t)size >= head) {
		ret->payload_size = (size_t)size - head;
		return 0;
	}
	if (ret->fd >= 0)
		close(ret->fd);
	return -EPIPE;
}

// Answers to what was given up go unread.
static int receive_answer(struct broker_channel *channel, int flags,
			  struct received *ret)
{
	for (;;) {
		int failed = receive(channel->fd, flags, ret);

		if (failed)
			return failed;
		if (ret->reply.sequence == channel->sequence)
			return 0;
		if (ret->fd >= 0)
			close(ret->fd);
	}
}

static bool is_usable(struct broker_channel *channel)
{
	struct received received;

	if (!channel->late)
		return true;
	if (receive_answer(channel, MSG_DONTWAIT, &received))
		return false;
	if (received.fd >= 0)
		close(received.fd);
	channel->late = false;
	return true;
}

static unsigned int channel_count(const struct broker_client *client)
{
	return __atomic_load_n(&client->channel_count, __ATOMIC_ACQUIRE);
}

// A free channel, locked; else one that will be free; NULL: all of them hang.
static struct broker_channel *take_channel(struct broker_client *client)
{
	for (unsigned int i = 0; i < channel_count(client); i++) {
		struct broker_channel *channel = &client->channels[i];

		if (pthread_mutex_trylock(&channel->lock))
			continue;
		if (is_usable(channel))
			return channel;
		pthread_mutex_unlock(&channel->lock);
	}
	for (unsigned int i = 0; i < channel_count(client); i++) {
		struct broker_channel *channel = &client->channels[i];

		pthread_mutex_lock(&channel->lock);
		if (is_usable(channel))
			return channel;
		pthread_mutex_unlock(&channel->lock);
	}
	return NULL;
}

static int ask_once(struct broker_client *client,
		    struct broker_request *request, struct received *ret)
{
	struct broker_channel *channel = take_channel(client);
	int failed = 0;

	if (!channel)
		return -EBUSY;
	request->sequence = ++channel->sequence;
	if (send(channel->fd, request, broker_request_size(request),
		 MSG_NOSIGNAL) < 0)
		failed = -errno;
	if (!failed)
		failed = receive_answer(channel, 0, ret);
	channel->late = failed == -ETIMEDOUT;
	pthread_mutex_unlock(&channel->lock);
	return failed;
}

static void add_channel(struct broker_client *client, int fd)
{
	struct timeval patience = { .tv_sec = BROKER_PATIENCE_MS / 1000 };
	struct broker_channel *channel =
		&client->channels[client->channel_count];

	*channel = (struct broker_channel){ .fd = fd };
	pthread_mutex_init(&channel->lock, NULL);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	__atomic_store_n(&client->channel_count, client->channel_count + 1,
			 __ATOMIC_RELEASE);
}

// In place of one that hangs, over one that does not.
static void replace_channel(struct broker_client *client)
{
	struct broker_request request = { .operation = BROKER_CHANNEL };
	struct received received;

	if (client->channel_count == BROKER_CHANNELS_MAX ||
	    ask_once(client, &request, &received))
		return;
	if (received.fd >= 0)
		add_channel(client, received.fd);
}

static bool is_shunned(struct broker_client *client, pid_t pid)
{
	bool shunned = false;
	uint64_t now;

	if (!pid || !__atomic_load_n(&client->shunned_count, __ATOMIC_ACQUIRE))
		return false;
	now = monotonic_ns();
	pthread_mutex_lock(&client->lock);
	for (size_t i = 0; i < BROKER_SHUNNED_MAX && !shunned; i++)
		shunned = client->shunned[i].pid == pid &&
			  client->shunned[i].until_ns > now;
	pthread_mutex_unlock(&client->lock);
	return shunned;
}

static void shun(struct broker_client *client, pid_t pid)
{
	unsigned int count = client->shunned_count;

	client->shunned[count % BROKER_SHUNNED_MAX] = (struct broker_shunned){
		.pid = pid,
		.until_ns = monotonic_ns() +
			    BROKER_SHUNNED_SECONDS * NS_PER_SEC,
	};
	__atomic_store_n(&client->shunned_count, count + 1, __ATOMIC_RELEASE);
}

static uint32_t uid_of(struct broker_client *client, pid_t pid)
{
	struct broker_request request = { .operation = BROKER_TEXT,
					  .which = OPENER_TEXT_STATUS,
					  .pid = pid,
					  .room = OPENER_TEXT_BYTES_MAX - 1 };
	struct received received;
	int64_t uid;

	if (ask_once(client, &request, &received))
		return UINT32_MAX;
	if (received.fd >= 0)
		close(received.fd);
	if (received.payload_size >= sizeof(received.reply.payload))
		return UINT32_MAX;
	received.reply.payload[received.payload_size] = '\0';
	uid = process_uid_in(received.reply.payload);
	return uid < 0 ? UINT32_MAX : (uint32_t)uid;
}

// What answers by itself: all but the files that a process has mapped.
static bool may_hang(const struct broker_request *request)
{
	return request->operation == BROKER_MAPPED_FILE;
}

// A user can have any number of processes, and the broker has not.
static bool is_users_shunned(struct broker_client *client,
			     const struct broker_request *request)
{
	bool shunned;
	uint32_t uid;

	if (!may_hang(request) ||
	    !__atomic_load_n(&client->shunned_count, __ATOMIC_ACQUIRE))
		return false;
	uid = uid_of(client, request->pid);
	pthread_mutex_lock(&client->lock);
	shunned = target_users_are_banned(&client->users, uid, monotonic_ns());
	pthread_mutex_unlock(&client->lock);
	return shunned;
}

static void note_hang(struct broker_client *client,
		      const struct broker_request *request)
{
	uint32_t uid = may_hang(request) ? uid_of(client, request->pid) :
					   UINT32_MAX;

	pthread_mutex_lock(&client->lock);
	target_users_note(&client->users, uid, monotonic_ns());
	shun(client, request->pid);
	replace_channel(client);
	pthread_mutex_unlock(&client->lock);
}

static int ask(struct broker_client *client, struct broker_request *request,
	       struct received *ret)
{
	int failed;

	if (is_shunned(client, request->pid) ||
	    is_users_shunned(client, request))
		return -ETIMEDOUT;
	failed = ask_once(client, request, ret);
	if (failed == -ETIMEDOUT)
		note_hang(client, request);
	return failed;
}

// For operations whose result is a descriptor.
static int ask_fd(struct broker_client *client, struct broker_request *request)
{
	struct received received;
	int failed = ask(client, request, &received);

	if (failed)
		return failed;
	if (received.reply.result >= 0 && received.fd >= 0)
		return received.fd;
	if (received.fd >= 0)
		close(received.fd);
	return received.reply.result < 0 ? (int)received.reply.result : -EPIPE;
}

static struct error *error_of(const struct received *received)
{
	uint32_t code = received->reply.code;

	if (received->reply.result != -EBADMSG || code > ERROR_NO_MEMORY)
		return error_from_errno((int)-received->reply.result,
					"ask the broker");
	return error_create((enum error_code)code, "%.*s",
			    (int)received->payload_size,
			    received->reply.payload);
}

static int client_memory(void *state, pid_t pid)
{
	struct broker_request request = { .operation = BROKER_MEMORY,
					  .pid = pid };

	return ask_fd(state, &request);
}

static int client_maps(void *state, pid_t pid)
{
	struct broker_request request = { .operation = BROKER_MAPS,
					  .pid = pid };

	return ask_fd(state, &request);
}

static struct error *client_mapped_file(void *state, pid_t pid,
					const struct opener_mapping *mapping,
					int *ret_fd)
{
	struct broker_request request = {
		.operation = BROKER_MAPPED_FILE,
		.pid = pid,
		.start = mapping->start,
		.end = mapping->end,
		.dev_major = mapping->dev_major,
		.dev_minor = mapping->dev_minor,
		.inode = mapping->inode,
	};
	struct received received;
	int failed;

	if (strlen(mapping->path) >= sizeof(request.text))
		return error_from_errno(ENAMETOOLONG, "open a mapped file");
	strcpy(request.text, mapping->path);
	failed = ask(state, &request, &received);
	if (failed)
		return error_from_errno(-failed, "open '%s'", mapping->path);
	if (received.reply.result >= 0 && received.fd >= 0) {
		*ret_fd = received.fd;
		return NULL;
	}
	if (received.fd >= 0)
		close(received.fd);
	return error_of(&received);
}

static ssize_t client_text(void *state, enum opener_text which, pid_t pid,
			   pid_t tid, char *ret, size_t size)
{
	struct broker_request request = { .operation = BROKER_TEXT,
					  .pid = pid,
					  .tid = tid,
					  .which = which,
					  .room = (uint32_t)size };
	struct received received;
	int failed = ask(state, &request, &received);

	if (failed || received.reply.result < 0)
		return failed ? failed : (ssize_t)received.reply.result;
	if (received.payload_size > size)
		return -EPROTO;
	memcpy(ret, received.reply.payload, received.payload_size);
	return (ssize_t)received.payload_size;
}

static ssize_t client_list(void *state, pid_t pid, int64_t *position,
			   pid_t *ret, size_t room)
{
	struct broker_request request = { .operation = BROKER_LIST,
					  .pid = pid,
					  .position = *position,
					  .room = (uint32_t)room };
	struct received received;
	int failed = ask(state, &request, &received);

	if (failed || received.reply.result < 0)
		return failed ? failed : (ssize_t)received.reply.result;
	if (received.payload_size > room * sizeof(*ret))
		return -EPROTO;
	memcpy(ret, received.reply.payload, received.payload_size);
	*position = received.reply.position;
	return (ssize_t)(received.payload_size / sizeof(*ret));
}

static int client_perf_event(void *state, const struct perf_event_attr *attr,
			     pid_t tid, int cpu)
{
	struct broker_request request = { .operation = BROKER_PERF_EVENT,
					  .tid = tid,
					  .cpu = cpu,
					  .attr = *attr };

	return ask_fd(state, &request);
}

static struct error *client_tracepoint(void *state, const char *event,
				       const char *field, struct tracepoint *ret)
{
	struct broker_request request = { .operation = BROKER_TRACEPOINT };
	struct received received;
	int failed;

	if (strlen(event) >= OPENER_EVENT_NAME_MAX ||
	    (field && strlen(field) >= sizeof(request.field)))
		return error_create(ERROR_USAGE, "tracepoint name '%.40s...' "
				    "is too long", event);
	strcpy(request.text, event);
	strcpy(request.field, field ? field : "");
	failed = ask(state, &request, &received);
	if (failed)
		return error_from_errno(-failed, "tracepoint %s", event);
	if (received.reply.result < 0)
		return error_of(&received);
	*ret = (struct tracepoint){
		.id = received.reply.id,
		.field_offset = received.reply.field_offset,
		.field_size = received.reply.field_size,
	};
	return NULL;
}

static int client_kernel_symbols(void *state)
{
	struct broker_request request = { .operation = BROKER_KERNEL_SYMBOLS };

	return ask_fd(state, &request);
}

static int client_start_thread(void *state, pthread_t *ret,
			       void *(*start)(void *argument), void *argument)
{
	struct broker_client *client = state;

	if (client->nursery)
		return nursery_start_thread(client->nursery, ret, start,
					    argument);
	return pthread_create(ret, NULL, start, argument);
}

static const struct opener_ops client_ops = {
	.memory = client_memory,
	.maps = client_maps,
	.mapped_file = client_mapped_file,
	.text = client_text,
	.list = client_list,
	.perf_event = client_perf_event,
	.tracepoint = client_tracepoint,
	.kernel_symbols = client_kernel_symbols,
	.start_thread = client_start_thread,
};

void broker_client_init(struct broker_client *client,
			const int fds[BROKER_CHANNELS])
{
	*client = (struct broker_client){
		.opener = { .ops = &client_ops, .state = client },
	};
	pthread_mutex_init(&client->lock, NULL);
	for (int i = 0; i < BROKER_CHANNELS; i++)
		add_channel(client, fds[i]);
}

void broker_client_deinit(struct broker_client *client)
{
	for (unsigned int i = 0; i < client->channel_count; i++) {
		close(client->channels[i].fd);
		pthread_mutex_destroy(&client->channels[i].lock);
	}
	pthread_mutex_destroy(&client->lock);
}
