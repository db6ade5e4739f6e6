/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real interpreters on this machine, for tests that compare what we read
 * with what CPython says of itself. BRINDLE_TEST_PYTHONS, a list of paths with
 * colons, replaces the usual places.
 */
#ifndef BRINDLE_TESTS_UNWIND_PYTHON_INTERPRETER_H
#define BRINDLE_TESTS_UNWIND_PYTHON_INTERPRETER_H

#include <glob.h>
#include <stdio.h>
#include <sys/types.h>

struct interpreters {
	glob_t found;
};

/** Paths of interpreters of supported versions; there may be none. */
void interpreters_init(struct interpreters *interpreters);
void interpreters_deinit(struct interpreters *interpreters);

/** A running script of tests/unwind/python/, until its stdin is closed. */
struct interpreter {
	pid_t pid;
	FILE *input, *output; /* its stdin and stdout */
};

void interpreter_start(struct interpreter *interpreter, const char *path,
		       const char *script);

/** Closes both ends and waits. Fails the test on another exit than 0. */
void interpreter_stop(struct interpreter *interpreter);

/** The path of a file of tests/unwind/python/. */
void interpreter_file(const char *name, char *ret, size_t size);

/** What is in it; owned by the caller. */
char *interpreter_program(const char *name);

#endif
