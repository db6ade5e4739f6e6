// SPDX-License-Identifier: Apache-2.0
#include "schema/store/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schema/profile_file.h"

enum {
	// Where another one writes it, that is said so much later.
	WAIT_MS = 500,
	TRY_MS = 5,
};

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

static struct error *busy(pid_t holder)
{
	if (!holder)
		return error_create(ERROR_BUSY,
				    "another process is writing it");
	return error_create(ERROR_BUSY, "process %d is writing it",
			    (int)holder);
}

// Another one may have been put in its place before it was locked.
static bool is_at(int fd, const char *path)
{
	struct stat one, other;

	return fstat(fd, &one) == 0 && lstat(path, &other) == 0 &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static int open_file(const char *path, int flags)
{
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags,
		    0644);
}

// *@ret_holder: who has it, when another has. Closed on error.
static struct error *lock_file(const char *path, int flags, int *ret,
			       pid_t *ret_holder)
{
	_cleanup_close_ int fd = open_file(path, flags);
	struct error *error;
	struct flock lock;

	*ret_holder = 0;
	if (fd < 0)
		return error_from_errno(errno, "open '%s'", path);
	if (try_lock(fd, F_OFD_SETLK, &lock) < 0) {
		if (errno != EAGAIN && errno != EACCES)
			return error_from_errno(errno, "lock '%s'", path);
		*ret_holder = read_pid(fd);
		return busy(*ret_holder);
	}
	if (!is_at(fd, path))
		return busy(0);
	error = write_pid(fd, path);
	if (!error)
		*ret = take_fd(&fd);
	return error;
}

// One at a time: else the second would remove what the first has just made.
static struct error *replace_file(const char *path, pid_t ended, int *ret)
{
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_close_ int folder = -1;
	struct error *error;
	pid_t holder;

	if (!copy)
		return &error_nomem;
	folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || flock(folder, LOCK_EX) < 0)
		return error_from_errno(errno, "lock the folder of '%s'", path);
	error = lock_file(path, 0, ret, &holder);
	if (!error || holder != ended)
		return error;
	error_destroy(error);
	if (unlink(path) < 0)
		return error_from_errno(errno, "remove '%s'", path);
	return lock_file(path, O_EXCL, ret, &holder);
}

// Who was killed has it until the kernel is done with him.
static struct error *lock_file_soon(const char *path, pid_t ended, int *ret,
				    pid_t *ret_holder)
{
	struct error *error = lock_file(path, 0, ret, ret_holder);

	for (int ms = 0; ms < WAIT_MS && error && *ret_holder &&
			 *ret_holder != ended;
	     ms += TRY_MS) {
		error_destroy(error);
		poll(NULL, 0, TRY_MS);
		error = lock_file(path, 0, ret, ret_holder);
	}
	return error;
}

struct error *store_lock_take(const char *path, pid_t ended, int *ret,
			      bool *ret_existed)
{
	_cleanup_free_ char *lock_path = profile_file_beside(path, ".lock");
	struct error *error;
	bool existed;
	pid_t holder;

	if (!lock_path)
		return &error_nomem;
	existed = access(lock_path, F_OK) == 0;
	error = lock_file_soon(lock_path, ended, ret, &holder);
	if (error && ended && holder == ended) {
		error_destroy(error);
		error = replace_file(lock_path, ended, ret);
	}
	if (error)
		return error;
	*ret_existed = existed;
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
