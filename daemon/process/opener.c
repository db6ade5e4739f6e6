// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/opener.h"

#include "unwind/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

/* 65,530 mappings is the kernel's default limit; long paths, some more. */
enum { MAPS_BYTES_MAX = 64 << 20, MAPS_BYTES_FIRST = 64 << 10 };

struct error *opener_memory(pid_t pid, int *ret_fd)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return error_from_errno(errno, "open '%s'", path);
	*ret_fd = fd;
	return NULL;
}

static bool make_room(char **text, size_t *room)
{
	size_t wanted = *room ? *room * 2 : MAPS_BYTES_FIRST;
	char *grown = wanted <= MAPS_BYTES_MAX ? realloc(*text, wanted) : NULL;

	if (!grown)
		return false;
	*text = grown;
	*room = wanted;
	return true;
}

struct error *opener_maps(pid_t pid, char **ret_text, size_t *ret_size)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *text = NULL;
	size_t room = 0, size = 0;
	ssize_t got;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return error_from_errno(errno, "open '%s'", path);
	for (;;) {
		if (size == room && !make_room(&text, &room))
			return &error_nomem;
		got = read(fd, text + size, room - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_from_errno(errno, "read '%s'", path);
		if (!got)
			break;
		size += (size_t)got;
	}
	*ret_text = take_ptr(text);
	*ret_size = size;
	return NULL;
}

/** O_PATH handle of the very file of the mapping. Needs CAP_SYS_ADMIN or
 *  CAP_CHECKPOINT_RESTORE (Linux 5.9 commit 12886f8ab10c). */
static int open_map_file(pid_t pid, const struct opener_mapping *mapping)
{
	char path[96];

	snprintf(path, sizeof(path),
		 "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)pid,
		 mapping->start, mapping->end);
	return open(path, O_PATH | O_CLOEXEC);
}

/** The root that the process sees, or ours when it is gone: what it had mapped
 *  is mostly still there, and the caller looks whether it is the same file. */
static int open_root(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/** O_PATH handle by name, inside the process's own root: links, also absolute
 *  ones, cannot lead out of it. */
static int open_in_root(pid_t pid, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	_cleanup_close_ int root = -1;

	if (path[0] != '/') {
		errno = ENOENT;
		return -1;
	}
	root = open_root(pid);
	if (root < 0)
		return -1;
	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/*
 * btrfs and overlayfs report another device to stat() than to /proc/PID/maps,
 * both with major number 0. So devices are compared only where both are real.
 */
static bool is_same_file(const struct opener_mapping *mapping,
			 const struct stat *st)
{
	if (!mapping->inode)
		return true;
	if (st->st_ino != mapping->inode)
		return false;
	if (!major(st->st_dev) || !mapping->dev_major)
		return true;
	return major(st->st_dev) == mapping->dev_major &&
	       minor(st->st_dev) == mapping->dev_minor;
}

static struct error *open_checked(int path_fd, pid_t pid,
				  const struct opener_mapping *mapping,
				  int *ret_fd)
{
	_cleanup_close_ int fd = -1;
	struct error *error;
	struct stat st;

	error = regular_file_reopen(path_fd, pid, mapping->path, &st, &fd);
	if (error)
		return error;
	if (!is_same_file(mapping, &st))
		return error_create(ERROR_NOT_FOUND,
				    "'%s' is another file now", mapping->path);
	*ret_fd = take_fd(&fd);
	return NULL;
}

struct error *opener_mapped_file(pid_t pid,
				 const struct opener_mapping *mapping,
				 int *ret_fd)
{
	_cleanup_error_ struct error *first = NULL;
	_cleanup_close_ int path_fd = open_map_file(pid, mapping);

	if (path_fd >= 0) {
		first = open_checked(path_fd, pid, mapping, ret_fd);
		if (!first)
			return NULL;
		close(path_fd);
	}
	// By path as well: the mapping may have been split since, or gone.
	path_fd = open_in_root(pid, mapping->path);
	if (path_fd >= 0)
		return open_checked(path_fd, pid, mapping, ret_fd);
	if (first)
		return take_ptr(first);
	return error_from_errno(errno, "open '%s' of process %d",
				mapping->path, (int)pid);
}
