/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command that `record -- CMD` runs: made first, held until the events
 * stand on it, then let go to exec, so that its whole life is recorded.
 */
#ifndef BRINDLE_DAEMON_PROCESS_CHILD_H
#define BRINDLE_DAEMON_PROCESS_CHILD_H

#include "base/error.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct child {
	pid_t pid;
	int go_fd;     /* owned; closing it unwritten makes the child give up */
	int failed_fd; /* owned; tells why exec failed */
	bool reaped;
	int status;    /* of waitpid(2), once reaped */
};

/** Whether there is a program @name that execvp(3) would run: 0 or why not, as
 *  an errno. What is in it shows only when it is run. */
int child_find(const char *name);

/** Makes the process; it waits. @mask is the signal mask for the command. */
struct error *child_create(char **argv, const sigset_t *mask,
			   struct child *ret);

/** Lets it exec and returns when it has; *ret_errno is 0 or why it failed. */
struct error *child_release(struct child *child, int *ret_errno);

/** Waits for its end, or looks only. True: it has ended. */
bool child_wait(struct child *child, bool block);

/** As a shell has it: the exit status, or 128 + signal. */
int child_exit_status(const struct child *child);

void child_deinit(struct child *child);

#endif
