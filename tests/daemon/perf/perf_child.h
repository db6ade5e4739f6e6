/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For live tests: a child process that waits until it is told to, and then does
 * one thing that events can see.
 */
#ifndef BRINDLE_TESTS_DAEMON_PERF_PERF_CHILD_H
#define BRINDLE_TESTS_DAEMON_PERF_PERF_CHILD_H

#include <sys/types.h>

enum { CHILD_MAPPINGS = 20, CHILD_MOVES = 1000 };

struct child {
	pid_t pid;
	int go; /* write end of the pipe it waits on */
};

/** @go becomes readable at each further child_go(). */
typedef void (*child_fn)(int go);

/** Forks; @body runs at the first child_go(). */
struct child child_start(child_fn body);
void child_go(const struct child *child);
void child_wait(const struct child *child);
/** On the first of our CPUs, until it goes elsewhere by itself. */
void child_hold(const struct child *child);
/** Kills it, and waits. */
void child_end(const struct child *child);

void child_spin(int go);
/** A child of the child spins; the child sleeps. */
void child_fork_and_spin(int go);
/** Starts a thread; at the next child_go() maps CHILD_MAPPINGS pieces of code. */
void child_map_code(int go);
void child_exec_true(int go);
/** Goes to another CPU CHILD_MOVES times, where there are two. For a child that
 *  is held: where else it is woken, and went from there, would count as well. */
void child_move(int go);

#endif
