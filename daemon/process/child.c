// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int look_at(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return errno;
	if (!S_ISREG(status.st_mode) ||
	    faccessat(AT_FDCWD, path, X_OK, AT_EACCESS))
		return EACCES;
	return 0;
}

// As execvp(3): an empty folder is this one, and what may not be run is passed
// over, but remembered.
int child_find(const char *name)
{
	const char *folders = getenv("PATH");
	int why = ENOENT;

	if (!*name || strchr(name, '/'))
		return *name ? look_at(name) : ENOENT;
	if (!folders)
		folders = "/bin:/usr/bin";
	for (;;) {
		size_t length = strcspn(folders, ":");
		char path[PATH_MAX];
		int size = snprintf(path, sizeof(path), "%.*s%s%s", (int)length,
				    folders, length ? "/" : "", name);
		int found = size < PATH_MAX ? look_at(path) : ENAMETOOLONG;

		if (!found)
			return 0;
		if (found == EACCES)
			why = EACCES;
		if (!folders[length])
			return why;
		folders += length + 1;
	}
}

static _Noreturn void run(char **argv, const sigset_t *mask, int go_fd,
			  int failed_fd)
{
	char go;
	int why;

	// The parent is gone without a word: nothing is to be run.
	if (read(go_fd, &go, 1) != 1)
		_exit(1);
	sigprocmask(SIG_SETMASK, mask, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	execvp(argv[0], argv);
	why = errno;
	if (write(failed_fd, &why, sizeof(why)) < 0)
		_exit(126);
	_exit(why == ENOENT ? 127 : 126);
}

struct error *child_create(char **argv, const sigset_t *mask,
			   struct child *ret)
{
	int go[2], failed[2];
	pid_t pid;

	if (pipe2(go, O_CLOEXEC))
		return error_from_errno(errno, "make a pipe");
	if (pipe2(failed, O_CLOEXEC)) {
		close(go[0]);
		close(go[1]);
		return error_from_errno(errno, "make a pipe");
	}
	pid = fork();
	if (!pid) {
		close(go[1]);
		run(argv, mask, go[0], failed[1]);
	}
	// Where SIGCHLD is ignored, which is inherited, a status would be
	// thrown away. The command keeps what it was given.
	signal(SIGCHLD, SIG_DFL);
	close(go[0]);
	close(failed[1]);
	*ret = (struct child){ .pid = pid,
			       .go_fd = go[1],
			       .failed_fd = failed[0] };
	if (pid < 0) {
		ret->reaped = true;
		return error_from_errno(errno, "start the command");
	}
	return NULL;
}

struct error *child_release(struct child *child, int *ret_errno)
{
	ssize_t size;

	*ret_errno = 0;
	if (write(child->go_fd, "g", 1) != 1)
		return error_from_errno(errno, "start the command");
	do
		size = read(child->failed_fd, ret_errno, sizeof(*ret_errno));
	while (size < 0 && errno == EINTR);
	return NULL;
}

bool child_wait(struct child *child, bool block)
{
	pid_t pid;

	if (child->reaped)
		return true;
	do
		pid = waitpid(child->pid, &child->status, block ? 0 : WNOHANG);
	while (pid < 0 && errno == EINTR);
	// Somebody else has waited for it: it has ended, nobody knows how.
	if (pid < 0)
		child->status = 0;
	child->reaped = pid != 0;
	return child->reaped;
}

int child_exit_status(const struct child *child)
{
	if (WIFSIGNALED(child->status))
		return 128 + WTERMSIG(child->status);
	return WEXITSTATUS(child->status);
}

void child_deinit(struct child *child)
{
	if (child->go_fd >= 0)
		close(child->go_fd);
	if (child->failed_fd >= 0)
		close(child->failed_fd);
	child->go_fd = child->failed_fd = -1;
}
