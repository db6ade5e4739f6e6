// SPDX-License-Identifier: Apache-2.0
#include "schema/store/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "schema/profile_file.h"

static int try_lock(int fd, int command, struct flock *lock)
{
	*lock = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
	return fcntl(fd, command, lock);
}

// Like "1234\n". Anything else is nobody's: 0.
static pid_t read_pid(int fd)
{
	char text[16];
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
	long pid;
	char *end;

	if (got <= 0)
		return 0;
	text[got] = '\0';
	pid = strtol(text, &end, 10);
	return pid > 0 && *end == '\n' ? (pid_t)pid : 0;
}

static struct error *write_pid(int fd, const char *path)
{
	char text[16];
	int size = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	// A full disk does not keep anybody from recording: the pid is for
	// people.
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)size, 0) < 0) {
		if (errno != ENOSPC && errno != EDQUOT && errno != EFBIG)
			return error_from_errno(errno, "write '%s'", path);
	}
	return NULL;
}

static struct error *lock_file(int fd, const char *path)
{
	struct flock lock;
	pid_t holder;

	if (try_lock(fd, F_OFD_SETLK, &lock) == 0)
		return write_pid(fd, path);
	if (errno != EAGAIN && errno != EACCES)
		return error_from_errno(errno, "lock '%s'", path);
	holder = read_pid(fd);
	if (!holder)
		return error_create(ERROR_BUSY,
				    "another process is writing it");
	return error_create(ERROR_BUSY, "process %d is writing it",
			    (int)holder);
}

struct error *store_lock_take(const char *path, int *ret, bool *ret_existed)
{
	_cleanup_free_ char *lock_path = profile_file_beside(path, ".lock");
	_cleanup_close_ int fd = -1;
	struct error *error;
	bool existed;

	if (!lock_path)
		return &error_nomem;
	existed = access(lock_path, F_OK) == 0;
	fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return error_from_errno(errno, "open '%s'", lock_path);
	error = lock_file(fd, lock_path);
	if (error)
		return error;
	*ret_existed = existed;
	*ret = take_fd(&fd);
	return NULL;
}

struct error *store_lock_holder(const char *path, pid_t *ret)
{
	_cleanup_free_ char *lock_path = profile_file_beside(path, ".lock");
	_cleanup_close_ int fd = -1;
	struct flock lock;

	if (!lock_path)
		return &error_nomem;
	fd = open(lock_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT) {
		*ret = 0;
		return NULL;
	}
	if (fd < 0)
		return error_from_errno(errno, "open '%s'", lock_path);
	if (try_lock(fd, F_OFD_GETLK, &lock) < 0)
		return error_from_errno(errno, "look at '%s'", lock_path);
	*ret = lock.l_type == F_UNLCK ? 0 : read_pid(fd);
	return NULL;
}
