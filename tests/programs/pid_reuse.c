/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts one program after another under one and the same pid, as root: the
 * reuse that else takes 32,768 processes.
 *
 *     pid_reuse COUNT PID MICROSECONDS LOG PROGRAM...
 *
 * Each is run as PROGRAM MICROSECONDS LOG. Prints how many there were.
 */
#include <linux/sched.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t fork_as(pid_t pid)
{
	struct clone_args args = { .exit_signal = SIGCHLD,
				   .set_tid = (uintptr_t)&pid,
				   .set_tid_size = 1 };

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

int main(int argc, char **argv)
{
	long count = argc > 5 ? strtol(argv[1], NULL, 10) : 0;
	pid_t pid = argc > 5 ? (pid_t)strtol(argv[2], NULL, 10) : 0;

	if (count < 1)
		return 2;
	for (long i = 0; i < count; i++) {
		char *program = argv[5 + i % (argc - 5)];
		char *arguments[] = { program, argv[3], argv[4], NULL };
		pid_t child = fork_as(pid);

		if (child < 0) {
			perror("clone3");
			return 1;
		}
		if (!child) {
			execv(program, arguments);
			_exit(126);
		}
		waitpid(child, NULL, 0);
	}
	printf("%ld\n", count);
	return 0;
}
