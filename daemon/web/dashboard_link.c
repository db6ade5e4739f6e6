// SPDX-License-Identifier: Apache-2.0
#include "daemon/web/dashboard_link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

static char *path_of(const char *database)
{
	char *path;

	return asprintf(&path, "%s.web", database) < 0 ? NULL : path;
}

void dashboard_link(const char *address, uint16_t port, const char *token,
		    char ret[DASHBOARD_LINK_MAX])
{
	bool six = strchr(address, ':') != NULL;

	snprintf(ret, DASHBOARD_LINK_MAX, "http://%s%s%s:%u/%s%s",
		 six ? "[" : "", address, six ? "]" : "", port,
		 token ? "#token=" : "", token ? token : "");
}

// What lay there was ours, or is a trap: it is not written into.
struct error *dashboard_link_write(const char *database, const char *link)
{
	_cleanup_free_ char *path = path_of(database);
	_cleanup_close_ int fd = -1;

	if (!path)
		return &error_nomem;
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	if (fd < 0 || dprintf(fd, "%s\n", link) < 0)
		return error_from_errno(errno, "write '%s'", path);
	return NULL;
}

void dashboard_link_remove(const char *database)
{
	_cleanup_free_ char *path = path_of(database);

	if (path)
		unlink(path);
}

struct error *dashboard_link_read(const char *database,
				  char ret[DASHBOARD_LINK_MAX])
{
	_cleanup_free_ char *path = path_of(database);
	_cleanup_close_ int fd = -1;
	ssize_t size;

	if (!path)
		return &error_nomem;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return error_create(ERROR_NOT_FOUND, "no daemon serves '%s'; "
				    "`brindle serve` does", database);
	size = fd < 0 ? -1 : read(fd, ret, DASHBOARD_LINK_MAX - 1);
	if (size < 0)
		return error_from_errno(errno, "read '%s', which its owner "
					"can, and root", path);
	ret[size] = 0;
	ret[strcspn(ret, "\n")] = 0;
	if (strncmp(ret, "http://", 7) != 0)
		return error_create(ERROR_BAD_DATA, "'%s' has no address in "
				    "it", path);
	return NULL;
}
