// SPDX-License-Identifier: Apache-2.0
#include "tests/daemon/perf/perf_child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct child child_start(child_fn body)
{
	struct child child;
	int ends[2];
	char byte;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	child.pid = fork();
	if (child.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_DUMPABLE, 1);
		close(ends[1]);
		if (read(ends[0], &byte, 1) == 1)
			body(ends[0]);
		_exit(0);
	}
	close(ends[0]);
	child.go = ends[1];
	return child;
}

void child_go(const struct child *child)
{
	assert_int_equal(write(child->go, "", 1), 1);
}

void child_wait(const struct child *child)
{
	int status;

	waitpid(child->pid, &status, 0);
	close(child->go);
}

void child_end(const struct child *child)
{
	kill(child->pid, SIGKILL);
	child_wait(child);
}

void child_spin(int go)
{
	(void)go;
	for (volatile unsigned long turns = 0;; turns++)
		continue;
}

void child_fork_and_spin(int go)
{
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		child_spin(go);
	}
	for (;;)
		pause();
}

static void *idle(void *argument)
{
	for (;;)
		pause();
	return argument;
}

// Two threads, and then mappings made by one of them.
void child_map_code(int go)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	pthread_t other;
	char byte;

	pthread_create(&other, NULL, idle, NULL);
	if (read(go, &byte, 1) != 1)
		return;
	for (unsigned int i = 0; i < CHILD_MAPPINGS; i++)
		mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	for (;;)
		pause();
}

void child_exec_true(int go)
{
	(void)go;
	execl("/bin/true", "true", (char *)NULL);
}

// The next one of the CPUs in SET, after CPU.
static int next_cpu(int cpu, const cpu_set_t *set)
{
	do
		cpu = (cpu + 1) % CPU_SETSIZE;
	while (!CPU_ISSET(cpu, set));
	return cpu;
}

static void pin_to(pid_t pid, int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(pid, sizeof(one), &one);
}

void child_hold(const struct child *child)
{
	cpu_set_t ours;

	sched_getaffinity(0, sizeof(ours), &ours);
	pin_to(child->pid, next_cpu(-1, &ours));
}

// Round the parent's CPUs, for itself it has been held on the first of them.
void child_move(int go)
{
	cpu_set_t ours;
	int cpu;

	(void)go;
	sched_getaffinity(getppid(), sizeof(ours), &ours);
	cpu = next_cpu(-1, &ours);
	for (int i = 0; i < CHILD_MOVES; i++) {
		cpu = next_cpu(cpu, &ours);
		pin_to(0, cpu);
	}
}
