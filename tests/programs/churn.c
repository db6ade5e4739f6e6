/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts short-lived programs at a rate, each in turn, and reaps them.
 *
 *     churn RATE SECONDS MICROSECONDS LOG PROGRAM...
 *
 * Each is run as PROGRAM MICROSECONDS LOG. Prints how many it started, and how
 * many a second.
 */
#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

enum { RUNNING_MAX = 64 };

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void wait_until(uint64_t ns)
{
	struct timespec until = { (time_t)(ns / 1000000000u),
				  (long)(ns % 1000000000u) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) ==
	       EINTR)
		;
}

static long reap(long running, long most)
{
	while (running > most && waitpid(-1, NULL, 0) > 0)
		running--;
	while (running && waitpid(-1, NULL, WNOHANG) > 0)
		running--;
	return running;
}

int main(int argc, char **argv)
{
	double rate = argc > 5 ? strtod(argv[1], NULL) : 0;
	uint64_t length = argc > 5 ? strtoull(argv[2], NULL, 10) * 1000000000u :
				     0;
	uint64_t start = now_ns(), next;
	char *const environment[] = { NULL };
	long running = 0, count = 0;

	if (rate <= 0)
		return 2;
	while ((next = (uint64_t)((double)count * 1e9 / rate)) < length) {
		char *program = argv[5 + count % (argc - 5)];
		char *arguments[] = { program, argv[3], argv[4], NULL };
		pid_t pid;

		wait_until(start + next);
		if (now_ns() - start > length)
			break;
		if (posix_spawn(&pid, program, NULL, NULL, arguments,
				environment))
			return 1;
		count++;
		running = reap(running + 1, RUNNING_MAX);
	}
	reap(running, 0);
	printf("%ld %.0f\n", count,
	       (double)count * 1e9 / (double)(now_ns() - start));
	return 0;
}
