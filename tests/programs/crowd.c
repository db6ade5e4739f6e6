/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many processes, or many threads of one, that do nothing: until standard input
 * ends.
 *
 *     crowd processes|threads COUNT
 *
 * Prints "ready" when they are all there, and its pid.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK_BYTES = 16 << 10 };

static void sleep_for_ever(void)
{
	for (;;)
		pause();
}

static void *thread_main(void *argument)
{
	(void)argument;
	sleep_for_ever();
	return NULL;
}

static int start_threads(long count)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	for (long i = 0; i < count; i++)
		if (pthread_create(&thread, &attributes, thread_main, NULL))
			return 0;
	return 1;
}

static int start_processes(long count)
{
	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 0;
		if (pid)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sleep_for_ever();
	}
	return 1;
}

int main(int argc, char **argv)
{
	long count = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	int threads = argc > 1 && !strcmp(argv[1], "threads");
	char byte;

	if (count < 1)
		return 2;
	if (!(threads ? start_threads(count) : start_processes(count))) {
		perror("crowd");
		return 1;
	}
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
