/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left of a process that a signal has ended while one of its threads
 * reads memory that never comes, as of a file whose FUSE server stays silent.
 * The kernel ends such a thread with its read, and the process with its last
 * thread: nobody is told before, and its descriptors stay open, with the locks
 * on them. But none of its instructions will run again.
 */
#ifndef BRINDLE_DAEMON_BROKER_REMAINS_H
#define BRINDLE_DAEMON_BROKER_REMAINS_H

#include <stdbool.h>
#include <sys/types.h>

/** Whether that is all there is of process @pid: each thread of it has ended,
 *  or is killed and in a read, never in a write. *@ret: its wait status; NULL:
 *  not wanted. Needs leave to trace it. */
bool remains_hang_in_reads(pid_t pid, int *ret);

#endif
