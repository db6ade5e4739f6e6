// SPDX-License-Identifier: Apache-2.0
#include "web/server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum {
	BACKLOG = 512,
	LOOPBACK_NETWORK = 127,
	FIRST_INHERITED = 3, // SD_LISTEN_FDS_START
};

union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

static struct error *parse(const char *text, union address *ret,
			   socklen_t *ret_size, bool *ret_loopback)
{
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &ret->four.sin_addr) == 1) {
		ret->any.sa_family = AF_INET;
		*ret_size = sizeof(ret->four);
		*ret_loopback = ntohl(ret->four.sin_addr.s_addr) >> 24 ==
				LOOPBACK_NETWORK;
		return NULL;
	}
	if (inet_pton(AF_INET6, text, &ret->six.sin6_addr) == 1) {
		ret->any.sa_family = AF_INET6;
		*ret_size = sizeof(ret->six);
		*ret_loopback = IN6_IS_ADDR_LOOPBACK(&ret->six.sin6_addr);
		return NULL;
	}
	return error_create(ERROR_USAGE, "'%s' is no address to listen at: a "
			    "number such as 127.0.0.1 or ::1 is", text);
}

static in_port_t *port_of(union address *address)
{
	return address->any.sa_family == AF_INET ? &address->four.sin_port :
						   &address->six.sin6_port;
}

// What is accepted has it from here.
static void send_at_once(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static struct error *open_at(union address *address, socklen_t size, int *ret)
{
	_cleanup_close_ int fd = socket(address->any.sa_family,
					SOCK_STREAM | SOCK_CLOEXEC |
						SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd < 0)
		return error_from_errno(errno, "make a socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	send_at_once(fd);
	if (bind(fd, &address->any, size) || listen(fd, BACKLOG) ||
	    getsockname(fd, &address->any, &size))
		return error_from_errno(errno, "listen");
	*ret = take_fd(&fd);
	return NULL;
}

struct error *listen_at(const char *text, uint16_t *port, bool anywhere,
			int *ret)
{
	union address address;
	socklen_t size = 0;
	bool loopback = false;
	struct error *error = parse(text, &address, &size, &loopback);

	if (error)
		return error;
	if (!loopback && !anywhere)
		return error_create(ERROR_USAGE, "other hosts could reach "
				    "'%s', and what is sent is not encrypted: "
				    "a tunnel (ssh -L %u:127.0.0.1:%u HOST) is "
				    "better; --anywhere does it all the same",
				    text, *port, *port);
	*port_of(&address) = htons(*port);
	error = open_at(&address, size, ret);
	if (error)
		return error_wrap(error, "%s port %u", text, *port);
	*port = ntohs(*port_of(&address));
	return NULL;
}

// What systemd said of itself is for this process, not for its children.
static size_t count_inherited(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	bool ours = pid && count && atol(pid) == getpid();
	long fds = ours ? atol(count) : 0;

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return fds > 0 && fds < 100 ? (size_t)fds : 0;
}

size_t listen_inherited(int *fds, size_t most, uint16_t *port)
{
	size_t count = count_inherited();

	for (size_t i = 0; i < count && i < most; i++) {
		union address address = { .any = { .sa_family = AF_UNSPEC } };
		socklen_t size = sizeof(address);

		fds[i] = FIRST_INHERITED + (int)i;
		fcntl(fds[i], F_SETFD, FD_CLOEXEC);
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
		if (getsockname(fds[i], &address.any, &size) ||
		    address.any.sa_family == AF_UNIX)
			continue;
		send_at_once(fds[i]);
		*port = ntohs(*port_of(&address));
	}
	return count < most ? count : most;
}

static bool somebody_listens(const struct sockaddr_un *address)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
						SOCK_NONBLOCK, 0);

	return fd >= 0 && !connect(fd, (const struct sockaddr *)address,
				   sizeof(*address));
}

struct error *listen_locally(const char *path, int *ret)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
						SOCK_NONBLOCK, 0);

	if (fd < 0)
		return error_from_errno(errno, "make a socket");
	if (strlen(path) >= sizeof(address.sun_path))
		return error_create(ERROR_USAGE, "the name of socket '%s' is "
				    "longer than %zu bytes", path,
				    sizeof(address.sun_path) - 1);
	strcpy(address.sun_path, path);
	if (somebody_listens(&address))
		return error_create(ERROR_BUSY, "somebody listens at '%s'",
				    path);
	unlink(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    chmod(path, 0666) || listen(fd, BACKLOG))
		return error_from_errno(errno, "listen at '%s'", path);
	*ret = take_fd(&fd);
	return NULL;
}
