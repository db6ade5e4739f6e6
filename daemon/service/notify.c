// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/notify.h"

#include "base/cleanup.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -1;
	socklen_t size;

	if (!path || (*path != '/' && *path != '@') ||
	    strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path));
	if (*path == '@')
		address.sun_path[0] = 0;
	size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			   strlen(path));
	unsetenv("NOTIFY_SOCKET");
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, size) < 0)
		return -1;
	return take_fd(&fd);
}

void notify_send(int fd, const char *state)
{
	if (fd >= 0)
		send(fd, state, strlen(state), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void notify_format(int fd, const char *format, ...)
{
	char state[512];
	va_list arguments;

	if (fd < 0)
		return;
	va_start(arguments, format);
	vsnprintf(state, sizeof(state), format, arguments);
	va_end(arguments);
	notify_send(fd, state);
}

uint64_t notify_watchdog_ns(void)
{
	const char *text = getenv("WATCHDOG_USEC");
	unsigned long long us = text ? strtoull(text, NULL, 10) : 0;

	return us <= UINT64_MAX / 1000 ? us * 1000 / 2 : 0;
}
