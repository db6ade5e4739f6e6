/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real interpreter that runs a small program up to a known point and blocks
 * there, so that its threads stand as still as a frozen one. The program calls
 * stop(), which prints where the interpreter lives and how deep each thread's
 * stack is, and sleeps.
 */
#ifndef BRINDLE_TESTS_UNWIND_PYTHON_LIVE_PYTHON_H
#define BRINDLE_TESTS_UNWIND_PYTHON_LIVE_PYTHON_H

#include "unwind/live_memory.h"
#include "unwind/memory.h"

#include <stdio.h>
#include <sys/types.h>

enum { LIVE_PYTHON_THREADS = 16 };

struct live_thread {
	uint32_t tid;
	unsigned int frames; /* Python frames, as the interpreter counts them */
};

struct live_python {
	pid_t pid;
	FILE *output;
	int mem_fd;
	unsigned int version; /* 311 */
	uint64_t runtime;
	uint64_t code_type;
	struct live_thread thread[LIVE_PYTHON_THREADS];
	unsigned int thread_count;
};

/** Interpreter @index to be tested, or NULL past the last. */
const char *live_python_path(unsigned int index);

/** Runs @program in @path until it has stopped. False: no such interpreter. */
bool live_python_start(const char *path, const char *program,
		       struct live_python *ret);
void live_python_stop(struct live_python *python);

/**
 * The live stack of @tid from its stack pointer on, up to @limit bytes, into
 * @bytes, as a memory of one segment. False: not blocked in a system call.
 */
bool live_python_stack(const struct live_python *python, uint32_t tid,
		       uint8_t *bytes, size_t limit, struct memory *ret);

#endif
