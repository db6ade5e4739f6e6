// SPDX-License-Identifier: Apache-2.0
/*
 * Two processes on one CPU that hand a byte to and fro through pipes and do
 * nothing else: the most context switches that a CPU makes, counted where
 * another process can read them.
 *
 * usage: ping_pong COUNTER_FILE [CPU]
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static uint64_t *open_counter(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	void *counter;

	if (fd < 0 || ftruncate(fd, sizeof(uint64_t)) < 0)
		return NULL;
	counter = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE,
		       MAP_SHARED, fd, 0);
	close(fd);
	return counter == MAP_FAILED ? NULL : counter;
}

static void pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void pass_on(int from, int to, uint64_t *counter)
{
	char ball;

	while (read(from, &ball, 1) == 1 && write(to, &ball, 1) == 1)
		if (counter)
			__atomic_add_fetch(counter, 2, __ATOMIC_RELAXED);
}

int main(int argc, char **argv)
{
	uint64_t *counter = argc > 1 ? open_counter(argv[1]) : NULL;
	int there[2], back[2];
	pid_t child;

	if (!counter || pipe(there) < 0 || pipe(back) < 0) {
		fprintf(stderr, "usage: ping_pong COUNTER_FILE [CPU]\n");
		return 2;
	}
	pin_to(argc > 2 ? atoi(argv[2]) : 0);
	child = fork();
	if (child < 0)
		return 1;
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pass_on(there[0], back[1], NULL);
		_exit(0);
	}
	if (write(there[1], "", 1) == 1)
		pass_on(back[0], there[1], counter);
	return 0;
}
