// SPDX-License-Identifier: Apache-2.0
#include "tests/unwind/python/live_python.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INTERPRETERS = 4, WAIT_STEPS = 2000 };

// Only what blocks inside of stop() is on the stacks below it.
static const char prelude[] =
	"import ctypes, os, sys, threading, time\n"
	"sys.setrecursionlimit(100000)\n"
	"def depth(f):\n"
	"    n = 0\n"
	"    while f: n, f = n + 1, f.f_back\n"
	"    return n\n"
	"def stop():\n"
	"    version = '%d%02d' % sys.version_info[:2]\n"
	"    runtime = ctypes.addressof(ctypes.c_char.in_dll(\n"
	"        ctypes.pythonapi, '_PyRuntime'))\n"
	"    frames = sys._current_frames()\n"
	"    line = [version, runtime, id(type(stop.__code__))]\n"
	"    for t in threading.enumerate():\n"
	"        line += [t.native_id, depth(frames[t.ident])]\n"
	"    frames = t = None\n"
	"    print(*line, flush=True)\n"
	"    time.sleep(1000)\n";

const char *live_python_path(unsigned int index)
{
	static const char *const pyenv[] = { "3.11.7", "3.12.1", "3.13.0" };
	static char paths[INTERPRETERS][256];
	const char *home = getenv("HOME");

	if (index >= INTERPRETERS)
		return NULL;
	if (index == INTERPRETERS - 1)
		return "/usr/bin/python3.11";
	snprintf(paths[index], sizeof(paths[index]),
		 "%s/.pyenv/versions/%s/bin/python3", home ? home : "",
		 pyenv[index]);
	return paths[index];
}

static void run(const char *path, const char *program, int output)
{
	size_t size = sizeof(prelude) + strlen(program);
	char *text = malloc(size);

	if (!text)
		_exit(127);
	snprintf(text, size, "%s%s", prelude, program);
	dup2(output, STDOUT_FILENO);
	execl(path, path, "-I", "-S", "-c", text, (char *)NULL);
	_exit(127);
}

// "311 94871 94872 1234 3 1235 7": version, runtime, code type, then threads.
static bool parse(struct live_python *python, char *line)
{
	char *next = line;

	python->version = (unsigned int)strtoul(next, &next, 10);
	python->runtime = strtoull(next, &next, 10);
	python->code_type = strtoull(next, &next, 10);
	while (*next == ' ' && python->thread_count < LIVE_PYTHON_THREADS) {
		struct live_thread *thread =
			&python->thread[python->thread_count++];

		thread->tid = (uint32_t)strtoul(next, &next, 10);
		thread->frames = (unsigned int)strtoul(next, &next, 10);
	}
	return python->thread_count > 0;
}

// The stack pointer of a thread that blocks in a system call; 0: it runs.
static uint64_t blocked_sp(const struct live_python *python, uint32_t tid)
{
	char path[64], line[256] = "";
	char *field = line;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%u/syscall", python->pid,
		 tid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (!fgets(line, sizeof(line), file))
		line[0] = 0;
	fclose(file);
	// "230 0x1 0x1 0x7f.. 0x0 0x0 0x0 <sp> <pc>", or "running".
	for (unsigned int i = 0; field && i < 7; i++) {
		field = strchr(field, ' ');
		field = field ? field + 1 : NULL;
	}
	return field ? strtoull(field, NULL, 16) : 0;
}

// The line comes a moment before the sleep.
static bool wait_blocked(const struct live_python *python)
{
	for (unsigned int i = 0; i < WAIT_STEPS; i++) {
		bool all = true;

		for (unsigned int k = 0; k < python->thread_count; k++)
			all &= blocked_sp(python, python->thread[k].tid) != 0;
		if (all)
			return true;
		usleep(1000);
	}
	return false;
}

bool live_python_start(const char *path, const char *program,
		       struct live_python *ret)
{
	struct live_python python = { .mem_fd = -1 };
	char line[4096], mem[64];
	int fds[2];

	if (access(path, X_OK) || pipe(fds))
		return false;
	python.pid = fork();
	if (!python.pid)
		run(path, program, fds[1]);
	close(fds[1]);
	python.output = fdopen(fds[0], "r");
	snprintf(mem, sizeof(mem), "/proc/%d/mem", python.pid);
	if (python.pid < 0 || !python.output ||
	    !fgets(line, sizeof(line), python.output) ||
	    !parse(&python, line) || !wait_blocked(&python)) {
		live_python_stop(&python);
		return false;
	}
	python.mem_fd = open(mem, O_RDONLY | O_CLOEXEC);
	*ret = python;
	return python.mem_fd >= 0;
}

void live_python_stop(struct live_python *python)
{
	if (python->pid > 0) {
		kill(python->pid, SIGKILL);
		waitpid(python->pid, NULL, 0);
	}
	if (python->output)
		fclose(python->output);
	if (python->mem_fd >= 0)
		close(python->mem_fd);
}

bool live_python_stack(const struct live_python *python, uint32_t tid,
		       uint8_t *bytes, size_t limit, struct memory *ret)
{
	uint64_t sp = blocked_sp(python, tid);
	ssize_t got;

	memset(ret, 0, sizeof(*ret));
	if (!sp)
		return false;
	got = pread(python->mem_fd, bytes, limit, (off_t)sp);
	if (got <= 0)
		return false;
	ret->segment[0] = (struct memory_segment){ sp, (uint64_t)got, bytes };
	ret->segment_count = 1;
	return true;
}
